// A microphone of this machine, through ALSA.
import { fileURLToPath } from "node:url";
import nodeRecord, { type Recording } from "node-record-lpcm16";
import { messageOf } from "../../fusion/model/errors.js";
import { endChild, requireDescriptors, requireProgram, startError } from "../runtime/child-process.js";
import { steadyNowMs, systemClock, type Clock } from "../runtime/clock.js";
import { ArecordReport } from "./arecord-report.js";
import { ChannelChoice } from "./channel-choice.js";
import { ExactReader } from "./exact-reader.js";
import type { ConnectionEnd, Link } from "./connection.js";
import { failureOf } from "./failure-words.js";
import { LiveRun, type PatienceOptions } from "./live-run.js";
import type { AnomalyOptions } from "./anomalies.js";
import { LiveWatcher } from "./live-watcher.js";
import { MediaIntake } from "./media-intake.js";
import type { WindowOptions } from "./pcm-windows.js";
import { halfSumAndDifference, PhaseJudge } from "./phase.js";
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

/** Two channels that are mixed into one: they are to be asked for themselves. */
const ASKS_FOR_TWO: ConnectionEnd = { reason: "start_failed", detail: "it has two channels: going on with both", atOnce: true };

const RECORDER = fileURLToPath(new URL("./bound-arecord.cjs", import.meta.url));
const GRACE_MS = 500;

/**
 * Listens to a microphone through one arecord child at a time. Sound is counted in samples from the first that arrived;
 * an overrun sets the count anew. A device with two channels is heard by what they have in common, or what they have not
 * where they cancel each other.
 */
export class MicrophoneSource implements Source {
  readonly id: string;
  readonly modalities = ["audio"] as const;
  readonly finite = false;
  readonly #options: MicrophoneSourceOptions;
  readonly #telemetry: SourceTelemetry;
  readonly #clock: Clock;
  readonly #notes: StderrNotes;
  readonly #channels = new ChannelChoice();
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
    const end = (why: ConnectionEnd): void => {
      refusal ??= why;
      over.abort();
    };
    const refuse = (rate: number): void => {
      this.#setWrongRate(true);
      end(this.#wrongRate(rate));
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
      onRate: refuse,
    });
    const intake = new MediaIntake(timeline, outlet, this.#clock, watcher.watch(link), this.#options.sound);
    const channels = this.#channels.count;
    const recording = this.#record(channels);
    const failureOfRecording = lastErrorOf(recording);
    let complaint: string | undefined;
    const report = new ArecordReport();
    const hear = (line: string): void => {
      const said = report.take(line);
      if (said === undefined) return;
      if (said.kind === "other_rate") return refuse(said.rateHz / this.#options.sound.sampleRateHz);
      if (said.kind === "mixes_two") return this.#channels.mixesTwo() ? end(ASKS_FOR_TWO) : undefined;
      complaint = this.#notes.take(said.line);
      if (!said.lostSound) return;
      timeline.reanchor();
      intake.breakSound();
    };
    if (recording.process.stderr !== null) eachLine(recording.process.stderr, hear);
    const stop = (): void => void endChild(recording.process, GRACE_MS);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      await this.#listen(recording, channels, intake);
    } finally {
      signal.removeEventListener("abort", stop);
      await endChild(recording.process, GRACE_MS);
    }
    const started = timeline.started;
    const asksForOne = channels === 2 && this.#channels.ended(started);
    if (refusal !== undefined) {
      if (refusal.atOnce !== true) await link.blind("audio", refusal.detail, startedAt);
      return refusal;
    }
    const detail = failureOf(complaint === undefined ? [] : [complaint])?.words ?? failureOfRecording() ?? "the recording ended";
    if (asksForOne) this.#telemetry.note(this.id, "info", "its two channels gave no sound: going on with one", { detail });
    return { reason: started ? "exit" : "start_failed", detail, atOnce: asksForOne };
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

  #record(channels: 1 | 2): Recording {
    const { device, sound } = this.#options;
    const format = { sampleRate: sound.sampleRateHz, channels, audioType: "raw" } as const;
    requireDescriptors("arecord");
    try {
      return nodeRecord.record({ recorder: RECORDER, ...format, ...(device !== undefined && { device }) });
    } catch (cause) {
      throw startError("arecord", cause);
    }
  }

  async #listen(recording: Recording, channels: 1 | 2, intake: MediaIntake): Promise<void> {
    const rate = this.#options.sound.sampleRateHz;
    const pieceSamples = Math.round((rate * PIECE_MS) / 1000);
    const reader = new ExactReader(recording.stream());
    const judge = new PhaseJudge();
    for (let heard = 0; ; heard += pieceSamples) {
      const bytes = await reader.read(pieceSamples * channels * 2);
      if (bytes === undefined) return;
      const samples = new Int16Array(bytes.buffer);
      const sound = channels === 2 ? judge.take(halfSumAndDifference(samples)) : { samples: Float32Array.from(samples, (value) => value / 32768), isOutOfPhase: false };
      await intake.sound((heard * 1000) / rate, sound);
    }
  }
}

/** Takes in the errors that would crash the daemon (a missing program) or come as strings (every end), and gives the last. */
function lastErrorOf(recording: Recording): () => string | undefined {
  let last: string | undefined;
  const keep = (thrown: unknown): void => {
    last = messageOf(thrown).split("\n", 1)[0];
  };
  recording.process.on("error", (cause) => keep(startError("arecord", cause)));
  recording.stream().on("error", keep);
  return () => last;
}
