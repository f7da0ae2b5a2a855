// Boxes of movement become square regions. Pure arithmetic on pixels.
import type { Rect } from "./opencv.js";

/** How far a region reaches beyond what moved, as a share of its longer side. */
const PADDING = 0.15;

/** Joins boxes that overlap or lie within `gap` pixels, until none do. */
export function mergeBoxes(boxes: readonly Rect[], gap: number): Rect[] {
  const merged: Rect[] = [];
  for (const box of boxes) {
    let grown = box;
    for (let i = merged.findIndex((other) => near(grown, other, gap)); i >= 0; i = merged.findIndex((other) => near(grown, other, gap))) {
      grown = union(grown, merged[i] as Rect);
      merged.splice(i, 1);
    }
    merged.push(grown);
  }
  return merged;
}

/** The padded square around a box, moved inside a frame; no bigger than the frame's shorter side. Whole pixels. */
export function squareAround(box: Rect, frameWidth: number, frameHeight: number): Rect {
  const wanted = Math.round(Math.max(box.width, box.height) * (1 + PADDING));
  const side = Math.max(1, Math.min(wanted, frameWidth, frameHeight));
  return {
    x: clamp(Math.round(box.x + (box.width - side) / 2), 0, frameWidth - side),
    y: clamp(Math.round(box.y + (box.height - side) / 2), 0, frameHeight - side),
    width: side,
    height: side,
  };
}

/** A square grown `factor` times around its middle, moved inside a frame; no bigger than the frame's shorter side. Whole pixels. */
export function widened({ x, y, width }: Rect, factor: number, frameWidth: number, frameHeight: number): Rect {
  const side = Math.min(Math.round(width * factor), frameWidth, frameHeight);
  const inside = (from: number, most: number): number => clamp(Math.round(from + width / 2 - side / 2), 0, most - side);
  return { x: inside(x, frameWidth), y: inside(y, frameHeight), width: side, height: side };
}

/** Area of the intersection over area of the union, 0..1. */
export function overlap(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Pixels of a box. */
export function area({ width, height }: Rect): number {
  return width * height;
}

function near(a: Rect, b: Rect, gap: number): boolean {
  return (
    a.x <= b.x + b.width + gap && b.x <= a.x + a.width + gap && a.y <= b.y + b.height + gap && b.y <= a.y + a.height + gap
  );
}

/** The smallest box that holds both. */
export function union(a: Rect, b: Rect): Rect {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
