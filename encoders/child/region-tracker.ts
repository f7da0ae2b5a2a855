// Follows regions from frame to frame, so that one that stays is not encoded again and again.
import type { Rect } from "./opencv.js";
import { overlap } from "./regions.js";

/** Overlap from which a region continues a track. */
const OVERLAP_MIN = 0.2;
/** A track that was not seen for this long has ended, ms of event time. */
const LOST_AFTER_MS = 2000;
/** A track that was not seen for this long has gone, or come to rest, ms of event time. */
const GONE_AFTER_MS = 600;
/** Most tracks of one source; those seen longest ago go first. */
const TRACKS_MAX = 64;

interface Track {
  readonly id: number;
  box: Rect;
  seenAt: number;
  encodedAt: number;
  /** Told as gone: it is not seen any more, and was told so once. */
  gone: boolean;
}

/** A region that was followed and is not seen any more, and where it was last. */
export interface GoneRegion {
  readonly box: Rect;
  readonly track: number;
}

/** A region, its track, and whether it is to be encoded now. */
export interface TrackedRegion {
  readonly box: Rect;
  readonly track: number;
  readonly due: boolean;
}

/** The tracks of one camera. Pure state, time is `capturedAt`. Bound: 64 tracks. */
export class RegionTracker {
  readonly #intervalMs: number;
  #tracks: Track[] = [];

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Where anything is or was just now. */
  boxes(): readonly Rect[] {
    return this.#tracks.map((track) => track.box);
  }

  /** The regions that were followed until now and are not seen any more, each told once; ask before `follow` forgets them. */
  gone(capturedAt: number): GoneRegion[] {
    const gone = this.#tracks.filter((track) => !track.gone && capturedAt - track.seenAt >= GONE_AFTER_MS);
    for (const track of gone) track.gone = true;
    return gone.map(({ box, id }) => ({ box, track: id }));
  }

  /**
   * Gives each box the track it overlaps most, or a new one; boxes first in the list choose first.
   * A new track's id is made of the frame's `seq`, so that ids are not used again after the child was replaced; what begins
   * where something rests goes on with the track of that (`resting`).
   */
  follow(boxes: readonly Rect[], seq: number, capturedAt: number, resting: (box: Rect) => number | undefined = () => undefined): TrackedRegion[] {
    this.#tracks = this.#tracks.filter((track) => capturedAt - track.seenAt <= LOST_AFTER_MS);
    const free = new Set(this.#tracks);
    const regions = boxes.map((box, i) => {
      const track = bestOf(free, box) ?? this.#begin(box, this.#unused(resting(box)) ?? seq * 16 + i, capturedAt);
      free.delete(track);
      track.box = box;
      track.seenAt = capturedAt;
      track.gone = false;
      const due = capturedAt - track.encodedAt >= this.#intervalMs;
      if (due) track.encodedAt = capturedAt;
      return { box, track: track.id, due };
    });
    this.#tracks = this.#tracks.sort((a, b) => b.seenAt - a.seenAt).slice(0, TRACKS_MAX);
    return regions;
  }

  #unused(id: number | undefined): number | undefined {
    return this.#tracks.some((track) => track.id === id) ? undefined : id;
  }

  #begin(box: Rect, id: number, capturedAt: number): Track {
    const track = { id, box, seenAt: capturedAt, encodedAt: -Infinity, gone: false };
    this.#tracks.push(track);
    return track;
  }
}

function bestOf(tracks: ReadonlySet<Track>, box: Rect): Track | undefined {
  let best: Track | undefined;
  let most = OVERLAP_MIN;
  for (const track of tracks) {
    const shared = overlap(track.box, box);
    if (shared >= most) {
      best = track;
      most = shared;
    }
  }
  return best;
}
