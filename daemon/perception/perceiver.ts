// From sources to reports: source -> queue -> gate and tower -> report, for all sources of one process.
import { setMaxListeners } from "node:events";
import { releaseCapture, type Capture } from "../../encoders/capture.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import { assertInvariant, FusiondError, messageOf } from "../../fusion/model/errors.js";
import { endedAt } from "../../fusion/model/observation.js";
import type { Report, ReportBase } from "../report/report.js";
import type { BoundedQueue } from "../runtime/bounded-queue.js";
import { delay, steadyNowMs, type Clock } from "../runtime/clock.js";
import { Slots } from "../runtime/slots.js";
import { Turns } from "../runtime/turns.js";
import type { DropReason, Source, SourceSignal } from "../sources/source.js";
import { InputLane, type LaneItem } from "./input-lane.js";
import { LOSSES } from "./losses.js";
import type { PerceptionTelemetry } from "./perception-telemetry.js";
import { overBudget, type WaitingBudget } from "./waiting-budget.js";
import { inWholeMs } from "./whole-ms.js";
import { witnessesOf } from "./witnesses-of.js";

/** What a perceiver is made with. */
export interface PerceiverOptions {
  readonly sources: readonly Source[];
  readonly encoders: ReadonlyMap<Modality, Encoder>;
  /** What all its reports say. */
  readonly origin: Pick<ReportBase, "site" | "encoders" | "run">;
  readonly clock: Clock;
  readonly telemetry: PerceptionTelemetry;
  /** Items of one input that may wait for its encoder. */
  readonly queueCapacity: (modality: Modality) => number;
  /** What may wait of all live sources. */
  readonly budget: WaitingBudget;
  /** Takes the reports, those of an input in order; a finite source waits for it. */
  readonly report: (report: Report) => void | Promise<void>;
  /** Captures of a finite source that are given to its tower before their turn, so that it can batch. Default 0. */
  readonly aheadMax?: number;
  /** Whether a capture that cannot be encoded ends it all, as in a replay, which must give the same each time. Default false. */
  readonly strict?: boolean;
  /** Whether captures of live sources should wait a moment, because what came of earlier ones does. Default never. */
  readonly holdBack?: () => boolean;
  /** Whether captures of live sources can be taken at all. Default never full. */
  readonly isFull?: () => boolean;
}

/** What a source said beside captures. */
type Said = Exclude<LaneItem, { readonly kind: "capture" }>;
/** An item whose turn it is. */
type Begun = Said | { readonly capture: Capture; readonly encoding: Promise<Encoded> };

/** How long after a fault of ours in a source it is begun again, ms. */
const AGAIN_MS = 1000;
/** How long captures are worked on before the event loop turns, and how long they wait at most when they are held back, ms. */
const SLICE_MS = 5;
const HOLD_MS = 100;
/** Captures that a tower is given at once: it refuses more than 64, since a live source had better drop them. */
const TOWER_SLOTS = 32;

/**
 * Runs sources through encoders and tells what came of it. What is told of an input is in the order in which its source
 * gave it, whatever the modality; two inputs do not wait for each other.
 *
 * Bound: `queueCapacity` items an input and `budget` for all live ones, the oldest of which are dropped, counted and
 * make their input blind; a finite source waits instead.
 */
export class Perceiver {
  readonly #options: PerceiverOptions;
  readonly #lanes = new Map<string, InputLane>();
  readonly #liveQueues: BoundedQueue<LaneItem>[] = [];
  readonly #laneOf = new Map<BoundedQueue<LaneItem>, InputLane>();
  readonly #turns: Turns;
  readonly #slots: ReadonlyMap<Modality, Slots>;
  readonly #abort = new AbortController();
  #sources: Promise<unknown> = Promise.resolve();
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: PerceiverOptions) {
    this.#options = options;
    const { holdBack = () => false } = options;
    this.#turns = new Turns({ sliceMs: SLICE_MS, holdBack: () => holdBack() && !this.#abort.signal.aborted, holdMs: HOLD_MS });
    this.#slots = new Map([...options.encoders.keys()].map((modality) => [modality, new Slots(TOWER_SLOTS)]));
    setMaxListeners(0, this.#abort.signal); // every source listens to it
  }

  /** The queues between sources and encoders, for gauges. */
  get queues(): ReadonlyMap<string, { readonly size: number; readonly capacity: number; oldestAgeMs(): number }> {
    return new Map([...this.#lanes].map(([name, lane]) => [name, lane.queue]));
  }

  /** Starts every source; returns at once. A source that cannot go on rejects `ended`. */
  start(): void {
    this.#sources = Promise.all(this.#options.sources.map((source) => this.#run(source)));
    this.#sources.catch(() => undefined); // told by `ended`
  }

  /** Resolves when every source has ended by itself and all that came of it is told; rejects if one cannot go on. */
  async ended(): Promise<void> {
    await Promise.all([this.#sources, this.#working]);
  }

  /** Stops sources, finishes what is queued unless the signal aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#abort.abort();
    const drop = (): void => {
      for (const lane of this.#lanes.values()) {
        lane.queue.close(); // first: a source that waits for room would fill it again
        for (const item of lane.queue.drain()) this.#dropped(lane, item, "shutdown");
      }
    };
    if (signal.aborted) drop();
    signal.addEventListener("abort", drop);
    await Promise.allSettled([this.#sources]);
    for (const { queue } of this.#lanes.values()) queue.close();
    await Promise.allSettled([this.#working]);
    signal.removeEventListener("abort", drop);
  }

  async #run(source: Source): Promise<void> {
    const lanes = source.modalities.map((modality) => this.#openLane(source, modality));
    while (!(await this.#observed(source, lanes))) await delay(this.#options.clock, AGAIN_MS, this.#abort.signal);
    for (const { queue } of lanes) queue.close();
  }

  /** Takes what the source tells; resolves with whether that was all. A fault in one live source is no reason to end the others. */
  async #observed(source: Source, lanes: readonly InputLane[]): Promise<boolean> {
    const { signal: stopped } = this.#abort;
    try {
      for await (const told of source.observe(stopped)) await this.#take(source, lanes, inWholeMs(told));
      return true;
    } catch (error) {
      if (error instanceof FusiondError || source.finite || stopped.aborted) throw error;
      const { telemetry, clock } = this.#options;
      telemetry.failed("capture", error);
      await this.#take(source, lanes, { kind: "state", state: "recovering", at: Math.ceil(steadyNowMs(clock)), detail: "a fault of fusiond: see the log" });
      return false;
    }
  }

  async #take(source: Source, lanes: readonly InputLane[], signal: SourceSignal): Promise<void> {
    if (signal.kind === "state") return this.#sourceState(source, lanes, signal);
    const modality = signal.kind === "capture" ? signal.capture.modality : signal.modality;
    const lane = lanes.find(({ input }) => input.modality === modality);
    assertInvariant(lane !== undefined, `${source.id} gives ${modality}`);
    if (signal.kind === "capture" && !source.finite && this.#options.isFull?.() === true) return this.#dropped(lane, signal, "overload");
    await this.#enqueue(lane, signal);
  }

  async #sourceState(source: Source, lanes: readonly InputLane[], signal: Extract<SourceSignal, { kind: "state" }>): Promise<void> {
    const witnesses = witnessesOf(source, signal);
    const { state, at, detail } = signal;
    const health = { kind: "health", state, at, ...(detail === undefined ? {} : { detail }), witnesses } as const;
    if (lanes[0] !== undefined) await this.#health(lanes[0], health);
    for (const lane of lanes) {
      const witness = witnesses.find(({ modality }) => modality === lane.input.modality);
      if (witness !== undefined) await this.#enqueue(lane, { kind: "witness", witness });
    }
  }

  /** How a live source is, is told at once; that of a file in its turn, so that its reports have the same numbers each time. */
  async #health(lane: InputLane, health: Extract<LaneItem, { readonly kind: "health" }>): Promise<void> {
    await (lane.finite ? this.#enqueue(lane, health) : lane.tell(health));
  }

  async #enqueue(lane: InputLane, item: LaneItem): Promise<void> {
    if (!(await lane.queue.put(item))) this.#dropped(lane, item, "shutdown");
    if (!lane.finite) this.#relieve();
  }

  #openLane(source: Source, modality: Modality): InputLane {
    const { origin, queueCapacity, report } = this.#options;
    const onDrop = (lane: InputLane, item: LaneItem): void => this.#dropped(lane, item, "queue_full");
    const lane = new InputLane({ input: { sourceId: source.id, modality }, finite: source.finite, capacity: queueCapacity(modality), origin, onDrop, report });
    if (!source.finite) this.#liveQueues.push(lane.queue);
    this.#laneOf.set(lane.queue, lane);
    this.#lanes.set(`${source.id} ${modality}`, lane);
    this.#working = Promise.all([this.#working, this.#work(lane)]);
    this.#working.catch(() => undefined); // told by `ended`
    return lane;
  }

  /** An item that goes before its turn, the oldest of its lane: a capture is lost, what was said of the source is said now. */
  #dropped(lane: InputLane, item: LaneItem, reason: DropReason): void {
    if (item.kind === "progress") return; // the next says more
    if (item.kind !== "capture") return void this.#handle(lane, item);
    this.#options.telemetry.dropped(lane.input.sourceId, reason, 1);
    releaseCapture(item.capture);
    const { capturedAt } = item.capture;
    if (reason !== "shutdown") void lane.witness((witness) => witness.lost({ from: capturedAt, to: capturedAt, why: LOSSES[reason] }));
  }

  /** Keeps what waits of all live sources within the budget. */
  #relieve(): void {
    for (let queue = overBudget(this.#liveQueues, this.#options.budget); queue !== undefined; queue = overBudget(this.#liveQueues, this.#options.budget)) {
      const oldest = queue.shift();
      const lane = this.#laneOf.get(queue);
      if (oldest !== undefined && lane !== undefined) this.#dropped(lane, oldest, "overload");
    }
  }

  async #work(lane: InputLane): Promise<void> {
    for await (const begun of this.#begun(lane)) {
      if ("encoding" in begun) await this.#encoded(lane, begun.capture, begun.encoding);
      else await this.#handle(lane, begun);
    }
    await lane.tell({ kind: "end" });
  }

  /** The items of a lane in order, the captures of finite sources begun ahead of their turn. */
  async *#begun(lane: InputLane): AsyncGenerator<Begun, void, undefined> {
    const aheadMax = lane.finite ? (this.#options.aheadMax ?? 0) : 0;
    const begun: Begun[] = [];
    for await (const item of lane.queue) {
      if (item.kind === "capture" && !lane.finite) await this.#turns.next();
      begun.push(item.kind === "capture" ? { capture: item.capture, encoding: this.#begin(item.capture) } : item);
      while (begun.length > aheadMax) yield begun.shift() as Begun;
    }
    yield* begun;
  }

  #begin(capture: Capture): Promise<Encoded> {
    const { telemetry, clock, encoders } = this.#options;
    telemetry.took("capture", Math.max(0, captureMsOf(capture, clock)));
    const [encoder, slots] = [encoders.get(capture.modality), this.#slots.get(capture.modality)];
    assertInvariant(encoder !== undefined && slots !== undefined, `there is a tower for ${capture.modality}`);
    const encoding = slots.use(() => encoder.encode(capture));
    encoding.catch(() => releaseCapture(capture)); // the error is awaited in its turn
    return encoding;
  }

  async #handle(lane: InputLane, item: Said): Promise<void> {
    switch (item.kind) {
      case "progress":
        await lane.witness((witness) => witness.told(item.time));
        return lane.tell({ kind: "progress", time: item.time });
      case "lost":
        return lane.witness((witness) => witness.lost({ from: item.from, to: item.to, why: LOSSES[item.reason] }));
      case "witness":
        return lane.witness((witness) => witness.source(item.witness));
      case "health":
        return lane.tell(item);
    }
  }

  async #encoded(lane: InputLane, capture: Capture, encoding: Promise<Encoded>): Promise<void> {
    const { telemetry, clock, strict = false } = this.#options;
    let encoded: Encoded;
    try {
      encoded = await encoding;
    } catch (error) {
      if (strict) throw error;
      telemetry.failed("encode", error);
      telemetry.dropped(capture.sourceId, "encode_failed", 1);
      return lane.witness((witness) => witness.lost({ from: capture.capturedAt, to: capture.capturedAt, why: messageOf(error) }));
    }
    const encodeMs = clock.monotonicNowMs() - capture.receivedAtMs;
    telemetry.took("encode", encodeMs);
    const { unseen, observations, scan } = encoded;
    if (unseen === undefined) await lane.witness((witness) => witness.looked(capture.capturedAt));
    else await lane.witness((witness) => witness.lost({ from: capture.capturedAt, to: capture.capturedAt, why: unseen }));
    const captureMs = captureMsOf(capture, clock);
    for (const observation of observations) await lane.tell({ kind: "observation", observation, captureMs, encodeMs });
    if (scan !== undefined) await lane.tell({ kind: "scan", from: scan.from, to: endedAt(capture) });
  }
}

/** From the end of a capture until all of it was there, ms. */
function captureMsOf(capture: Capture, clock: Clock): number {
  return clock.epochMs + capture.receivedAtMs - endedAt(capture);
}
