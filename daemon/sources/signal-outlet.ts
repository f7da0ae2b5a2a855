// The way out of a source: numbers its captures, keeps their order, and bounds what waits for the consumer.
import { releaseCapture, type Capture } from "../../encoders/capture.js";
import type { Modality } from "../../fusion/model/modality.js";
import { BoundedQueue } from "../runtime/bounded-queue.js";
import { PICTURE_SHARES } from "./picture-budget.js";
import type { DropReason, ModalityWitness, SourceSignal, SourceState } from "./source.js";

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A capture before the outlet gave it its place. `capturedAt` need not be rounded. */
export type UntoldCapture = Without<Capture, "sourceId" | "seq">;

/** What an outlet is for. */
export interface SignalOutletOptions {
  readonly sourceId: string;
  /** How many captures may wait for the consumer. */
  readonly capacity: number;
  /** "drop_oldest" for live sources, "block" for replay. */
  readonly whenFull: "drop_oldest" | "block";
  readonly onDropped: (reason: DropReason, count: number) => void;
}

/** So many transitions outlive the captures they were told with; older ones are superseded by then. */
const CARRIED_MAX = 16;

/**
 * Tells captures, progress and states in the order in which they come.
 *
 * Order: per modality `capturedAt` strictly increases, ends lie behind the progress told before, progress never goes back:
 * what would break this is moved forward by the least amount. Bound: `capacity` bundles of one capture (or state) each;
 * what is dropped is told to `onDropped` and as a loss, but states are never dropped with their captures.
 */
export class SignalOutlet implements AsyncIterable<SourceSignal> {
  readonly #options: SignalOutletOptions;
  readonly #queue: BoundedQueue<readonly SourceSignal[]>;
  readonly #seq = new Map<Modality, number>();
  readonly #startedAt = new Map<Modality, number>();
  readonly #progress = new Map<Modality, number>();
  #carried: SourceSignal[] = [];
  readonly #lost = new Map<Modality, Extract<SourceSignal, { kind: "lost" }>>();
  #absent: readonly Modality[] = [];

  constructor(options: SignalOutletOptions) {
    this.#options = options;
    this.#queue = new BoundedQueue(options.capacity, options.whenFull, (bundle) => this.#drop(bundle, "queue_full"), picturesOf, PICTURE_SHARES.source);
  }

  /** The event time up to which anything was told, Unix ms; nothing before the first capture. */
  get toldMs(): number | undefined {
    return this.#progress.size === 0 ? undefined : Math.max(...this.#progress.values());
  }

  /** Whether nothing waits for the consumer. */
  get idle(): boolean {
    return this.#queue.size === 0;
  }

  /** Modalities that do not come just now: their progress follows the others', so that nobody waits for them. */
  set absent(modalities: readonly Modality[]) {
    this.#absent = modalities;
  }

  /** Tells a capture and that its modality is complete up to its end; in replay resolves once there is room. */
  async capture(untold: UntoldCapture): Promise<void> {
    const { modality, durationMs } = untold;
    const seq = this.#seq.get(modality) ?? 0;
    this.#seq.set(modality, seq + 1);
    const capturedAt = Math.max(
      Math.round(untold.capturedAt),
      (this.#startedAt.get(modality) ?? -Infinity) + 1,
      (this.#progress.get(modality) ?? -Infinity) + 1 - durationMs,
    );
    this.#startedAt.set(modality, capturedAt);
    const capture = { ...untold, sourceId: this.#options.sourceId, seq, capturedAt } as Capture;
    const complete = [modality, ...this.#absent].flatMap((m) => this.#advance(m, capturedAt + durationMs));
    await this.#put([{ kind: "capture", capture }, ...complete]);
  }

  /** Tells that a modality is complete up to a time, Unix ms. */
  async progress(modality: Modality, time: number): Promise<void> {
    const complete = this.#advance(modality, Math.floor(time));
    if (complete.length > 0) await this.#put(complete);
  }

  /** Tells that something of `at` (event time, Unix ms) was given up before it was a capture; who gives up counts it. */
  lost(modality: Modality, at: number, reason: DropReason): void {
    this.#lose({ kind: "lost", modality, from: at, to: at, reason }, reason);
  }

  /** Tells that nothing of a modality was taken between what was told and `until` (event time, Unix ms); who gives up counts it. */
  lostUntil(modality: Modality, until: number, reason: DropReason): void {
    const told = this.#progress.get(modality);
    if (told !== undefined) this.#lose({ kind: "lost", modality, from: told + 1, to: Math.max(told + 1, Math.ceil(until) - 1), reason }, reason);
  }

  /** Tells a transition; see `SourceSignal`. `at` is event time, Unix ms. */
  async state(state: SourceState, at: number, detail?: string, witnesses?: readonly ModalityWitness[]): Promise<void> {
    const more = { ...(detail === undefined ? {} : { detail }), ...(witnesses === undefined ? {} : { witnesses }) };
    await this.#put([{ kind: "state", state, at, ...more }]);
  }

  /** Nothing more comes; what waits still goes out. */
  close(): void {
    this.#queue.close();
  }

  /** Nothing more comes, and what waits is dropped. */
  abandon(): void {
    this.#queue.close();
    for (const bundle of this.#queue.drain()) this.#drop(bundle, "shutdown");
    this.#carried = [];
    this.#lost.clear();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SourceSignal, void, undefined> {
    for await (const bundle of this.#queue) {
      if (this.#options.whenFull === "drop_oldest") yield* this.#takeLost();
      yield* this.#carried.splice(0);
      yield* bundle;
    }
  }

  /** In a replay a loss has its place among what is told, whenever that is taken. */
  async #put(bundle: readonly SourceSignal[]): Promise<void> {
    await this.#queue.put(this.#options.whenFull === "block" ? [...this.#takeLost(), ...bundle] : bundle);
  }

  #takeLost(): readonly SourceSignal[] {
    const lost = [...this.#lost.values()];
    this.#lost.clear();
    return lost;
  }

  #advance(modality: Modality, time: number): SourceSignal[] {
    if (time <= (this.#progress.get(modality) ?? -Infinity)) return [];
    this.#progress.set(modality, time);
    return [{ kind: "progress", modality, time }];
  }

  #drop(bundle: readonly SourceSignal[], reason: DropReason): void {
    const captures = bundle.filter((signal) => signal.kind === "capture").length;
    if (captures > 0) this.#options.onDropped(reason, captures);
    for (const signal of bundle) {
      this.#lose(signal, reason);
      if (signal.kind === "capture") releaseCapture(signal.capture);
    }
    const states = bundle.filter((signal) => signal.kind === "state");
    this.#carried = [...this.#carried, ...states].slice(-CARRIED_MAX);
  }

  /** What is dropped is told as one loss a modality, with the next that is not. */
  #lose(signal: SourceSignal, reason: DropReason): void {
    if (signal.kind !== "capture" && signal.kind !== "lost") return;
    const more = signal.kind === "lost" ? signal : lossOf(signal.capture, reason);
    const before = this.#lost.get(more.modality) ?? more;
    this.#lost.set(more.modality, { ...more, from: Math.min(before.from, more.from), to: Math.max(before.to, more.to) });
  }
}

/** What pictures hold, bytes. */
function picturesOf(bundle: readonly SourceSignal[]): number {
  return bundle.reduce((sum, signal) => (signal.kind === "capture" && signal.capture.modality === "image" ? sum + signal.capture.pixels.byteLength : sum), 0);
}

function lossOf({ modality, capturedAt }: Capture, reason: DropReason): Extract<SourceSignal, { kind: "lost" }> {
  return { kind: "lost", modality, from: capturedAt, to: capturedAt, reason };
}

/**
 * Everything that `run` tells through the outlet, until it resolves, the signal aborts or the consumer leaves; then `run`
 * has been aborted and has ended. Errors: those of `run`, after what it told before.
 */
export async function* observing(
  outlet: SignalOutlet,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<void>,
): AsyncGenerator<SourceSignal, void, undefined> {
  const left = new AbortController();
  const stop = (): void => {
    left.abort();
    outlet.abandon();
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const outcome = run(left.signal).then(
    () => undefined,
    (cause: unknown) => ({ cause }),
  );
  void outcome.then(() => outlet.close());
  try {
    yield* outlet;
    const failed = await outcome;
    if (failed !== undefined) throw failed.cause;
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
    await outcome;
  }
}
