// What a camera's place looks like when nobody has come: a small grey picture that learns slowly, and not where something is.
import type { Rect } from "./opencv.js";

/** A small grey picture. Shape: `height` rows of `width` bytes. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** How fast the place is learned, ms: a change of light is followed within a minute. */
const LEARNING_MS = 10_000;
/** Grey levels from which a point is another: several times a sensor's noise, which the small copy averages out. */
const OTHER_MIN = 18;
/** Share of a box that must be other for something to be there. */
const OTHER_SHARE_MIN = 0.08;
/** One point in so many tells how the light has changed; no divisor of usual widths, so that all columns are asked. */
const SAMPLED_EVERY = 7;
/** How far around where something was seen last its edges are looked for, as a share of that box, and how often. */
const GROWTH = 0.3;
const GROWTHS_MAX = 3;

/** The picture of one camera without what came. Deterministic. Bound: two small pictures. */
export class StillPlace {
  readonly #width: number;
  readonly #height: number;
  readonly #before: Float32Array;
  readonly #now: Uint8Array;
  #seenAt: number;
  #sinceMs = 0;
  /** Grey levels by which all is brighter than before: a camera that adapts to who comes is no change of the place. */
  #light = 0;

  /** Begins with what a frame shows. */
  constructor({ width, height, grey }: GreyPicture, capturedAt: number) {
    this.#width = width;
    this.#height = height;
    this.#before = Float32Array.from(grey);
    this.#now = Uint8Array.from(grey);
    this.#seenAt = capturedAt;
  }

  /** Takes what a frame shows; what was asked before is answered anew. */
  see({ grey }: GreyPicture, capturedAt: number): void {
    this.#now.set(grey);
    this.#light = this.#usualDifference();
    this.#sinceMs = Math.max(0, capturedAt - this.#seenAt);
    this.#seenAt = capturedAt;
  }

  /** Learns the frame that was seen; where something is (boxes in points of the small picture) only the change of light. */
  learn(occupied: readonly Rect[]): void {
    const [now, before] = [this.#now, this.#before];
    const share = 1 - Math.exp(-this.#sinceMs / LEARNING_MS);
    const hidden = new Uint8Array(now.length);
    for (const box of occupied) this.#each(grown(box), (at) => (hidden[at] = 1));
    let change = 0;
    let free = 0;
    for (let at = 0; at < now.length; at++) {
      if (hidden[at] === 1) continue;
      const step = share * ((now[at] as number) - (before[at] as number));
      before[at] = (before[at] as number) + step;
      change += step;
      free++;
    }
    if (free === 0 || free === now.length) return;
    const light = change / free;
    for (let at = 0; at < now.length; at++) if (hidden[at] === 1) before[at] = (before[at] as number) + light;
  }

  /** The box of what is there now and was not before, around where something was seen; undefined: it is as it was. */
  whatIsIn(box: Rect): Rect | undefined {
    let seed = box;
    for (let i = 0; i < GROWTHS_MAX; i++) {
      const found = this.#otherIn(grown(seed));
      if (found === undefined) return undefined;
      if (i === GROWTHS_MAX - 1 || within(found, grown(seed))) return found;
      seed = found;
    }
    return undefined;
  }

  /** Whether a box shows something that was not there before. */
  isOther(box: Rect): boolean {
    let other = 0;
    let all = 0;
    this.#each(box, (at) => {
      all++;
      if (this.#isOther(at)) other++;
    });
    return all > 0 && other >= OTHER_SHARE_MIN * all;
  }

  /** How much of the whole picture is other than before, 0..1. */
  otherShare(): number {
    return this.#now.reduce((count, _, at) => count + (this.#isOther(at) ? 1 : 0), 0) / this.#now.length;
  }

  /** What is in a box belongs to the place from now on. */
  settle(box: Rect): void {
    this.#each(box, (at) => (this.#before[at] = (this.#now[at] as number) - this.#light));
  }

  /** Rows and columns in which enough is other, from the first to the last. */
  #otherIn(box: Rect): Rect | undefined {
    const rows = new Map<number, number>();
    const columns = new Map<number, number>();
    this.#each(box, (at) => {
      if (!this.#isOther(at)) return;
      const [y, x] = [Math.floor(at / this.#width), at % this.#width];
      rows.set(y, (rows.get(y) ?? 0) + 1);
      columns.set(x, (columns.get(x) ?? 0) + 1);
    });
    const ys = [...rows].flatMap(([y, count]) => (count >= 2 ? [y] : []));
    const xs = [...columns].flatMap(([x, count]) => (count >= 2 ? [x] : []));
    if (ys.length === 0 || xs.length === 0) return undefined;
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const found = { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
    return this.isOther(found) ? found : undefined;
  }

  #isOther(at: number): boolean {
    return Math.abs((this.#now[at] as number) - (this.#before[at] as number) - this.#light) >= OTHER_MIN;
  }

  /** The median of what is different: that of most of the picture. */
  #usualDifference(): number {
    const counts = new Uint32Array(511);
    for (let at = 0; at < this.#now.length; at += SAMPLED_EVERY) {
      const bin = Math.round((this.#now[at] as number) - (this.#before[at] as number)) + 255;
      counts[bin] = (counts[bin] as number) + 1;
    }
    let left = this.#now.length / SAMPLED_EVERY / 2;
    return counts.findIndex((count) => (left -= count) <= 0) - 255;
  }

  #each(box: Rect, visit: (at: number) => void): void {
    const [right, bottom] = [Math.min(this.#width, Math.ceil(box.x + box.width)), Math.min(this.#height, Math.ceil(box.y + box.height))];
    for (let y = Math.max(0, Math.floor(box.y)); y < bottom; y++) {
      for (let x = Math.max(0, Math.floor(box.x)); x < right; x++) visit(y * this.#width + x);
    }
  }
}

function grown({ x, y, width, height }: Rect): Rect {
  return { x: x - width * GROWTH, y: y - height * GROWTH, width: width * (1 + 2 * GROWTH), height: height * (1 + 2 * GROWTH) };
}

/** Whether a box ends within another on every side, so that nothing of it was cut off. */
function within(inner: Rect, outer: Rect): boolean {
  return inner.x > outer.x && inner.y > outer.y && inner.x + inner.width < outer.x + outer.width && inner.y + inner.height < outer.y + outer.height;
}
