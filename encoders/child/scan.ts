// Which places of a camera's picture are looked at with a frame, and when all of them have been.
import { SCAN_LOOKS_MAX, SCAN_TOLD_MS, scanPlaces } from "../../fusion/model/scan.js";
import type { Scan } from "../encoder.js";
import { isWhollyMasked, type Mask } from "./mask.js";
import type { Rect } from "./opencv.js";

/** A place that is to be looked at, pixels. */
export interface PlaceLook {
  readonly place: number;
  readonly rect: Rect;
}

/** What is looked at with a frame, and the scan that is complete with it. */
export interface ScanStep {
  readonly looks: readonly PlaceLook[];
  readonly scan?: Scan;
}

/**
 * The scan of one camera: round robin over what is not wholly masked. Times are `capturedAt`, ms; the same frames in order
 * give the same looks. Bound: when each of 64 places was looked at last.
 */
export class PictureScan {
  readonly #rate: number;
  readonly #places: readonly PlaceLook[];
  /** By index into the places; -Infinity: never yet. */
  readonly #lookedAt: number[];
  #next = 0;
  /** Looks that are due, at most SCAN_LOOKS_MAX: what was put off is not caught up on at once. */
  #due = 1;
  #frameAt: number | undefined;
  #toldAt = -Infinity;

  /** `rate`: looks a second; 0: none ever. */
  constructor(rate: number, { width, height }: Pick<Mask, "width" | "height">, mask: Mask) {
    this.#rate = rate;
    this.#places = rate === 0 ? [] : scanPlaces(width, height)
      .map((region, place) => ({ place, rect: inPixels(region, width, height) }))
      .filter(({ rect }) => !isWhollyMasked(mask, rect));
    this.#lookedAt = this.#places.map(() => -Infinity);
  }

  /** What to look at with the frame captured then; `busy`: nothing, it is put off until there is time. */
  step(capturedAt: number, busy: boolean): ScanStep {
    this.#due = Math.min(SCAN_LOOKS_MAX, this.#due + ((capturedAt - (this.#frameAt ?? capturedAt)) * this.#rate) / 1000);
    this.#frameAt = capturedAt;
    const looks: PlaceLook[] = [];
    while (!busy && this.#due >= 1 && looks.length < this.#places.length) {
      looks.push(this.#places[this.#next] as PlaceLook);
      this.#lookedAt[this.#next] = capturedAt;
      this.#next = (this.#next + 1) % this.#places.length;
      this.#due--;
    }
    const from = this.#lookedAt[this.#next] ?? -Infinity; // the next one is the one looked at longest ago
    if (looks.length === 0 || from === -Infinity || capturedAt - this.#toldAt < SCAN_TOLD_MS) return { looks };
    this.#toldAt = capturedAt;
    return { looks, scan: { from } };
  }
}

function inPixels(region: Rect, width: number, height: number): Rect {
  const side = Math.max(1, Math.round(region.height * height));
  return { x: Math.min(Math.round(region.x * width), width - side), y: Math.min(Math.round(region.y * height), height - side), width: side, height: side };
}
