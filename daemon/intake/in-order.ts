// Reports of sources that end, merged by event time: what is told then depends on no source's speed.
import type { Input } from "../../fusion/watermark.js";
import { stepOrder, type Step } from "../groups/step.js";
import type { Report } from "../report/report.js";
import { stepOf, type FoldedReport } from "./step-of.js";

/** A report, and the step that it is. */
interface Held {
  readonly report: FoldedReport;
  readonly step: Step;
}

/** What the order is made with. */
export interface InOrderOptions {
  readonly inputs: readonly Input[];
  /** Takes a report whose turn it is, with the time of its step. */
  readonly release: (report: FoldedReport, time: number) => Promise<void>;
}

/** One input: what came of it and was not looked at yet, and how far it has told all. */
interface Lane {
  readonly input: Input;
  readonly came: Report[];
  progress: number;
}

/** Reports of one input that may wait for slower ones before its source has to. */
const AHEAD = 64;

/**
 * Takes the reports of the input that has told least far, whichever came first, holds each back until no input can tell an
 * earlier one, and then releases them in canonical order: what is released, and when, follows from the reports alone.
 *
 * Bound: AHEAD reports an input, and of the source that all wait for whatever it tells of its other input meanwhile.
 */
export class InOrder {
  readonly #options: InOrderOptions;
  /** Those that have not ended. */
  #lanes: readonly Lane[];
  #held: Held[] = [];
  #blocked: (() => void)[] = [];
  #isClosed = false;
  #isTaking = false;
  #taken: Promise<void> = Promise.resolve();

  constructor(options: InOrderOptions) {
    this.#options = options;
    this.#lanes = options.inputs.map((input) => ({ input, came: [], progress: -Infinity }));
  }

  /** Takes one report, those of an input in order; resolves when its source may tell more. Errors: those of `release`. */
  async put(report: Report): Promise<void> {
    const lane = this.#lanes.find(({ input }) => input.sourceId === report.sourceId && input.modality === report.modality);
    if (lane === undefined || this.#isClosed) return;
    lane.came.push(report);
    await this.#take();
    while (!this.#isClosed && lane.came.length >= AHEAD && this.#slowest()?.input.sourceId !== report.sourceId) await new Promise<void>((resolve) => this.#blocked.push(resolve));
  }

  /** Nobody waits here any more, and what comes is left: it was given up. */
  close(): void {
    this.#isClosed = true;
    for (const goOn of this.#blocked.splice(0)) goOn();
  }

  /** Resolves when all that is held is released: nothing more comes. */
  async end(): Promise<void> {
    await this.#take();
    await this.#release(Infinity);
  }

  async #take(): Promise<void> {
    if (this.#isTaking) return this.#taken;
    this.#isTaking = true;
    this.#taken = this.#takeAll();
    return this.#taken;
  }

  /** Goes on until nothing came yet of the input that has told least far. */
  async #takeAll(): Promise<void> {
    try {
      for (let lane = this.#slowest(); lane !== undefined; lane = this.#slowest()) {
        const report = lane.came.shift();
        if (report === undefined) break;
        await this.#takeOne(lane, report);
      }
    } finally {
      this.#isTaking = false; // in the same turn: what comes next is taken by a call of its own
      for (const goOn of this.#blocked.splice(0)) goOn();
    }
  }

  async #takeOne(lane: Lane, report: Report): Promise<void> {
    if (report.kind === "end") this.#lanes = this.#lanes.filter((other) => other !== lane);
    else if (report.kind === "progress") lane.progress = Math.max(lane.progress, report.time);
    else if (report.kind !== "health") this.#held.push({ report, step: stepOf(report, 0) }); // how a source is, is told to nobody
    await this.#release(Math.min(...this.#lanes.map(({ progress }) => progress)));
  }

  /** The input that everyone waits for: of several the first. */
  #slowest(): Lane | undefined {
    return this.#lanes.reduce<Lane | undefined>((a, b) => (a === undefined || b.progress < a.progress ? b : a), undefined);
  }

  async #release(frontier: number): Promise<void> {
    const isRipe = ({ step }: Held): boolean => stepOrder.timeOf(step) <= frontier;
    const ripe = this.#held.filter(isRipe);
    if (ripe.length === 0) return;
    this.#held = this.#held.filter((one) => !isRipe(one));
    for (const { report, step } of ripe.sort((a, b) => stepOrder.compare(a.step, b.step))) await this.#options.release(report, stepOrder.timeOf(step));
  }
}
