// Keeps a live source alive: one reconnect loop, a watchdog over what arrives, and the judgement of its health.
import type { Modality } from "../../fusion/model/modality.js";
import { backoffDelaysMs, type BackoffOptions } from "../runtime/backoff.js";
import { delay, steadyNowMs, type Clock } from "../runtime/clock.js";
import { Liveness, type LivenessOptions, type StateChange } from "./liveness.js";
import type { SignalOutlet } from "./signal-outlet.js";
import type { RestartReason, SourceTelemetry } from "./source.js";

/** How patient a live source is with what it is connected to, ms. */
export interface PatienceOptions extends LivenessOptions {
  /** From the start of a connection to the first of every modality. */
  readonly startMs: number;
  /** Without anything of a modality, before the connection is given up. */
  readonly stallMs: number;
  readonly reconnect: BackoffOptions;
}

/** Patience that fits cameras and microphones on a local network. */
export const defaultPatience: PatienceOptions = {
  startMs: 20_000,
  stallMs: 10_000,
  steadyMs: 5_000,
  coolDownMs: 300_000,
  escalateMs: 60_000,
  failMs: 600_000,
  reconnect: { initialMs: 500, maxMs: 30_000, jitter: 0.5 },
};

/** How a connection ended; `atOnce`: the next one is not to wait, since it asks for something else. */
export interface ConnectionEnd {
  readonly reason: RestartReason;
  /** What happened, for the operator; no secrets. */
  readonly detail: string;
  readonly atOnce?: boolean;
  /** Event time from which on it gave nothing true, Unix ms; default: since what it produced last. */
  readonly since?: number;
}

/** What a connection sees of the loop that runs it. */
export interface Link {
  /** Aborts when the connection is to end. */
  readonly signal: AbortSignal;
  /** Something of this modality came in, for the watchdog. */
  arrived(modality: Modality): void;
  /** What came in is good, as of this event time: for the judgement of health. */
  produced(time: number): Promise<void>;
  /** Ends the connection for a reason of its own; `since`: event time from which on it gave nothing true. */
  end(reason: RestartReason, detail: string, since?: number): void;
}

/** Runs one connection until it ends or its signal aborts. "ended": there is no more, and that is as it should be. */
export type Connect = (link: Link) => Promise<ConnectionEnd | "ended">;

/** What a live run works with. */
export interface LiveRunOptions {
  readonly sourceId: string;
  /** What each connection has to give; read anew for each. */
  readonly expected: () => readonly Modality[];
  /** A modality did not come while others did. True: go on without it. */
  readonly onMissing: (modality: Modality) => boolean;
  readonly patience: PatienceOptions;
  readonly connect: Connect;
}

/** How often time is looked at, ms. */
const TICK_MS = 500;

/** Of failures that repeat with the same words, one in so many is told. */
const REPEATS_TOLD_EVERY = 20;

/** One run of a live source, from start to abort. */
export class LiveRun {
  readonly #options: LiveRunOptions;
  readonly #outlet: SignalOutlet;
  readonly #telemetry: SourceTelemetry;
  readonly #clock: Clock;
  readonly #liveness: Liveness;
  #connection: Connection | undefined;
  #lastDetail = "";
  #repeats = 0;

  constructor(options: LiveRunOptions, outlet: SignalOutlet, telemetry: SourceTelemetry, clock: Clock) {
    this.#options = options;
    this.#outlet = outlet;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#liveness = new Liveness(options.patience, clock.monotonicNowMs(), steadyNowMs(clock));
  }

  /** Connects again and again until the signal aborts or a connection says that there is no more. Errors: those of `connect`. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const ticking = this.#tick(AbortSignal.any([signal, over.signal]));
    try {
      await this.#outlet.state("starting", Math.round(this.#now()));
      await this.#keepConnected(signal);
    } finally {
      over.abort();
      await ticking;
    }
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    const { patience, sourceId } = this.#options;
    let delaysMs = backoffDelaysMs(patience.reconnect);
    while (!signal.aborted) {
      const end = await this.#connectOnce(signal);
      if (signal.aborted) return;
      if (end === "ended") return this.#outlet.state("ended", Math.round(this.#now()));
      if (end.atOnce === true) continue;
      if (this.#liveness.state === "healthy") delaysMs = backoffDelaysMs(patience.reconnect);
      this.#telemetry.restarted(sourceId, end.reason);
      this.#noteFailure(end);
      await this.#tell(this.#liveness.lost(this.#clock.monotonicNowMs(), this.#now(), end.since), end.detail);
      await delay(this.#clock, delaysMs.next().value, signal);
    }
  }

  async #connectOnce(signal: AbortSignal): Promise<ConnectionEnd | "ended"> {
    const connection = new Connection(this.#options, this.#clock, (time) => this.#produced(time));
    const abort = (): void => connection.abort();
    signal.addEventListener("abort", abort);
    this.#connection = connection;
    try {
      const end = await this.#options.connect(connection);
      return connection.ended ?? end;
    } finally {
      this.#connection = undefined;
      signal.removeEventListener("abort", abort);
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(this.#clock, TICK_MS, signal);
      if (signal.aborted) return;
      this.#connection?.watch();
      await this.#tell(this.#liveness.tick(this.#clock.monotonicNowMs(), this.#now()));
    }
  }

  async #produced(time: number): Promise<void> {
    await this.#tell(this.#liveness.produced(this.#clock.monotonicNowMs(), time));
  }

  async #tell(change: StateChange | undefined, detail?: string): Promise<void> {
    if (change !== undefined) await this.#outlet.state(change.state, change.at, detail);
  }

  #now(): number {
    return steadyNowMs(this.#clock);
  }

  #noteFailure({ reason, detail }: ConnectionEnd): void {
    this.#repeats = detail === this.#lastDetail ? this.#repeats + 1 : 0;
    this.#lastDetail = detail;
    if (this.#repeats % REPEATS_TOLD_EVERY !== 0) return;
    this.#telemetry.note(this.#options.sourceId, "warn", "connection lost: trying again", { reason, detail, repeats: this.#repeats });
  }
}

/** One connection, as its own code sees it, with the watchdog over what arrives. */
class Connection implements Link {
  readonly #options: LiveRunOptions;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #produced: (time: number) => Promise<void>;
  readonly #startedMs: number;
  readonly #arrivedMs = new Map<Modality, number>();
  readonly #expected: Set<Modality>;
  #ended: ConnectionEnd | undefined;

  constructor(options: LiveRunOptions, clock: Clock, produced: (time: number) => Promise<void>) {
    this.#options = options;
    this.#clock = clock;
    this.#produced = produced;
    this.#startedMs = clock.monotonicNowMs();
    this.#expected = new Set(options.expected());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was ended from our side; nothing if it was not. */
  get ended(): ConnectionEnd | undefined {
    return this.#ended;
  }

  abort(): void {
    this.#abort.abort();
  }

  arrived(modality: Modality): void {
    this.#arrivedMs.set(modality, this.#clock.monotonicNowMs());
  }

  async produced(time: number): Promise<void> {
    const complete = [...this.#expected].every((modality) => this.#arrivedMs.has(modality));
    if (complete && this.#ended === undefined) await this.#produced(time);
  }

  end(reason: RestartReason, detail: string, since?: number): void {
    this.#ended ??= { reason, detail, ...(since === undefined ? {} : { since }) };
    this.#abort.abort();
  }

  /** Ends the connection if something that it has to give stays away for too long. */
  watch(): void {
    const { startMs, stallMs } = this.#options.patience;
    const nowMs = this.#clock.monotonicNowMs();
    for (const modality of this.#expected) {
      const arrivedMs = this.#arrivedMs.get(modality);
      if (arrivedMs !== undefined && nowMs - arrivedMs >= stallMs) {
        return this.end("stall", `no ${NOUNS[modality]} for ${stallMs / 1000} s`);
      }
      if (arrivedMs !== undefined || nowMs - this.#startedMs < startMs) continue;
      if (this.#arrivedMs.size === 0 || !this.#options.onMissing(modality)) {
        return this.end("start_failed", `no ${NOUNS[modality]} within ${startMs / 1000} s of connecting`);
      }
      this.#expected.delete(modality);
    }
  }
}

const NOUNS: Readonly<Record<Modality, string>> = { image: "picture", audio: "sound", text: "text" };
