// Reports of sources that end, merged by event time: what is told then depends on no source's speed.
import { compareText, endedAt } from "../../fusion/model/observation.js";
import type { Input } from "../../fusion/watermark.js";
import { stepOrder, type Step } from "../groups/group-state.js";
import type { Report } from "../report/report.js";

/** A report that is a step of its group, in its turn. */
type Waiting = Extract<Report, { kind: "observation" | "scan" | "witness" }>;

/** What the order is made with. */
export interface InOrderOptions {
  readonly inputs: readonly Input[];
  /** Takes a report whose turn it is, with the time of its step. Nothing that ends earlier comes after it. */
  readonly release: (report: Waiting, time: number) => Promise<void>;
}

/** Reports of one source that may wait for slower sources before it has to. */
const AHEAD = 64;

/**
 * Holds each report back until no input can tell an earlier one, and then releases them in canonical order.
 *
 * Bound: AHEAD reports a source, and of the slowest whatever ends after its own progress.
 */
export class InOrder {
  readonly #options: InOrderOptions;
  /** How far each input that has not ended has told all. */
  readonly #progress: Map<string, number>;
  readonly #heldOf = new Map<string, number>();
  #waiting: Waiting[] = [];
  #blocked: (() => void)[] = [];
  #releasing: Promise<void> = Promise.resolve();

  constructor(options: InOrderOptions) {
    this.#options = options;
    this.#progress = new Map(options.inputs.map((input) => [keyOf(input), -Infinity]));
  }

  /** Takes one report; resolves when its source may tell more. */
  async put(report: Report): Promise<void> {
    if (report.kind === "health") return; // told to nobody in a replay
    if (report.kind === "progress" || report.kind === "end") {
      const key = keyOf(report);
      if (report.kind === "end") this.#progress.delete(key);
      else this.#progress.set(key, Math.max(report.time, this.#progress.get(key) ?? -Infinity));
      this.#releaseTo(this.#frontier());
    } else {
      this.#waiting.push(report);
      this.#count(report.sourceId, 1);
    }
    await this.#releasing;
    while (this.#isAhead(report.sourceId)) await new Promise<void>((resolve) => this.#blocked.push(resolve));
  }

  /** Resolves when all that was put is released, whatever its time: nothing more comes. */
  async end(): Promise<void> {
    this.#releaseTo(Infinity);
    await this.#releasing;
  }

  #isAhead(sourceId: string): boolean {
    return (this.#heldOf.get(sourceId) ?? 0) >= AHEAD && this.#frontierOf(sourceId) > this.#frontier();
  }

  #frontier(): number {
    return Math.min(...this.#progress.values());
  }

  #frontierOf(sourceId: string): number {
    const own = this.#options.inputs.filter((input) => input.sourceId === sourceId);
    return Math.min(...own.map((input) => this.#progress.get(keyOf(input)) ?? Infinity));
  }

  #releaseTo(frontier: number): void {
    const ripe = this.#waiting.filter((report) => timeOf(report) <= frontier);
    this.#waiting = this.#waiting.filter((report) => timeOf(report) > frontier);
    ripe.sort((a, b) => stepOrder.compare(stepOf(a), stepOf(b)) || compareText(a.sourceId, b.sourceId) || compareText(a.modality, b.modality) || a.seq - b.seq);
    const release = async (): Promise<void> => {
      for (const report of ripe) {
        await this.#options.release(report, timeOf(report));
        this.#count(report.sourceId, -1);
      }
      for (const goOn of this.#blocked.splice(0)) goOn();
    };
    this.#releasing = this.#releasing.then(release);
  }

  #count(sourceId: string, by: number): void {
    this.#heldOf.set(sourceId, (this.#heldOf.get(sourceId) ?? 0) + by);
  }
}

function stepOf(report: Waiting): Step {
  switch (report.kind) {
    case "observation":
      return { kind: "observation", observation: report.observation };
    case "scan":
      return { kind: "scan", sourceId: report.sourceId, from: report.from, to: report.to };
    case "witness":
      return { kind: "witness", change: { sourceId: report.sourceId, modality: report.modality, at: report.at, healthy: report.healthy } };
  }
}

function timeOf(report: Waiting): number {
  return report.kind === "observation" ? endedAt(report.observation) : stepOrder.timeOf(stepOf(report));
}

function keyOf({ sourceId, modality }: Input): string {
  return `${sourceId} ${modality}`;
}
