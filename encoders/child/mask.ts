// Privacy masks: polygons of a picture that are made black before anything looks at it.
import type { MaskPoint } from "../tower-spec.js";
import type { Rect } from "./opencv.js";

/** The bytes that the masks cover in frames of one size. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  /** Start and end offsets of runs, in pairs. */
  readonly runs: Uint32Array;
}

/** Turns polygons (corners in fractions, even-odd) into runs of bytes of an rgb24 frame. A pixel is in by its centre. Pure. */
export function rasterise(polygons: readonly (readonly MaskPoint[])[], width: number, height: number): Mask {
  const runs: number[] = [];
  for (const polygon of polygons) {
    for (let y = 0; y < height; y++) {
      const crossings = crossingsAt(polygon, (y + 0.5) / height);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const from = Math.max(0, Math.ceil((crossings[i] as number) * width - 0.5));
        const to = Math.min(width, Math.ceil((crossings[i + 1] as number) * width - 0.5));
        if (to > from) runs.push((y * width + from) * 3, (y * width + to) * 3);
      }
    }
  }
  return { width, height, runs: Uint32Array.from(runs) };
}

/** Makes the masked bytes of a frame black, in place. */
export function blacken(pixels: Uint8Array, { runs }: Mask): void {
  for (let i = 0; i < runs.length; i += 2) pixels.fill(0, runs[i], runs[i + 1]);
}

function crossingsAt(polygon: readonly MaskPoint[], y: number): number[] {
  const xs: number[] = [];
  for (const [i, [x1, y1]] of polygon.entries()) {
    const [x2, y2] = polygon[(i + 1) % polygon.length] as MaskPoint;
    if (y1 <= y !== y2 <= y) xs.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  }
  return xs.sort((a, b) => a - b);
}

/** Whether nothing of a part of the frame (whole pixels) is left to see. */
export function isWhollyMasked({ width, runs }: Mask, part: Rect): boolean {
  const hidden = new Uint8Array(part.width);
  for (let y = part.y; y < part.y + part.height; y++) {
    hidden.fill(0);
    for (let i = 0; i < runs.length; i += 2) {
      const [from, to] = [(runs[i] as number) / 3 - y * width - part.x, (runs[i + 1] as number) / 3 - y * width - part.x];
      if (from < part.width && to > 0) hidden.fill(1, Math.max(0, from), Math.min(part.width, to));
    }
    if (hidden.includes(0)) return false;
  }
  return true;
}
