// Which backgrounds of a group's places are written down with a checkpoint: what changed, and not all of it each time. Pure.
import { isSettledAlike, type PlaceBackground } from "../../fusion/background.js";
import { lookedAt, type Backgrounds } from "../../fusion/backgrounds.js";
import type { WrittenBackground } from "./journal.js";

/** One row: what is to be written of a place, or that it is no more. */
export interface BackgroundChange {
  /** `<source> <place>` */
  readonly place: string;
  readonly written?: WrittenBackground;
}

/** What one place is learned of between two writes at least, ms of event time, while what is told of it does not change. */
const WRITE_EVERY_MS = 300_000;

/** What is made once. */
export interface BackgroundRowsOptions {
  readonly encoders: string;
  readonly settleAfterMs: (sourceId: string) => number;
}

/**
 * Remembers how each place's background was last written. A row may lag behind its checkpoint by WRITE_EVERY_MS, never run
 * ahead of it, and what has settled or been forgotten in a place is written with the next checkpoint. Bound: a row a place.
 */
export class BackgroundRows {
  readonly #options: BackgroundRowsOptions;
  readonly #written = new Map<string, PlaceBackground>();
  /** Rows that were found and mean nothing to this group any more. */
  #orphans: readonly string[] = [];

  constructor(options: BackgroundRowsOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier run left, but for what other encoders made or is of no source of the group: those rows go. */
  recover(rows: readonly WrittenBackground[], isOfGroup: (sourceId: string) => boolean): Backgrounds {
    const own = rows.filter((row) => row.encoders === this.#options.encoders && isOfGroup(row.sourceId));
    this.#orphans = rows.filter((row) => !own.includes(row)).map(keyOf);
    for (const row of own) this.#written.set(keyOf(row), row.background);
    return own.reduce<Backgrounds>((all, { sourceId, place, background }) => lookedAt(all, sourceId, place, background), new Map());
  }

  /** What goes with a checkpoint of this state; `all`: all that changed, however lately it was written. */
  changes(backgrounds: Backgrounds, all: boolean): readonly BackgroundChange[] {
    const gone = this.#orphans.map((place) => ({ place }));
    this.#orphans = [];
    const { encoders } = this.#options;
    const changed = [...backgrounds].flatMap(([sourceId, places]) =>
      [...places].flatMap(([place, background]): readonly BackgroundChange[] => {
        const key = keyOf({ sourceId, place });
        const before = this.#written.get(key);
        if (before === background || (!all && before !== undefined && !this.#isDue(sourceId, before, background))) return [];
        this.#written.set(key, background);
        return [{ place: key, written: { encoders, sourceId, place, background } }];
      }),
    );
    return [...gone, ...changed];
  }

  #isDue(sourceId: string, before: PlaceBackground, now: PlaceBackground): boolean {
    return now.lookedAt - before.lookedAt >= WRITE_EVERY_MS || !isSettledAlike(before, now, this.#options.settleAfterMs(sourceId));
  }
}

function keyOf({ sourceId, place }: Pick<WrittenBackground, "sourceId" | "place">): string {
  return `${sourceId} ${place}`;
}
