// One share of the sources, perceived in a child process that may crash, hang or flood without anyone else noticing.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { Input } from "../../fusion/watermark.js";
import { readReport, type Known, type Refusal } from "../report/check-report.js";
import type { HealthReport, Report, ReportBase, WitnessReport } from "../report/report.js";
import { delay, steadyNowMs, type Clock } from "../runtime/clock.js";
import { makeCall, type ProcessTelemetry } from "./forwarded.js";
import type { HostTelemetry } from "./host-telemetry.js";
import type { LossReason } from "./loss-reasons.js";
import { PerceptionProcess, type Spawn } from "./perception-process.js";
import { PROTOCOL_VERSION, REPORTS_UNDER_WAY_MAX, type Configure, type Told, type WaitingInput } from "./protocol.js";
import { errorOf } from "./told-error.js";

/** What a process is to perceive, apart from what is new each time that it is started. */
export type PerceptionShare = Omit<Configure, "kind" | "version" | "run">;

/** What a host is made with. */
export interface PerceptionHostOptions {
  /** What metrics, log and health call it. */
  readonly name: string;
  /** Asked before each start, since what it says may have changed. */
  readonly share: () => PerceptionShare;
  /** Every input of its sources, those of a source one after another. */
  readonly inputs: readonly Input[];
  /** A number that was never given before, durably. */
  readonly nextRun: () => Promise<number>;
  /** Takes secrets out of the last words of a process, which are told. */
  readonly redact: (text: string) => string;
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** What its reports are measured by. */
  readonly known: () => Known;
  /** Takes the reports of its sources, those of an input in order; more wait meanwhile. */
  readonly take: (report: Report) => void | Promise<void>;
  /** Is told of a report that was refused, and why; others of its process are taken. */
  readonly refuse: (report: Report, why: string) => void;
  readonly telemetry: ProcessTelemetry & { readonly host: HostTelemetry };
  /** How long an inference, or silence, may last before the process is killed, ms. Default 5000. */
  readonly deadlineMs?: number;
  /** How long loading and proving may take, ms. Default 60000. */
  readonly startDeadlineMs?: number;
}

/** First and longest wait before a process that keeps going down is started again, ms. */
const BACKOFF_MS = { first: 250, max: 30_000 };
/** A process that perceived for so long has not just failed, ms. */
const STEADY_MS = 30_000;
/** Reports that wait here: a process that keeps to what was agreed never tells more. */
const REPORTS_MAX = 2 * REPORTS_UNDER_WAY_MAX;

/** What is known of an input, to go on from if its process dies. */
interface Trace {
  readonly input: Input;
  base: ReportBase | undefined;
  /** All that ended until then was told. */
  toldTo: number | undefined;
  isOver: boolean;
}

/**
 * Keeps a perception process running. One that crashes, gives no sign of life, works on one inference for too long or tells
 * more than is taken in is killed and replaced: at once after a first failure, then with growing waits. From what was told
 * last until they tell again, its sources are recovering and witness nothing.
 *
 * Bound: REPORTS_MAX reports. What a lost process held is counted as dropped, as far as it had said how much that was.
 */
export class PerceptionHost {
  readonly #options: PerceptionHostOptions;
  readonly #traces: readonly Trace[];
  readonly #stopped = new AbortController();
  #child: PerceptionProcess | undefined;
  #waiting: Uint8Array[] = [];
  #waitingInputs: readonly WaitingInput[] = [];
  #taking: Promise<void> = Promise.resolve();
  #isTaking = false;
  /** The process of which something was lost on its way: nothing that it told after that is taken, or what was lost would pass for not there. */
  #broken: PerceptionProcess | undefined;
  /** Set once a driver took a process down that was to find the best device. */
  #onlyCpu = false;
  /** The device that the last process was asked for. */
  #device: Configure["device"] | undefined;
  #hasBegun = false;
  #failuresInRow = 0;
  #readyAtMs = 0;
  /** Why it does not perceive, as it was told last. */
  #fault: string | undefined = "it was not started yet";
  #replacing: Promise<void> = Promise.resolve();
  readonly #ended: Promise<void>;
  #end!: { readonly resolve: () => void; readonly reject: (error: Error) => void };

  constructor(options: PerceptionHostOptions) {
    this.#options = options;
    this.#traces = options.inputs.map((input) => ({ input, base: undefined, toldTo: undefined, isOver: false }));
    this.#ended = new Promise((resolve, reject) => (this.#end = { resolve, reject }));
    this.#ended.catch(() => undefined); // told by `ended`
  }

  /** The process that perceives now; undefined while there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when a first process has proved its towers. Errors: FusiondError, which end the start. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#launch(signal);
    } catch (error) {
      if (signal.aborted || !this.#fallsBack(error)) throw error;
      this.#options.telemetry.host.restarted(this.#options.name, "crash");
      await this.#launch(signal);
    }
  }

  /** Lets sources be started, now and in whatever process takes over; their reports are taken from now on. */
  begin(): void {
    this.#hasBegun = true;
    this.#child?.begin();
  }

  /** Resolves when every source has ended by itself; rejects if one cannot go on. */
  ended(): Promise<void> {
    return this.#ended;
  }

  /** Resolves when the process has told what it had, unless the signal aborts, that is taken in, and it has gone. Idempotent. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped.abort();
    await this.#child?.stop(signal);
    await this.#replacing;
    await this.#taking;
  }

  /** A driver that takes the process down while the best device is looked for must not take perception down. */
  #fallsBack(error: unknown): boolean {
    const falls = !this.#onlyCpu && this.#device === "auto" && error instanceof FusiondError && error.code === "encode_failed";
    this.#onlyCpu ||= falls;
    return falls;
  }

  async #launch(signal: AbortSignal): Promise<void> {
    const { name, spawn, share, nextRun, deadlineMs = 5000, startDeadlineMs = 60_000 } = this.#options;
    const { device, sources, ...rest } = share();
    this.#device = device;
    const left = sources.filter(({ id }) => this.#traces.some(({ input, isOver }) => input.sourceId === id && !isOver));
    const run = await nextRun();
    const child: PerceptionProcess = new PerceptionProcess({
      ...{ name, spawn, deadlineMs, startDeadlineMs },
      configure: { kind: "configure", version: PROTOCOL_VERSION, run, device: this.#onlyCpu ? "cpu" : device, sources: left, ...rest },
      onTold: (told) => this.#heard(child, told),
      onLost: (reason, how) => {
        this.#replacing = this.#replace(reason, this.#options.redact(how)).catch((error: unknown) => this.#end.reject(asError(error)));
      },
    });
    this.#child = child;
    try {
      await child.start(signal);
    } catch (error) {
      this.#child = undefined;
      throw error;
    }
    this.#readyAtMs = this.#options.clock.monotonicNowMs();
    this.#tellFault(undefined);
    if (this.#stopped.signal.aborted) await child.stop(this.#stopped.signal);
    else if (this.#hasBegun) child.begin();
  }

  #heard(child: PerceptionProcess, told: Exclude<Told, { kind: "ready" | "refused" }>): void {
    const { telemetry, name } = this.#options;
    switch (told.kind) {
      case "told":
        for (const call of told.calls) makeCall(call, telemetry);
        if (told.callsLost > 0) telemetry.host.callsLost(name, told.callsLost);
        if (told.beat !== undefined) this.#tellWaiting(told.beat.waiting);
        this.#queue(child, told.reports);
        break;
      case "ended":
        void this.#taking.then(() => this.#end.resolve());
        break;
      case "failed":
        this.#end.reject(errorOf(told.error));
    }
  }

  #queue(child: PerceptionProcess, reports: readonly Uint8Array[]): void {
    const isBroken = this.#broken === child;
    const room = isBroken ? 0 : REPORTS_MAX - this.#waiting.length;
    this.#waiting.push(...reports.slice(0, Math.max(0, room)));
    const lost = reports.slice(Math.max(0, room));
    if (lost.length > 0 && !isBroken) {
      this.#broken = child;
      child.kill("flood");
    }
    this.#countDropped(lost);
    if (!this.#isTaking) this.#taking = this.#takeAll().catch((error: unknown) => this.#end.reject(asError(error)));
  }

  #countDropped(reports: readonly Uint8Array[]): void {
    for (const bytes of reports) {
      const read = readReport(bytes, this.#options.known());
      if (read.report !== undefined) this.#options.telemetry.perception.dropped(read.report.sourceId, "overload", 1);
    }
  }

  async #takeAll(): Promise<void> {
    this.#isTaking = true;
    while (this.#waiting.length > 0) {
      const reports = this.#waiting;
      this.#waiting = [];
      for (const [i, bytes] of reports.entries()) {
        const read = readReport(bytes, this.#options.known());
        if (read.fault === undefined) await this.#take(read.report);
        else if (read.report !== undefined) this.#refused(read, read.report);
        else {
          this.#garbled(read);
          this.#countDropped([...reports.slice(i + 1), ...this.#waiting.splice(0)]);
          break;
        }
      }
      this.#child?.taken(reports.length);
    }
    this.#isTaking = false;
  }

  async #take(report: Report): Promise<void> {
    this.#trace(report);
    const taken = this.#options.take(report);
    if (taken !== undefined) await taken;
  }

  /** One input tells what cannot be taken in: the others of its process are not to suffer for it. */
  #refused(refusal: Refusal, report: Report): void {
    this.#options.telemetry.host.refused(this.#options.name, refusal);
    this.#options.refuse(report, refusal.why);
  }

  /** What tells a thing that nobody can read is not to be trusted with the rest. */
  #garbled(refusal: Refusal): void {
    this.#options.telemetry.host.refused(this.#options.name, refusal);
    this.#broken = this.#child;
    this.#child?.kill("garbled");
  }

  #trace(report: Report): void {
    const trace = this.#traces.find(({ input }) => input.sourceId === report.sourceId && input.modality === report.modality);
    if (trace === undefined) return;
    const { site, encoders, sourceId, modality, run, seq } = report;
    trace.base = { site, encoders, sourceId, modality, run, seq };
    if (report.kind === "witness") trace.toldTo ??= report.at - 1; // nothing was told since
    if (report.kind === "progress") trace.toldTo = Math.max(report.time, trace.toldTo ?? -Infinity);
    if (report.kind === "end") trace.isOver = true;
  }

  /** Starts a new process, at once after a first failure, then with growing waits, until one comes up or the host is stopped. */
  async #replace(reason: LossReason, how: string): Promise<void> {
    const { clock, telemetry, name } = this.#options;
    const { signal } = this.#stopped;
    this.#child = undefined;
    if (clock.monotonicNowMs() - this.#readyAtMs > STEADY_MS) this.#failuresInRow = 0;
    telemetry.host.restarted(name, reason);
    this.#tellFault(how);
    this.#countLost();
    await this.#taking; // what it had told first
    await this.#tellBlind(how);
    while (!signal.aborted) {
      const waitMs = this.#failuresInRow === 0 ? 0 : Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** (this.#failuresInRow - 1));
      this.#failuresInRow++;
      if (waitMs > 0) await delay(clock, waitMs, signal);
      if (signal.aborted) return;
      try {
        await this.#launch(signal);
        return;
      } catch (error) {
        if (!signal.aborted) this.#tellFault(`perception process ${name} cannot be started again: ${messageOf(error)}`);
        this.#fallsBack(error);
      }
    }
  }

  #countLost(): void {
    for (const { sourceId, size } of this.#waitingInputs) if (size > 0) this.#options.telemetry.perception.dropped(sourceId, "failed", size);
    this.#tellWaiting([]);
  }

  /** Its sources are recovering, and from what was told of them last nobody has looked. */
  async #tellBlind(why: string): Promise<void> {
    const at = Math.ceil(steadyNowMs(this.#options.clock));
    const left = this.#traces.filter(({ isOver, base }) => !isOver && base !== undefined);
    const told = new Set<string>();
    for (const trace of left) {
      const { sourceId } = trace.input;
      if (told.has(sourceId)) continue;
      told.add(sourceId);
      const witnesses = left.filter(({ input }) => input.sourceId === sourceId).map(({ input, toldTo }) => ({ modality: input.modality, healthy: false, at: toldTo === undefined ? at : toldTo + 1, why }));
      await this.#options.take(this.#next(trace, { kind: "health", state: "recovering", at, detail: why, witnesses }));
    }
    for (const trace of left) {
      await this.#options.take(this.#next(trace, { kind: "witness", at: trace.toldTo === undefined ? at : trace.toldTo + 1, healthy: false, why }));
    }
  }

  /** The report that follows those which the process told of an input. */
  #next(trace: Trace, body: Omit<HealthReport, keyof ReportBase> | Omit<WitnessReport, keyof ReportBase>): Report {
    const { base } = trace;
    if (base === undefined) throw new Error("invariant broken: something was told of the input");
    trace.base = { ...base, seq: base.seq + 1 };
    return { ...trace.base, ...body };
  }

  #tellFault(fault: string | undefined): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#options.telemetry.host.perceiving(this.#options.name, fault, this.pid);
  }

  #tellWaiting(inputs: readonly WaitingInput[]): void {
    this.#waitingInputs = inputs;
    this.#options.telemetry.host.waiting(this.#options.name, inputs);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
