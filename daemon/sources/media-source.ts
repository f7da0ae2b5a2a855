// A camera, its sound, or both; a sound stream; a media file: whatever ffmpeg reads.
import { FusiondError } from "../../fusion/model/errors.js";
import type { Modality } from "../../fusion/model/modality.js";
import { steadyNowMs, systemClock, type Clock } from "../runtime/clock.js";
import { untilReachable, whatAnswers } from "./doorstep.js";
import type { MediaInput, MediaKind, MediaMode, PictureOutput, Stamps } from "./ffmpeg-args.js";
import type { ConnectionEnd, Link } from "./connection.js";
import { LiveRun, type PatienceOptions } from "./live-run.js";
import type { AnomalyOptions } from "./anomalies.js";
import { LiveWatcher } from "./live-watcher.js";
import { MediaIntake, nobody } from "./media-intake.js";
import { runPass, type Pass } from "./media-pass.js";
import type { WindowOptions } from "./pcm-windows.js";
import { redactor, shownLocation, type Credentials } from "./redact.js";
import { observing, SignalOutlet } from "./signal-outlet.js";
import type { Source, SourceSignal, SourceTelemetry } from "./source.js";
import { StderrNotes } from "./stderr-notes.js";
import { LiveTimeline, replayTimeline } from "./timeline.js";

/** A source that ffmpeg reads. At least one of `picture` and `sound` is given; each given one is a modality. */
export interface MediaSourceOptions {
  readonly id: string;
  readonly kind: MediaKind;
  /** An rtsp, rtsps, http or https URL with its scheme in small letters, a V4L2 device, or a path. */
  readonly location: string;
  /** Whether it may lead to other hosts and files: playlists, redirects. */
  readonly follow: boolean;
  readonly credentials?: Credentials;
  /** "live": never ends by itself. "realtime_file": a file as if it happened now. "replay": as fast as it is taken. */
  readonly mode: MediaMode;
  /** Only with "realtime_file": from the start again at the end. */
  readonly loop?: boolean;
  readonly picture?: PictureOutput;
  readonly sound?: WindowOptions;
  /** Event time of the start of a replayed file, Unix ms. */
  readonly startsAtMs: number;
  /** How many captures may wait for the consumer. */
  readonly queueCapacity: number;
  readonly patience: PatienceOptions;
  readonly anomalies: AnomalyOptions;
  /** How far a stream's clock may be off before it is set anew, ms. */
  readonly skewMaxMs: number;
}

/** How a connection's time is taken, and what hears that it runs at the wrong rate. */
interface TimeJudgement {
  readonly stamps: Stamps;
  readonly wrong: (rate: number) => void;
}

const NO_SOUND = "it has no sound track: going on with the picture alone";

/** Reads a camera, a sound stream or a file through one ffmpeg child at a time. */
export class MediaSource implements Source {
  readonly id: string;
  readonly modalities: readonly [Modality, ...Modality[]];
  readonly finite: boolean;
  readonly #options: MediaSourceOptions;
  readonly #telemetry: SourceTelemetry;
  readonly #clock: Clock;
  readonly #notes: StderrNotes;

  constructor(options: MediaSourceOptions, telemetry: SourceTelemetry, clock: Clock = systemClock) {
    this.id = options.id;
    this.modalities = options.picture === undefined ? ["audio"] : options.sound === undefined ? ["image"] : ["image", "audio"];
    this.finite = options.mode === "replay";
    this.#options = options;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#notes = new StderrNotes(redactor(options.credentials), () => clock.monotonicNowMs(), (detail, suppressed) =>
      telemetry.note(options.id, "warn", "ffmpeg complains", { detail, suppressed }),
    );
  }

  observe(signal: AbortSignal): AsyncIterable<SourceSignal> {
    const outlet = new SignalOutlet({
      sourceId: this.id,
      capacity: this.#options.queueCapacity,
      whenFull: this.finite ? "block" : "drop_oldest",
      onDropped: (reason, count) => this.#telemetry.dropped(this.id, reason, count),
    });
    return observing(outlet, signal, (left) => (this.finite ? this.#replay(outlet, left) : this.#live(outlet, left)));
  }

  async #replay(outlet: SignalOutlet, signal: AbortSignal): Promise<void> {
    const { startsAtMs, sound } = this.#options;
    const timeline = replayTimeline(startsAtMs);
    await outlet.state("healthy", startsAtMs);
    let intake = new MediaIntake(timeline, outlet, this.#clock, nobody, sound);
    let pass = await this.#pass(intake, true, signal);
    if (this.#canDoWithoutSound(pass)) {
      this.#telemetry.note(this.id, "warn", NO_SOUND);
      outlet.absent = ["audio"];
      await outlet.state("healthy", startsAtMs, NO_SOUND, [
        { modality: "image", healthy: true, at: startsAtMs },
        { modality: "audio", healthy: false, at: startsAtMs, why: NO_SOUND },
      ]);
      intake = new MediaIntake(timeline, outlet, this.#clock, nobody);
      pass = await this.#pass(intake, false, signal);
    }
    if (signal.aborted) return;
    await intake.flush();
    if (intake.captures === 0) throw this.#invalid(pass);
    if (pass.complaints.length > 0 || pass.exitCode !== 0) {
      const message = "the file is damaged or cut off: what could be decoded was used";
      this.#telemetry.note(this.id, "warn", message, { detail: pass.complaints[0] ?? pass.failure.words });
    }
    await outlet.state("ended", outlet.toldMs ?? startsAtMs);
  }

  async #live(outlet: SignalOutlet, signal: AbortSignal): Promise<void> {
    const { mode, anomalies, patience } = this.#options;
    const frozen = mode === "live" ? anomalies.frozen : Infinity; // a file may well show one picture for long
    const watcher = new LiveWatcher(this.id, { ...anomalies, frozen }, this.#telemetry);
    let withSound = true;
    let stamps: Stamps = "own";
    const connect = async (link: Link): Promise<ConnectionEnd | "ended"> => {
      if (!withSound) await link.absent("audio", NO_SOUND);
      const end = await this.#connect(link, outlet, watcher, withSound, { stamps, wrong: (rate) => (stamps = this.#wrongRate(rate, stamps)) });
      withSound = end === "ended" || end.atOnce !== true; // without it for one connection: the track may be there at the next
      return end;
    };
    try {
      const untilBack = (left: AbortSignal): Promise<boolean> => untilReachable(this.#options.location, this.#clock, left);
      const options = { sourceId: this.id, modalities: this.modalities, patience, connect, untilBack };
      await new LiveRun(options, outlet, this.#telemetry, this.#clock).run(signal);
    } finally {
      watcher.close();
    }
  }

  /** Says that the source's time does not advance as time does, and gives what its next connection goes by. */
  #wrongRate(rate: number, stamps: Stamps): Stamps {
    const next = rate < 1 ? "arrival" : "paced";
    this.#telemetry.anomaly(this.id, "rate", true);
    const message = next === "arrival" ? "its time stamps are too slow: the time of arrival counts instead" : "it gives more than real time: it is read no faster than that";
    if (next !== stamps) this.#telemetry.note(this.id, "warn", message, { rate: Number(rate.toFixed(2)) });
    return next;
  }

  async #connect(link: Link, outlet: SignalOutlet, watcher: LiveWatcher, withSound: boolean, time: TimeJudgement): Promise<ConnectionEnd | "ended"> {
    const startedAt = steadyNowMs(this.#clock);
    const wrong = new AbortController();
    let rate: number | undefined;
    const timeline = new LiveTimeline({
      epochMs: this.#clock.epochMs,
      skewMaxMs: this.#options.skewMaxMs,
      onSkew: (skewMs) => this.#telemetry.clockSkew(this.id, skewMs / 1000),
      onReanchor: (jumpMs) => this.#telemetry.note(this.id, "warn", "the source's clock is off: its times were set anew", { jumpMs }),
      onRate: (judged) => {
        rate = judged;
        wrong.abort();
      },
    });
    const sound = withSound ? this.#options.sound : undefined;
    const intake = new MediaIntake(timeline, outlet, this.#clock, watcher.watch(link), sound);
    const pass = await this.#pass(intake, withSound, AbortSignal.any([link.signal, wrong.signal]), time.stamps);
    if (this.#options.mode === "live" && !link.signal.aborted) rate ??= timeline.rateOfWhole();
    if (rate !== undefined) {
      time.wrong(rate);
      const detail = `its time runs at ${rate.toFixed(2)} times the clock's`;
      for (const modality of this.modalities) await link.blind(modality, detail, startedAt);
      return { reason: "rate", detail };
    }
    if (withSound && this.#canDoWithoutSound(pass)) return { reason: "start_failed", detail: NO_SOUND, atOnce: true };
    const played = this.#options.mode === "realtime_file" && pass.captures > 0 && pass.exitCode === 0;
    if (played && this.#options.loop !== true) return "ended";
    if (pass.captures > 0) return { reason: "exit", detail: pass.failure.words };
    const unreadable = this.#options.mode === "realtime_file" && pass.exitCode !== null;
    if (unreadable) return { reason: "start_failed", detail: this.#invalid(pass).message };
    const { words, isVague, isLocking } = pass.failure;
    const seen = isVague === true ? await whatAnswers(this.#options.location, link.signal) : undefined;
    return { reason: "start_failed", detail: seen ?? words, ...(isLocking === true && { isLocking }) };
  }

  #pass(intake: MediaIntake, withSound: boolean, signal: AbortSignal, stamps: Stamps = "own"): Promise<Pass> {
    const { kind, location, follow, credentials, mode, loop, picture, sound, patience } = this.#options;
    const input: MediaInput = {
      ...{ kind, location, follow, mode, stamps, networkTimeoutMs: patience.startMs },
      ...(credentials && { credentials }),
      ...(loop !== undefined && { loop }),
    };
    const options = { input, notes: this.#notes, clock: this.#clock, ...(picture && { picture }), ...(sound && withSound && { sound }) };
    return runPass(options, intake, signal);
  }

  #canDoWithoutSound(pass: Pass): boolean {
    return pass.missing === "sound" && this.#options.picture !== undefined;
  }

  #invalid(pass: Pass): FusiondError {
    const cause = new Error(pass.complaints.join("; ") || pass.failure.words);
    const what = pass.missing === undefined ? "is no media file that ffmpeg can read" : `has no ${pass.missing} track`;
    const where = shownLocation(this.#options.location);
    if (pass.refused !== undefined) return new FusiondError("media_invalid", `source ${this.id}: ${where} is not used: ${pass.refused}`, { cause });
    return new FusiondError("media_invalid", `source ${this.id}: ${where} ${what}: name another file (${pass.complaints.at(-1)?.replace(/^\S+: /, "") ?? pass.failure.words})`, { cause });
  }
}
