// A microphone of this machine, through ALSA.
import { fileURLToPath } from "node:url";
import nodeRecord, { type Recording } from "node-record-lpcm16";
import { messageOf } from "../../fusion/model/errors.js";
import { endChild, requireDescriptors, requireProgram, startError } from "../runtime/child-process.js";
import { steadyNowMs, systemClock, type Clock } from "../runtime/clock.js";
import { ExactReader } from "./exact-reader.js";
import type { ConnectionEnd, Link } from "./connection.js";
import { failureOf } from "./failure-words.js";
import { LiveRun, type PatienceOptions } from "./live-run.js";
import type { AnomalyOptions } from "./anomalies.js";
import { LiveWatcher } from "./live-watcher.js";
import { MediaIntake } from "./media-intake.js";
import type { WindowOptions } from "./pcm-windows.js";
import { redactor } from "./redact.js";
import { observing, SignalOutlet } from "./signal-outlet.js";
import type { Source, SourceSignal, SourceTelemetry } from "./source.js";
import { eachLine, StderrNotes } from "./stderr-notes.js";
import { LiveTimeline } from "./timeline.js";

/** A microphone. */
export interface MicrophoneSourceOptions {
  readonly id: string;
  /** An ALSA name such as "plughw:1,0"; absent: the machine's default. */
  readonly device?: string;
  /** The microphone is opened with this rate; plug devices convert. */
  readonly sound: WindowOptions;
  /** How many captures may wait for the consumer. */
  readonly queueCapacity: number;
  readonly patience: PatienceOptions;
  readonly anomalies: AnomalyOptions;
  /** How far the microphone's clock may be off before it is set anew, ms. */
  readonly skewMaxMs: number;
}

/** Sound is read in pieces of so many ms: bounds the delay that reading adds. */
const PIECE_MS = 100;

/** What arecord says when sound was lost because nobody took it in time. */
const OVERRUN = /^overrun!!!/;

/** What arecord says when the device has another rate, and then goes on with that. */
const OTHER_RATE = /rate is not accurate \(requested = \d+Hz, got = (\d+)Hz\)/;

/** What arecord says of every recording, and what follows on the warning above. */
const NO_COMPLAINT = /^Recording |^\s*please, try the plug plugin|^\s*$/;

const RECORDER = fileURLToPath(new URL("./bound-arecord.cjs", import.meta.url));
const GRACE_MS = 500;

/**
 * Listens to a microphone through one arecord child at a time. Sound is counted in samples from the first that arrived;
 * an overrun sets the count anew.
 */
export class MicrophoneSource implements Source {
  readonly id: string;
  readonly modalities = ["audio"] as const;
  readonly finite = false;
  readonly #options: MicrophoneSourceOptions;
  readonly #telemetry: SourceTelemetry;
  readonly #clock: Clock;
  readonly #notes: StderrNotes;
  #hasWrongRate = false;

  constructor(options: MicrophoneSourceOptions, telemetry: SourceTelemetry, clock: Clock = systemClock) {
    this.id = options.id;
    this.#options = options;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#notes = new StderrNotes(redactor(), () => clock.monotonicNowMs(), (detail, suppressed) =>
      telemetry.note(options.id, "warn", "arecord complains", { detail, suppressed }),
    );
  }

  observe(signal: AbortSignal): AsyncIterable<SourceSignal> {
    const outlet = new SignalOutlet({
      sourceId: this.id,
      capacity: this.#options.queueCapacity,
      whenFull: "drop_oldest",
      onDropped: (reason, count) => this.#telemetry.dropped(this.id, reason, count),
    });
    return observing(outlet, signal, (left) => this.#live(outlet, left));
  }

  async #live(outlet: SignalOutlet, signal: AbortSignal): Promise<void> {
    const { patience, anomalies } = this.#options;
    requireProgram("arecord", "alsa-utils");
    const watcher = new LiveWatcher(this.id, anomalies, this.#telemetry);
    const connect = (link: Link): Promise<ConnectionEnd> => this.#connect(link, outlet, watcher);
    const options = { sourceId: this.id, modalities: this.modalities, patience, connect };
    try {
      await new LiveRun(options, outlet, this.#telemetry, this.#clock).run(signal);
    } finally {
      watcher.close();
    }
  }

  async #connect(link: Link, outlet: SignalOutlet, watcher: LiveWatcher): Promise<ConnectionEnd> {
    const startedAt = steadyNowMs(this.#clock);
    let refusal: ConnectionEnd | undefined;
    const over = new AbortController();
    const refuse = (end: ConnectionEnd): void => {
      refusal ??= end;
      this.#setWrongRate(true);
      over.abort();
    };
    const signal = AbortSignal.any([link.signal, over.signal]);
    const timeline = new LiveTimeline({
      epochMs: this.#clock.epochMs,
      skewMaxMs: this.#options.skewMaxMs,
      onSkew: (skewMs) => {
        if (refusal === undefined) this.#setWrongRate(false);
        this.#telemetry.clockSkew(this.id, skewMs / 1000);
      },
      onReanchor: (jumpMs) => this.#telemetry.note(this.id, "warn", "the microphone's clock is off: its times were set anew", { jumpMs }),
      onRate: (rate) => refuse(this.#wrongRate(rate)),
    });
    const intake = new MediaIntake(timeline, outlet, this.#clock, watcher.watch(link), this.#options.sound);
    const recording = this.#record();
    const failureOfRecording = lastErrorOf(recording);
    let complaint: string | undefined;
    const hear = (line: string): void => {
      const got = OTHER_RATE.exec(line)?.[1];
      if (got !== undefined) return refuse(this.#wrongRate(Number(got) / this.#options.sound.sampleRateHz));
      if (NO_COMPLAINT.test(line)) return;
      complaint = this.#notes.take(line);
      if (!OVERRUN.test(line)) return;
      timeline.reanchor();
      intake.breakSound();
    };
    if (recording.process.stderr !== null) eachLine(recording.process.stderr, hear);
    const stop = (): void => void endChild(recording.process, GRACE_MS);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      await this.#listen(recording, intake);
    } finally {
      signal.removeEventListener("abort", stop);
      await endChild(recording.process, GRACE_MS);
    }
    if (refusal !== undefined) {
      await link.blind("audio", refusal.detail, startedAt);
      return refusal;
    }
    const started = timeline.started;
    return { reason: started ? "exit" : "start_failed", detail: failureOf(complaint === undefined ? [] : [complaint])?.words ?? failureOfRecording() ?? "the recording ended" };
  }

  #setWrongRate(wrong: boolean): void {
    if (wrong !== this.#hasWrongRate) this.#telemetry.anomaly(this.id, "rate", wrong);
    this.#hasWrongRate = wrong;
  }

  /** The device gives another rate than it was asked for: what it says would be heard too slow or too fast. */
  #wrongRate(rate: number): ConnectionEnd {
    const { device = "default", sound } = this.#options;
    const [asked, got] = [sound.sampleRateHz, Math.round(sound.sampleRateHz * rate)];
    const advice = device.startsWith("hw:") ? `write plug${device}, which converts` : "name a device that converts, such as plughw:1,0";
    return { reason: "rate", detail: `${device} gives ${got} samples per second where ${asked} were asked for: ${advice}` };
  }

  #record(): Recording {
    const { device, sound } = this.#options;
    const format = { sampleRate: sound.sampleRateHz, channels: 1, audioType: "raw" } as const;
    requireDescriptors("arecord");
    try {
      return nodeRecord.record({ recorder: RECORDER, ...format, ...(device !== undefined && { device }) });
    } catch (cause) {
      throw startError("arecord", cause);
    }
  }

  async #listen(recording: Recording, intake: MediaIntake): Promise<void> {
    const rate = this.#options.sound.sampleRateHz;
    const pieceSamples = Math.round((rate * PIECE_MS) / 1000);
    const reader = new ExactReader(recording.stream());
    for (let heard = 0; ; heard += pieceSamples) {
      const bytes = await reader.read(pieceSamples * 2);
      if (bytes === undefined) return;
      const samples = Float32Array.from(new Int16Array(bytes.buffer), (value) => value / 32768);
      await intake.sound((heard * 1000) / rate, { samples, isOutOfPhase: false });
    }
  }
}

/** Takes in the errors that would crash the daemon (a missing program) or come as strings (every end), and gives the last. */
function lastErrorOf(recording: Recording): () => string | undefined {
  let last: string | undefined;
  const keep = (thrown: unknown): void => {
    last = messageOf(thrown).split("\n", 1)[0];
  };
  recording.process.on("error", keep);
  recording.stream().on("error", keep);
  return () => last;
}
