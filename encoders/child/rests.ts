// What moved and came to rest in a camera's picture: looked at again and again until it has left.
import type { Rect } from "./opencv.js";
import type { GoneRegion } from "./region-tracker.js";
import { overlap, union } from "./regions.js";
import { StillPlace, type GreyPicture } from "./still-place.js";

/** What rests is looked at once in this time at most, ms: twice within the time in which looks confirm one another. */
const LOOK_EVERY_MS = 2000;
/** Most things that rest in one picture; those that rest longest are left to the scan. */
const RESTS_MAX = 8;
/** Most of them looked at with one frame. */
const LOOKS_MAX = 4;
/** Where something that moves is in the way it is seen later whether anything rests there, but not after this time, ms. */
const HIDDEN_MS = 10_000;
/** Share of the picture that is other when the camera was turned, or the light switched. */
const OTHER_VIEW_SHARE = 0.5;
/** Overlap from which two boxes are one thing. */
const OVERLAP_MIN = 0.2;

/** What moves no more, while something else moves there. */
interface Hidden extends GoneRegion {
  readonly since: number;
}

interface Rest {
  readonly track: number;
  /** Points of the small picture. */
  box: Rect;
  readonly since: number;
  lookedAt: number;
}

/** What of a frame the gate knows already. Boxes in points of the small picture. */
export interface RestFrame {
  readonly picture: GreyPicture;
  readonly capturedAt: number;
  /** An id for what is found resting without having been followed. */
  readonly track: number;
  /** What moves in it. */
  readonly moving: readonly Rect[];
  /** What is followed. */
  readonly followed: readonly Rect[];
  /** What was followed and moves no more. */
  readonly gone: readonly GoneRegion[];
}

/** Follows what rests in one camera's picture. Time is `capturedAt`, ms; the same frames in order give the same looks. Bound: 8 things. */
export class Rests {
  readonly #intervalMs: number;
  readonly #settleAfterMs: number;
  #place: StillPlace | undefined;
  #rests: Rest[] = [];
  #hidden: Hidden[] = [];
  #wasLost = false;

  /** `regionIntervalMs`: what moves is looked at no more often than that, nor is what rests. */
  constructor({ regionIntervalMs, settleAfterMs }: { readonly regionIntervalMs: number; readonly settleAfterMs: number }) {
    this.#intervalMs = Math.max(LOOK_EVERY_MS, regionIntervalMs);
    this.#settleAfterMs = settleAfterMs;
  }

  /** The track of what rests where something begins to move, if anything does. */
  trackAt(box: Rect): number | undefined {
    return this.#rests.find((rest) => overlap(rest.box, box) >= OVERLAP_MIN)?.track;
  }

  /** Movement is learned anew, so that nothing is followed meanwhile: what has come is seen by what the place was like before. */
  lost(): void {
    this.#wasLost = true;
    this.#hidden = [];
  }

  /** Takes a frame; gives what of all that rests is to be looked at now. */
  step({ picture, capturedAt, track: fresh, moving, followed, gone }: RestFrame): GoneRegion[] {
    const place = this.#placeSeen(picture, capturedAt);
    if (this.#wasLost) this.#begin(place.whatIsIn({ x: 0, y: 0, width: picture.width, height: picture.height }), fresh, capturedAt);
    this.#wasLost = false;
    this.#rests = this.#rests.filter((rest) => this.#stays(rest, place, moving, capturedAt));
    const isHidden = (box: Rect): boolean => moving.some((one) => overlap(one, box) > 0);
    const asked = [...this.#hidden, ...gone.map((one) => ({ ...one, since: capturedAt }))];
    for (const { box, track } of asked) if (!isHidden(box)) this.#begin(place.whatIsIn(box), track, capturedAt);
    this.#hidden = asked.filter(({ box, since }) => isHidden(box) && capturedAt - since < HIDDEN_MS).slice(-RESTS_MAX);
    while (this.#rests.length > RESTS_MAX) place.settle((this.#rests.shift() as Rest).box);
    place.learn([...moving, ...followed, ...this.#rests.map(({ box }) => box)]);
    const due = this.#rests.filter(({ box, lookedAt }) => capturedAt - lookedAt >= this.#intervalMs && !isHidden(box));
    return due.slice(0, LOOKS_MAX).map((rest) => {
      rest.lookedAt = capturedAt;
      return { box: rest.box, track: rest.track };
    });
  }

  /** What the place is like; that of another view is another place, in which nothing rests. */
  #placeSeen(picture: GreyPicture, capturedAt: number): StillPlace {
    const place = this.#place ?? new StillPlace(picture, capturedAt);
    place.see(picture, capturedAt);
    this.#place = this.#wasLost && place.otherShare() > OTHER_VIEW_SHARE ? new StillPlace(picture, capturedAt) : place;
    if (this.#place !== place) this.#rests = [];
    return this.#place;
  }

  /** What is hidden by something that moves may be there still; what stays too long belongs to the place. */
  #stays({ box, since }: Rest, place: StillPlace, moving: readonly Rect[], capturedAt: number): boolean {
    if (capturedAt - since >= this.#settleAfterMs) {
      place.settle(box);
      return false;
    }
    return moving.some((one) => overlap(one, box) > 0) || place.isOther(box);
  }

  #begin(box: Rect | undefined, track: number, capturedAt: number): void {
    if (box === undefined) return;
    const known = this.#rests.find((rest) => rest.track === track || overlap(rest.box, box) > 0); // head and legs are one
    if (known === undefined) this.#rests.push({ track, box, since: capturedAt, lookedAt: capturedAt - this.#intervalMs / 2 });
    else known.box = union(known.box, box);
  }
}
