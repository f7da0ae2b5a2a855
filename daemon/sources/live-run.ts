// Keeps a live source alive: one reconnect loop, a watchdog over what arrives, and the judgement of its health.
import { FusiondError } from "../../fusion/model/errors.js";
import type { Modality } from "../../fusion/model/modality.js";
import { backoffDelaysMs, type BackoffOptions } from "../runtime/backoff.js";
import { delay, steadyNowMs, type Clock } from "../runtime/clock.js";
import { Connection, type Connect, type ConnectionEnd, type ConnectionPatience } from "./connection.js";
import { Liveness, type LivenessOptions, type StateChange } from "./liveness.js";
import { longestPauseMs } from "./pace.js";
import type { SignalOutlet } from "./signal-outlet.js";
import type { SourceTelemetry } from "./source.js";
import { WitnessBoard } from "./witness-board.js";

/** How patient a live source is with what it is connected to, ms. */
export interface PatienceOptions extends LivenessOptions, ConnectionPatience {
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
  reconnect: { initialMs: 500, maxMs: 4_000, jitter: 0.5 },
};

/** The same for a camera that is asked for so many pictures a second. */
export function patienceAt(fps: number): PatienceOptions {
  const stallMs = Math.max(defaultPatience.stallMs, longestPauseMs(fps));
  return { ...defaultPatience, stallMs, startMs: Math.max(defaultPatience.startMs, stallMs) };
}

/** What a live run works with. */
export interface LiveRunOptions {
  readonly sourceId: string;
  /** The first decides the source's state and is what a connection is for: it ends where that stays away. */
  readonly modalities: readonly [Modality, ...Modality[]];
  readonly patience: PatienceOptions;
  readonly connect: Connect;
  /** Waits while there is nothing to connect to; resolves with whether it had to. Absent: one never knows. */
  readonly untilBack?: (signal: AbortSignal) => Promise<boolean>;
}

/** How often time is looked at, ms. */
const TICK_MS = 500;

/** A connection that gave something true for so long was a good one: the next failure is tried again at once, ms. */
const FLOWING_MS = 2000;

/** After a wrong password nothing is tried for so long: some cameras lock an account out after five in a row, ms. */
const LOCKING_PAUSE_MS = 60_000;

/** Of failures that repeat with the same words, one in so many is told. */
const REPEATS_TOLD_EVERY = 20;

/** One run of a live source, from start to abort. */
export class LiveRun {
  readonly #options: LiveRunOptions;
  readonly #outlet: SignalOutlet;
  readonly #telemetry: SourceTelemetry;
  readonly #clock: Clock;
  readonly #liveness: Liveness;
  readonly #witnesses: WitnessBoard;
  #connection: Connection | undefined;
  /** Whether a connection was tried before: what is missing at the first one was never there. */
  #hasConnected = false;
  /** Why the source is not healthy, as last seen. */
  #why = "";
  #toldWhy = "";
  #repeats = 0;

  constructor(options: LiveRunOptions, outlet: SignalOutlet, telemetry: SourceTelemetry, clock: Clock) {
    this.#options = options;
    this.#outlet = outlet;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#liveness = new Liveness(options.patience, clock.monotonicNowMs(), steadyNowMs(clock));
    this.#witnesses = new WitnessBoard(options.modalities, steadyNowMs(clock), "nothing came yet");
  }

  /** Connects again and again until the signal aborts or a connection says that there is no more. Errors: those of `connect`. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const ticking = this.#tick(AbortSignal.any([signal, over.signal]));
    try {
      await this.#tell({ state: "starting", at: Math.round(this.#now()) });
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
      const { end, flowedMs } = await this.#connectOnce(signal);
      if (signal.aborted) return;
      if (end === "ended") return this.#end();
      if (end.atOnce === true) continue;
      if (flowedMs >= FLOWING_MS) delaysMs = backoffDelaysMs(patience.reconnect);
      this.#telemetry.restarted(sourceId, end.reason, end.detail);
      this.#noteFailure(end);
      await this.#lost(end.detail);
      const cameBack = (await this.#options.untilBack?.(signal)) ?? false;
      const pauseMs = end.isLocking === true ? LOCKING_PAUSE_MS : delaysMs.next().value;
      if (!cameBack) await delay(this.#clock, pauseMs, signal);
    }
  }

  async #connectOnce(signal: AbortSignal): Promise<{ end: ConnectionEnd | "ended"; flowedMs: number }> {
    this.#outlet.absent = [];
    const connection = new Connection(this.#options, this.#clock, {
      shown: (modality, time) => this.#shown(modality, time),
      blind: (modality, why, since) => this.#blind(modality, why, since),
      absent: (modalities) => (this.#outlet.absent = modalities),
    });
    const abort = (): void => connection.abort();
    signal.addEventListener("abort", abort);
    this.#connection = connection;
    try {
      const end = await this.#options.connect(connection);
      return { end: connection.ended ?? end, flowedMs: connection.flowedMs };
    } catch (error) {
      if (!(error instanceof FusiondError) || !this.#mayPass(error)) throw error;
      return { end: { reason: "start_failed", detail: error.message }, flowedMs: connection.flowedMs };
    } finally {
      this.#connection = undefined;
      this.#hasConnected = true;
      signal.removeEventListener("abort", abort);
    }
  }

  /** What the machine cannot give now it may give later, a program that was there before too: the other sources go on. */
  #mayPass({ code }: FusiondError): boolean {
    return code === "resources_exhausted" || (code === "dependency_missing" && this.#hasConnected);
  }

  async #tick(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(this.#clock, TICK_MS, signal);
      if (signal.aborted) return;
      await this.#connection?.watch();
      const change = this.#liveness.tick(this.#clock.monotonicNowMs(), this.#now());
      if (change !== undefined) await this.#tell(change, this.#why);
    }
  }

  async #shown(modality: Modality, time: number): Promise<void> {
    const seesAgain = this.#witnesses.shown(modality, time);
    const judged = modality === this.#options.modalities[0];
    const change = judged ? this.#liveness.produced(this.#clock.monotonicNowMs(), time) : undefined;
    if (change !== undefined || seesAgain) await this.#tell(change ?? { state: this.#liveness.state, at: Math.round(time) });
  }

  async #blind(modality: Modality, why: string, since?: number): Promise<void> {
    const isNew = this.#witnesses.blind(modality, why, since);
    const judged = modality === this.#options.modalities[0];
    if (judged) this.#why = why;
    const change = judged ? this.#liveness.lost(this.#clock.monotonicNowMs(), this.#now(), since) : undefined;
    if (change !== undefined) await this.#tell(change, why);
    else if (isNew) await this.#tell({ state: this.#liveness.state, at: Math.round(this.#now()) }, judged ? why : undefined);
  }

  /** The connection has gone, and every modality with it. One message says so. */
  async #lost(why: string): Promise<void> {
    this.#why = why;
    const blinded = this.#options.modalities.filter((modality) => this.#witnesses.blind(modality, why));
    const change = this.#liveness.lost(this.#clock.monotonicNowMs(), this.#now());
    if (change !== undefined) await this.#tell(change, why);
    else if (blinded.length > 0) await this.#tell({ state: this.#liveness.state, at: Math.round(this.#now()) }, why);
  }

  async #end(): Promise<void> {
    for (const modality of this.#options.modalities) this.#witnesses.blind(modality, "it has ended");
    await this.#tell({ state: "ended", at: Math.round(this.#now()) });
  }

  async #tell({ state, at }: StateChange, detail?: string): Promise<void> {
    await this.#outlet.state(state, at, detail, this.#witnesses.all);
  }

  #now(): number {
    return steadyNowMs(this.#clock);
  }

  #noteFailure({ reason, detail }: ConnectionEnd): void {
    this.#repeats = detail === this.#toldWhy ? this.#repeats + 1 : 0;
    this.#toldWhy = detail;
    if (this.#repeats % REPEATS_TOLD_EVERY !== 0) return;
    this.#telemetry.note(this.#options.sourceId, "warn", "connection lost: trying again", { reason, detail, repeats: this.#repeats });
  }
}
