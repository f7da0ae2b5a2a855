// A tower in a child process that may crash or hang without anyone losing more than one capture.
import { assertInvariant, FusiondError, messageOf } from "../fusion/model/errors.js";
import type { Observation } from "../fusion/model/observation.js";
import type { Capture } from "./capture.js";
import type { Encoded, Encoder, EncoderTelemetry } from "./encoder.js";
import type { CaptureResult, StartMessage } from "./host-protocol.js";
import { observationOf } from "./observations.js";
import type { Pack } from "./pack.js";
import { towerSpec, type Device, type ImageGateOptions, type ModelCapture } from "./tower-spec.js";
import { TowerChild, type Spawn } from "./tower-child.js";
import { VectorMonitor } from "./vector-monitor.js";

/** What a tower's host needs. */
export interface EncoderHostOptions {
  readonly modality: "image" | "audio";
  readonly pack: Pack;
  readonly device: Device;
  /** Threads of one inference; 1 leaves the machine to others. */
  readonly threads: number;
  readonly gate: ImageGateOptions;
  readonly spawn: Spawn;
  readonly telemetry: EncoderTelemetry;
  /** How long one request may take before the child is killed, ms. Default 5000. */
  readonly deadlineMs?: number;
  /** How long loading and proving may take, ms. Default 60000. */
  readonly startDeadlineMs?: number;
  /** Captures that may wait; more are rejected. Default 64. */
  readonly waitingMax?: number;
  /** Whether a source gives on while its captures wait, so that scans are put off where the tower is behind. Default: none does. */
  readonly isLive?: (sourceId: string) => boolean;
}

/** A capture that waited for this long says that the tower is behind, ms: the scan, which can wait, is put off then. */
const BEHIND_MS = 100;
/** First and longest wait before a child that keeps going down is started again, ms. */
const BACKOFF_MS = { first: 250, max: 30_000 };
/** Captures wait for a child that comes back within this time, ms; otherwise they are rejected. */
const PATIENCE_MS = 1000;
/** And for one that is being started, which takes some seconds where it goes well, ms. */
const START_PATIENCE_MS = 10_000;

/** What the gate and the graphs made of a capture. */
type Gated = Exclude<CaptureResult, { readonly error: string }>;

interface Job {
  readonly capture: ModelCapture;
  readonly resolve: (encoded: Encoded) => void;
  readonly reject: (error: FusiondError) => void;
  /** It was under way when a child was lost. */
  tried: boolean;
}

/**
 * Runs the image or audio tower of a pack in a child process.
 *
 * Order: results come in the order of the calls. Bound: `waitingMax` captures. A child that is lost while it works is
 * replaced and the capture tried once more; the gate's memory of the cameras is lost with it and warms up again.
 */
export class EncoderHost implements Encoder {
  readonly modality: "image" | "audio";
  readonly space: string;
  readonly dimensions: number;
  readonly #options: EncoderHostOptions;
  readonly #monitor: VectorMonitor;
  readonly #stopped = new AbortController();
  #waiting: Job[] = [];
  #child: TowerChild | undefined;
  #device: Device;
  #batchMax = 1;
  #busy = false;
  /** Set while no child can be had: what captures are rejected with. */
  #down: FusiondError | undefined;
  #failuresInRow = 0;
  /** Why it takes no captures, or makes nothing of them, as it was told last. */
  #fault: string | undefined;
  #idle: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: EncoderHostOptions) {
    this.modality = options.modality;
    this.space = options.pack.manifest.space;
    this.dimensions = options.pack.manifest.dimensions;
    this.#options = options;
    this.#device = options.device;
    this.#monitor = new VectorMonitor(this.dimensions);
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#launch(signal);
    } catch (error) {
      // A driver that takes the process down while "auto" tries it out must not take the daemon down.
      if (this.#device !== "auto" || signal.aborted || !(error instanceof FusiondError) || error.code !== "encode_failed") throw error;
      this.#device = "cpu";
      this.#options.telemetry.restarted(this.modality, "crash");
      await this.#launch(signal);
    }
  }

  encode(capture: Capture): Promise<Encoded> {
    if (capture.modality !== this.modality) return this.#refuse(`the tower of ${this.modality} was given ${capture.modality}`);
    if (this.#stopping !== undefined) return this.#refuse(`the tower of ${this.modality} is being stopped`);
    if (this.#down !== undefined) return this.#refuse(this.#down.message);
    if (this.#waiting.length >= (this.#options.waitingMax ?? 64)) return this.#refuse(`the tower of ${this.modality} is behind: too many captures wait`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ capture, resolve, reject, tried: false });
      this.#pump();
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    if ((this.#busy || this.#waiting.length > 0) && this.#down === undefined) {
      await new Promise<void>((resolve) => (this.#idle = resolve));
    }
    this.#stopped.abort();
    this.#rejectWaiting(new FusiondError("encode_failed", `the tower of ${this.modality} was stopped`));
    await this.#child?.stop();
  }

  #refuse(message: string): Promise<never> {
    this.#options.telemetry.failed(this.modality, "encode_failed");
    return Promise.reject(new FusiondError("encode_failed", message));
  }

  async #launch(signal: AbortSignal): Promise<void> {
    const child = new TowerChild({
      spawn: this.#options.spawn,
      start: startMessage(this.#options, this.#device),
      startDeadlineMs: this.#options.startDeadlineMs ?? 60_000,
      deadlineMs: this.#options.deadlineMs ?? 5000,
      onLost: (reason) => {
        assertInvariant(this.#child === child, "a lost child was the one in use");
        this.#child = undefined;
        this.#options.telemetry.restarted(this.modality, reason);
        this.#tellFault(`the tower of ${this.modality} was lost and is started again`);
        void this.#replace();
      },
    });
    const ready = await child.start(signal);
    if (this.#stopped.signal.aborted) {
      await child.stop();
      throw new FusiondError("encode_failed", `the tower of ${this.modality} was stopped while it started`);
    }
    this.#child = child;
    this.#batchMax = ready.batchMax;
    this.#down = undefined;
    this.#options.telemetry.provider(this.modality, ready.provider);
    this.#tellFault(this.#collapse());
    this.#pump();
  }

  /** Starts a new child, at once after a first failure, then with growing waits, until one comes up or the tower is stopped. */
  async #replace(): Promise<void> {
    const signal = this.#stopped.signal;
    while (!signal.aborted) {
      const waitMs = this.#failuresInRow === 0 ? 0 : Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** (this.#failuresInRow - 1));
      this.#failuresInRow++;
      if (waitMs > PATIENCE_MS) this.#giveUpOnWaiting(new FusiondError("encode_failed", `the tower of ${this.modality} keeps crashing and is started again in ${waitMs} ms`));
      await pause(waitMs, signal);
      if (signal.aborted) return;
      const slow = setTimeout(() => this.#giveUpOnWaiting(new FusiondError("encode_timeout", `the tower of ${this.modality} is started again and does not answer yet`)), START_PATIENCE_MS);
      try {
        await this.#launch(signal);
        return;
      } catch (cause) {
        this.#giveUpOnWaiting(new FusiondError("encode_failed", `the tower of ${this.modality} cannot be started again: ${messageOf(cause)}`, { cause }));
      } finally {
        clearTimeout(slow);
      }
    }
  }

  #giveUpOnWaiting(error: FusiondError): void {
    this.#down = error;
    this.#tellFault(error.message);
    this.#rejectWaiting(error);
  }

  #tellFault(fault: string | undefined): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#options.telemetry.serving(this.modality, fault);
  }

  /** What a tower that gives one vector for everything is refused with; nothing where it does not. */
  #collapse(): string | undefined {
    return this.#monitor.collapsed ? `the tower of ${this.modality} has collapsed: whatever it is given, it makes the same of it` : undefined;
  }

  #rejectWaiting(error: FusiondError): void {
    for (const job of this.#waiting.splice(0)) this.#fail(job, error);
    this.#noteIdle();
  }

  #fail(job: Job, error: FusiondError): void {
    this.#options.telemetry.failed(this.modality, error.code);
    job.reject(error);
  }

  /** Hands the next captures to the child, if it is free. What was tried before goes alone: it may have killed its child. */
  #pump(): void {
    const first = this.#waiting[0];
    if (this.#busy || this.#child === undefined || first === undefined) return;
    const jobs = this.#waiting.splice(0, this.modality === "image" || first.tried ? 1 : this.#batchMax);
    this.#busy = true;
    void this.#run(this.#child, jobs).finally(() => {
      this.#busy = false;
      this.#pump();
      this.#noteIdle();
    });
  }

  async #run(child: TowerChild, jobs: readonly Job[]): Promise<void> {
    try {
      const isBusy = this.#isBehind(jobs);
      const results = await child.encode(jobs.map((job) => job.capture), isBusy);
      this.#failuresInRow = 0;
      if (isBusy) for (const { capture } of jobs) this.#options.telemetry.scanPutOff(capture.sourceId);
      this.#deliver(jobs, results);
    } catch (error) {
      const failure = error instanceof FusiondError ? error : new FusiondError("encode_failed", messageOf(error), { cause: error });
      const again = jobs.filter((job) => !job.tried);
      for (const job of jobs) if (job.tried) this.#fail(job, failure);
      for (const job of again) job.tried = true;
      this.#waiting.unshift(...again);
      if (this.#down !== undefined) this.#rejectWaiting(this.#down);
    }
  }

  /** A replay waits for the tower, however long, and must give the same again. */
  #isBehind(jobs: readonly Job[]): boolean {
    const { gate, isLive = () => false } = this.#options;
    const nowMs = performance.now();
    const canWait = ({ sourceId, modality }: ModelCapture): boolean => modality === "image" && isLive(sourceId) && gate.cameras.get(sourceId)?.scanRate !== 0;
    return jobs.some(({ capture }) => nowMs - capture.receivedAtMs > BEHIND_MS && canWait(capture));
  }

  #deliver(jobs: readonly Job[], results: readonly CaptureResult[]): void {
    assertInvariant(results.length === jobs.length, "one result for each capture");
    let runMs = 0;
    let vectors = 0;
    for (const [i, job] of jobs.entries()) {
      const result = results[i] as CaptureResult;
      if ("error" in result) {
        this.#fail(job, new FusiondError("encode_failed", result.error));
        continue;
      }
      runMs += result.encodeMs;
      vectors += result.samples.length;
      const places = result.samples.filter(({ place }) => place !== undefined).length;
      const tookMs = result.scan === undefined ? undefined : job.capture.capturedAt - result.scan.from;
      if (places > 0) this.#options.telemetry.scanned(job.capture.sourceId, places, tookMs);
      job.resolve({ ...this.#encoded(job.capture, result), encodeMs: result.encodeMs });
    }
    this.#tellFault(this.#collapse());
    this.#options.telemetry.encoded(this.modality, runMs, vectors);
  }

  #encoded(capture: ModelCapture, { samples, scan, ...gated }: Gated): Omit<Encoded, "encodeMs"> {
    let { unseen } = gated;
    const { modality } = capture;
    const observations: Observation[] = [];
    for (const [index, sample] of samples.entries()) {
      const fault = this.#monitor.judge(sample.vector, sample.inputCrc);
      if (fault === undefined) {
        observations.push(observationOf(capture, index, sample, this.space));
        continue;
      }
      this.#options.telemetry.rejected(modality, fault);
      unseen = `the tower of ${modality} made no vector of it (${fault})`;
    }
    if (samples.length > 0) this.#options.telemetry.variance(modality, this.#monitor.variance);
    unseen = this.#collapse() ?? unseen;
    const isWhole = scan !== undefined && unseen === undefined; // what has no vector was not looked at
    return { observations, ...(unseen === undefined ? {} : { unseen }), ...(isWhole ? { scan } : {}) };
  }

  #noteIdle(): void {
    if (!this.#busy && this.#waiting.length === 0) this.#idle?.();
  }
}

function startMessage({ modality, pack, threads, gate }: EncoderHostOptions, device: Device): StartMessage {
  return { kind: "start", tower: towerSpec(pack, modality), device, threads, gate };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
