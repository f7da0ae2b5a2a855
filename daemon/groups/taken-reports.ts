// Which reports a group took already: one that is delivered twice is folded once.
import type { Input } from "../../fusion/watermark.js";
import type { Origin } from "./step.js";

/** Which report it is, for ever. */
export type ReportKey = Input & Origin;

/** Whether a report is to be taken. `late`: so far behind the newest that nobody remembers whether it was. */
export type Admission = "new" | "duplicate" | "late";

/** What was taken of one run of an input: all up to `highest` but the holes, each from its first to its last `seq`. */
export interface TakenRun {
  readonly run: number;
  readonly highest: number;
  readonly holes: readonly (readonly [number, number])[];
}

/** What was taken of one input: its newest runs, the newest first. */
export interface TakenInput extends Input {
  readonly runs: readonly TakenRun[];
}

/** Reports of a run that are remembered, counted back from the newest: some 40 s of a busy camera, and no lateness is longer. */
const REMEMBERED = 4096;
/** Runs of an input that are remembered: what one that died had sent may still be on its way when the next begins. */
const RUNS_MAX = 2;

/**
 * Remembers the reports of a group's inputs, each by `<source>.<modality>.<run>.<seq>`.
 *
 * In order of `seq` a report costs one comparison. Bound: for each input RUNS_MAX runs, and of each at most REMEMBERED / 2
 * holes. Pure but for what it remembers.
 */
export class TakenReports {
  readonly #inputs = new Map<string, { readonly input: Input; runs: readonly Run[] }>();

  constructor(taken: readonly TakenInput[] = []) {
    for (const { sourceId, modality, runs } of taken) {
      this.#inputs.set(keyOf({ sourceId, modality }), { input: { sourceId, modality }, runs: runs.map((run) => new Run(run)) });
    }
  }

  /** Everything an equal memory needs, to be written down. */
  get taken(): readonly TakenInput[] {
    return [...this.#inputs.values()].map(({ input, runs }) => ({ ...input, runs: runs.map((run) => run.taken) }));
  }

  /** Notes that a report came, and says whether it is to be taken. */
  admit({ sourceId, modality, run, seq }: ReportKey): Admission {
    const key = keyOf({ sourceId, modality });
    let known = this.#inputs.get(key);
    if (known === undefined) this.#inputs.set(key, (known = { input: { sourceId, modality }, runs: [] }));
    const own = known.runs.find((one) => one.run === run);
    if (own !== undefined) return own.admit(seq);
    const begun = new Run({ run, highest: -1, holes: [] });
    const runs = [...known.runs, begun].sort((a, b) => b.run - a.run).slice(0, RUNS_MAX);
    if (!runs.includes(begun)) return "late";
    known.runs = runs;
    return begun.admit(seq);
  }
}

/** One run of an input. */
class Run {
  readonly run: number;
  #highest: number;
  /** In order, the oldest first. */
  readonly #holes: (readonly [number, number])[];

  constructor({ run, highest, holes }: TakenRun) {
    this.run = run;
    this.#highest = highest;
    this.#holes = [...holes];
  }

  get taken(): TakenRun {
    return { run: this.run, highest: this.#highest, holes: [...this.#holes] };
  }

  admit(seq: number): Admission {
    if (seq > this.#highest) {
      this.#leap(seq);
      return "new";
    }
    if (seq <= this.#highest - REMEMBERED) return "late";
    const at = this.#holes.findIndex(([from, to]) => from <= seq && seq <= to);
    const hole = this.#holes[at];
    if (hole === undefined) return "duplicate";
    const rest = [[hole[0], seq - 1], [seq + 1, hole[1]]] as const;
    this.#holes.splice(at, 1, ...rest.filter(([from, to]) => from <= to));
    return "new";
  }

  #leap(seq: number): void {
    const missing = [Math.max(this.#highest + 1, seq - REMEMBERED + 1), seq - 1] as const;
    this.#highest = seq;
    if (missing[0] <= missing[1]) this.#holes.push(missing);
    while (this.#holes[0] !== undefined && this.#holes[0][1] <= seq - REMEMBERED) this.#holes.shift();
  }
}

function keyOf({ sourceId, modality }: Input): string {
  return `${sourceId} ${modality}`;
}
