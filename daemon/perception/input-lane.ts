// The way of one input through perception: what waits for its encoder, whether it may witness, and the numbers of its reports.
import { observationId, type Observation, type Unnumbered } from "../../fusion/model/observation.js";
import type { Input } from "../../fusion/watermark.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import { InputWitness } from "./input-witness.js";
import type { Report, ReportBase } from "../report/report.js";
import { BoundedQueue } from "../runtime/bounded-queue.js";
import { PICTURE_SHARES } from "../sources/picture-budget.js";
import type { ModalityWitness, SourceSignal } from "../sources/source.js";

/** What goes through a lane, in the order in which the source told it. */
export type LaneItem =
  | Extract<SourceSignal, { kind: "capture" | "progress" | "lost" }>
  | { readonly kind: "witness"; readonly witness: ModalityWitness }
  | Extract<ReportBody, { readonly kind: "health" }>;

type Body<K extends Report["kind"]> = Omit<Extract<Report, { kind: K }>, keyof ReportBase>;
/** What a report says beside whose it is and which: an observation has its number from it. */
export type ReportBody = { [K in Exclude<Report["kind"], "observation">]: Body<K> }[Exclude<Report["kind"], "observation">] | (Omit<Body<"observation">, "observation"> & { readonly observation: Unnumbered });

/** What a lane is made with. */
export interface InputLaneOptions {
  readonly input: Input;
  /** A source that waits for whoever takes what it tells, instead of dropping. */
  readonly finite: boolean;
  /** Items that may wait. */
  readonly capacity: number;
  /** What all reports of it say. */
  readonly origin: Pick<ReportBase, "site" | "encoders" | "run">;
  /** An item that had to go because the queue was full: the oldest. */
  readonly onDrop: (lane: InputLane, item: LaneItem) => void;
  readonly report: (report: Report) => void | Promise<void>;
}

/** One input on its way. Bound: `capacity` items, of pictures also `PICTURE_SHARES.tower`. */
export class InputLane {
  readonly input: Input;
  readonly finite: boolean;
  readonly queue: BoundedQueue<LaneItem>;
  readonly #options: InputLaneOptions;
  readonly #witness: InputWitness;
  #seq = 0;
  #changedAt = 0;

  constructor(options: InputLaneOptions) {
    this.input = options.input;
    this.finite = options.finite;
    this.#options = options;
    this.#witness = new InputWitness(options.input);
    this.queue = new BoundedQueue<LaneItem>(options.capacity, options.finite ? "block" : "drop_oldest", (item) => options.onDrop(this, item), bytesOf, PICTURE_SHARES.tower);
  }

  /** Tells one report of the input, numbered in the order of the calls. Resolves when more may be told. */
  async tell(body: ReportBody): Promise<void> {
    const { input, origin, report } = this.#options;
    const base = { ...origin, ...input, seq: this.#seq++ };
    await report(body.kind === "observation" ? { ...base, ...body, observation: numbered(body.observation, base) } : { ...base, ...body });
  }

  /** Asks the witness, and tells what changed for absence, and why it is blind. */
  async witness(ask: (witness: InputWitness) => WitnessChange | undefined): Promise<void> {
    const before = this.#witness.blind;
    const change = ask(this.#witness);
    const { witnesses: healthy, blind } = this.#witness;
    if (change === undefined && blind === before) return;
    this.#changedAt = change?.at ?? this.#changedAt;
    await this.tell({ kind: "witness", at: this.#changedAt, healthy, ...(blind === undefined ? {} : { why: blind }) });
  }
}

/** The observation as the one of its report. */
function numbered(observation: Unnumbered, { run, seq }: Pick<ReportBase, "run" | "seq">): Observation {
  const { sourceId, modality } = observation;
  return { ...observation, id: observationId({ sourceId, modality, run, seq }), run, seq };
}

/** What an item holds while it waits, bytes. */
function bytesOf(item: LaneItem): number {
  if (item.kind !== "capture") return 0;
  const { capture } = item;
  if (capture.modality === "image") return capture.pixels.byteLength;
  return capture.modality === "audio" ? capture.samples.byteLength : capture.text.length * 2;
}
