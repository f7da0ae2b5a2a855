// The scan of a camera's picture: which squares of it are looked at in turn, and how long a whole scan takes. Pure.
import type { Region } from "./observation.js";

/** Most places of one camera. */
export const PLACES_MAX = 64;
/** Most places looked at with one frame: none carries so many that what moves has to wait. */
export const SCAN_LOOKS_MAX = 6;
/** A finished scan is told once for this many looks at most, ms. */
export const SCAN_TOLD_MS = 1000;

/**
 * Sides of the squares, as shares of the picture's shorter side (who is far away is small), and how far one is from the next,
 * as a share of their side: the first that leaves room within PLACES_MAX.
 */
const SIZES = [
  { share: 1, steps: [1 / 2, 2 / 3, 1] },
  { share: 1 / 2, steps: [2 / 3, 1] },
  { share: 1 / 3, steps: [1 / 2, 2 / 3, 1] },
] as const;

/** What a scan's length follows from. */
export interface ScanPace {
  /** Frames a second. */
  readonly fps: number;
  /** Looks a second; 0: no scan. */
  readonly scanRate: number;
  /** Places that are not wholly masked. */
  readonly places: number;
}

/**
 * The squares of a picture, in fractions of it: their index is the place. Neighbours follow one another, so that who stands
 * still is looked at several times in a row. Bound: PLACES_MAX, of a very long picture the largest squares only.
 */
export function scanPlaces(width: number, height: number): readonly Region[] {
  const places: Region[] = [];
  for (const { share, steps } of SIZES) {
    const side = share * Math.min(width, height);
    const grids = steps.map((step) => ({ columns: startsOf(width, side, step), rows: startsOf(height, side, step) }));
    const grid = grids.find(({ columns, rows }) => places.length + columns.length * rows.length <= PLACES_MAX);
    // Column by column, up and down in turn: people are higher than wide.
    for (const [i, x] of (grid?.columns ?? []).entries()) {
      const rows = grid?.rows ?? [];
      for (const y of i % 2 === 0 ? rows : [...rows].reverse()) places.push({ x: x / width, y: y / height, width: side / width, height: side / height });
    }
  }
  return places;
}

/** Where squares of a side start along a length, evenly, the last one at its end. */
function startsOf(length: number, side: number, step: number): readonly number[] {
  const gaps = Math.ceil((length - side) / (side * step) - 1e-9);
  return gaps <= 0 ? [0] : Array.from({ length: gaps + 1 }, (_, i) => (i * (length - side)) / gaps);
}

/** Looks with one frame, on average: what the rate asks for, as far as a frame may carry it. */
export function looksPerFrame({ fps, scanRate }: Omit<ScanPace, "places">): number {
  return Math.min(scanRate / fps, SCAN_LOOKS_MAX);
}

/**
 * The scan period, ms: every interval of this length holds one whole scan that was told, if the tower has time for every look.
 * Infinity: there is no scan.
 */
export function scanPeriodMs(pace: ScanPace): number {
  const perFrame = looksPerFrame(pace);
  if (!(perFrame > 0)) return Infinity;
  const frames = Math.ceil(pace.places / perFrame) + 1;
  const told = Math.max(SCAN_TOLD_MS, 1000 / Math.min(pace.fps, pace.scanRate));
  return Math.ceil((frames * 1000) / pace.fps + told);
}
