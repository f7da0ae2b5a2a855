// The tower of pictures or of sound, in the process that it is made in.
import { assertInvariant, FusiondError } from "../../fusion/model/errors.js";
import type { Unnumbered } from "../../fusion/model/observation.js";
import type { Capture } from "../capture.js";
import type { Encoded, Encoder, EncoderTelemetry } from "../encoder.js";
import { observationOf } from "../observations.js";
import type { Pack } from "../pack.js";
import { towerSpec, type Device, type ImageGateOptions, type ModelCapture } from "../tower-spec.js";
import { VectorMonitor } from "../vector-monitor.js";
import { ImageCutter } from "./image-cutter.js";
import { encodeLooks, inputsOf, lookAt, type Encodings, type Gate, type TimedLook } from "./look.js";
import { Model } from "./model.js";
import { loadOpenCv } from "./opencv.js";
import { SoundCutter } from "./sound-cutter.js";

/** What a tower is made with. */
export interface TowerOptions {
  readonly modality: "image" | "audio";
  readonly pack: Pack;
  readonly device: Device;
  /** Threads of one inference; 1 leaves the machine to others. */
  readonly threads: number;
  readonly gate: ImageGateOptions;
  readonly telemetry: EncoderTelemetry;
  /** Captures that may wait; more are rejected. Default 64. */
  readonly waitingMax?: number;
  /** Whether a source gives on while its captures wait: its scans are put off where the tower is behind. Default: none does. */
  readonly isLive?: (sourceId: string) => boolean;
}

/** A capture that waited for this long says that the tower is behind, ms: the scan, which can wait, is put off then. */
const BEHIND_MS = 100;
/**
 * So long do the pieces of live pictures wait for more to be run with, ms: of eight in a run each costs half of what it costs
 * alone. Windows of sound gain a tenth, and do not wait. Measured in docs/benchmarks.md.
 */
const GATHER_MS = { image: 20, audio: 0 } as const;

interface Job {
  readonly capture: ModelCapture;
  readonly resolve: (encoded: Encoded) => void;
  readonly reject: (error: FusiondError) => void;
}

interface Looked {
  readonly job: Job;
  readonly look: TimedLook;
}

/**
 * Runs the image or audio tower of a pack: gate, then graphs over what several captures gave.
 *
 * Order: results come in the order of the calls. Bound: `waitingMax` captures, of which a piece waits GATHER_MS at most for
 * others to be run with. Inference blocks the thread that the tower is made on, and a runtime that crashes ends the process.
 */
export class Tower implements Encoder {
  readonly modality: "image" | "audio";
  readonly space: string;
  readonly dimensions: number;
  readonly #options: TowerOptions;
  readonly #monitor: VectorMonitor;
  readonly #waiting: Job[] = [];
  #proved: { readonly gate: Gate; readonly model: Model } | undefined;
  /** Since when it works on the captures that are under way, monotonic ms. */
  #sinceMs: number | undefined;
  #working: Promise<void> = Promise.resolve();
  #isWorking = false;
  /** Wakes who waits for more pieces. */
  #more: (() => void) | undefined;
  /** Why it makes nothing of what it is given, as it was told last. */
  #fault: string | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: TowerOptions) {
    this.modality = options.modality;
    this.space = options.pack.manifest.space;
    this.dimensions = options.pack.manifest.dimensions;
    this.#options = options;
    this.#monitor = new VectorMonitor(this.dimensions);
  }

  /** How long the captures that are under way have been, ms; 0: none is. */
  get underWayMs(): number {
    return this.#sinceMs === undefined ? 0 : performance.now() - this.#sinceMs;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { modality, pack, device, threads, gate: gateOptions, telemetry } = this.#options;
    const spec = towerSpec(pack, modality);
    const gate = modality === "image" ? new ImageCutter(spec, gateOptions, loadOpenCv()) : new SoundCutter(spec);
    const model = await Model.open(spec, device, threads);
    if (signal.aborted || this.#stopping !== undefined) {
      await model.release();
      signal.throwIfAborted();
      throw new FusiondError("encode_failed", `the tower of ${modality} was stopped while it started`);
    }
    this.#proved = { gate, model };
    telemetry.provider(modality, model.provider);
  }

  encode(capture: Capture): Promise<Encoded> {
    if (capture.modality !== this.modality) return this.#refuse(`the tower of ${this.modality} was given ${capture.modality}`);
    if (this.#stopping !== undefined) return this.#refuse(`the tower of ${this.modality} is being stopped`);
    if (this.#proved === undefined) return this.#refuse(`the tower of ${this.modality} was not started`);
    if (this.#waiting.length >= (this.#options.waitingMax ?? 64)) return this.#refuse(`the tower of ${this.modality} is behind: too many captures wait`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ capture, resolve, reject });
      this.#more?.();
      if (!this.#isWorking) this.#working = this.#work();
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    this.#more?.();
    await this.#working;
    await this.#proved?.model.release();
    this.#proved = undefined;
  }

  #refuse(message: string): Promise<never> {
    this.#options.telemetry.failed(this.modality, "encode_failed");
    return Promise.reject(new FusiondError("encode_failed", message));
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      const { gate, model } = this.#running();
      this.#sinceMs = performance.now();
      const looked = await this.#gather(gate, model.batchMax);
      this.#deliver(looked, await encodeLooks(model, looked.map(({ look }) => look)));
    }
    this.#sinceMs = undefined;
    this.#isWorking = false;
  }

  #running(): { readonly gate: Gate; readonly model: Model } {
    assertInvariant(this.#proved !== undefined, "only a proved tower takes captures");
    return this.#proved;
  }

  /** Looks at what waits, one capture a turn of the event loop, until there are pieces for a whole run or nothing more is worth waiting for. */
  async #gather(gate: Gate, piecesMax: number): Promise<readonly Looked[]> {
    const looked: Looked[] = [];
    const untilMs = performance.now() + GATHER_MS[this.modality];
    let pieces = 0;
    while (pieces < piecesMax) {
      await turn(); // what arrived together is worked on together
      const job = this.#waiting.shift();
      if (job !== undefined) {
        const look = this.#look(gate, job.capture);
        looked.push({ job, look });
        pieces += inputsOf(look).length;
        continue;
      }
      const restMs = untilMs - performance.now();
      const canWait = pieces > 0 && this.#stopping === undefined && looked.every(({ job: { capture } }) => this.#isLive(capture));
      if (restMs <= 0 || !canWait) break;
      await this.#arrival(restMs);
    }
    return looked;
  }

  /** Resolves when a capture has come, the tower is to stop, or the time is over. */
  #arrival(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#more = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #look(gate: Gate, capture: ModelCapture): TimedLook {
    const isBusy = this.#isBehind(capture);
    const look = lookAt(gate, capture, isBusy);
    if (isBusy) this.#options.telemetry.scanPutOff(capture.sourceId);
    return look;
  }

  #isLive({ sourceId }: ModelCapture): boolean {
    return this.#options.isLive?.(sourceId) ?? false;
  }

  /** A replay waits for the tower, however long, and must give the same again. */
  #isBehind(capture: ModelCapture): boolean {
    if (capture.modality !== "image" || performance.now() - capture.receivedAtMs <= BEHIND_MS) return false;
    return this.#isLive(capture) && this.#options.gate.cameras.get(capture.sourceId)?.scanRate !== 0;
  }

  #deliver(looked: readonly Looked[], results: readonly Encodings[]): void {
    const { telemetry } = this.#options;
    let runMs = 0;
    let vectors = 0;
    for (const [i, { job }] of looked.entries()) {
      const result = results[i] as Encodings;
      if ("error" in result) {
        telemetry.failed(this.modality, "encode_failed");
        job.reject(new FusiondError("encode_failed", result.error));
        continue;
      }
      runMs += result.encodeMs;
      vectors += result.samples.length;
      const places = result.samples.filter(({ place }) => place !== undefined).length;
      const tookMs = result.scan === undefined ? undefined : job.capture.capturedAt - result.scan.from;
      if (places > 0) telemetry.scanned(job.capture.sourceId, places, tookMs);
      job.resolve(this.#encoded(job.capture, result));
    }
    this.#tellFault(this.#collapse());
    telemetry.encoded(this.modality, runMs, vectors);
  }

  #encoded(capture: ModelCapture, { samples, scan, encodeMs, ...gated }: Exclude<Encodings, { readonly error: string }>): Encoded {
    let { unseen } = gated;
    const { modality } = capture;
    const observations: Unnumbered[] = [];
    for (const sample of samples) {
      const fault = this.#monitor.judge(sample.vector, sample.inputCrc);
      if (fault === undefined) {
        observations.push(observationOf(capture, sample, this.space));
        continue;
      }
      this.#options.telemetry.rejected(modality, fault);
      unseen = `the tower of ${modality} made no vector of it (${fault})`;
    }
    if (samples.length > 0) this.#options.telemetry.variance(modality, this.#monitor.variance);
    unseen = this.#collapse() ?? unseen;
    const isWhole = scan !== undefined && unseen === undefined; // what has no vector was not looked at
    return { observations, encodeMs, ...(unseen === undefined ? {} : { unseen }), ...(isWhole ? { scan } : {}) };
  }

  /** What a tower that gives one vector for everything is refused with; nothing where it does not. */
  #collapse(): string | undefined {
    return this.#monitor.collapsed ? `the tower of ${this.modality} has collapsed: whatever it is given, it makes the same of it` : undefined;
  }

  #tellFault(fault: string | undefined): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#options.telemetry.serving(this.modality, fault);
  }
}

/** The next turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
