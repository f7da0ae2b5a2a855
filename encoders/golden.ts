// Golden vectors: what a tower must answer to inputs that are given by formula.
import { FusiondError } from "../fusion/model/errors.js";

/** What golden.json says. Shape: the vectors have the space's dimensions and unit length. */
export interface Golden {
  /** A vector passes if its cosine with the golden one is at least 1 - this. */
  readonly toleranceCosine: number;
  readonly image: readonly number[];
  readonly audio: readonly number[];
}

/** Checks golden.json. Errors: FusiondError "model_invalid". */
export function parseGolden(json: unknown, dimensions: number, path: string): Golden {
  const { tolerance_cosine: toleranceCosine, image, audio } = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof toleranceCosine !== "number" || !(toleranceCosine > 0 && toleranceCosine <= 0.01)) {
    throw new FusiondError("model_invalid", `${path}: tolerance_cosine must be a number above 0 and at most 0.01`);
  }
  if (!isVector(image, dimensions) || !isVector(audio, dimensions)) {
    throw new FusiondError("model_invalid", `${path}: image and audio must each be a list of ${dimensions} finite numbers`);
  }
  return { toleranceCosine, image, audio };
}

/** Whether a value is a list of so many finite numbers. */
export function isVector(value: unknown, dimensions: number): value is readonly number[] {
  return Array.isArray(value) && value.length === dimensions && value.every((x) => Number.isFinite(x));
}

/** The golden picture: diagonal ramps, another one in each channel. Shape: side x side x 3, uint8, RGB. */
export function goldenImage(side: number): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < 3; c++) pixels[(y * side + x) * 3 + c] = (x + y) * (c + 1) + c * 40;
    }
  }
  return pixels;
}

/** The golden sound: 880 Hz at half scale, switched on and off twice a second. */
export function goldenSound(samples: number, sampleRateHz: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, n) =>
    Math.sin((2 * Math.PI * 2 * n) / sampleRateHz) > 0 ? 0.5 * Math.sin((2 * Math.PI * 880 * n) / sampleRateHz) : 0,
  );
}
