// What the tests of sources share: a telemetry that remembers, a loop that collects, media made by ffmpeg.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { Capture } from "../../encoders/capture.js";
import type { Modality } from "../../fusion/model/modality.js";
import { defaultPatience, type PatienceOptions } from "../../daemon/sources/live-run.js";
import { defaultAnomalies } from "../../daemon/sources/anomalies.js";
import type { MediaSourceOptions } from "../../daemon/sources/media-source.js";
import type { MicrophoneSourceOptions } from "../../daemon/sources/microphone-source.js";
import type { Source, SourceSignal, SourceState, SourceTelemetry } from "../../daemon/sources/source.js";
import { keepAlive } from "../support/eventually.js";



/** Remembers what a source tells beside its signals. */
export class RememberedTelemetry implements SourceTelemetry {
  readonly drops = new Map<string, number>();
  readonly restarts: string[] = [];
  readonly anomalies: string[] = [];
  readonly skews: number[] = [];
  readonly notes: string[] = [];

  dropped(_id: string, reason: string, count: number): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + count);
  }
  readonly faults = new Map<string, number>();
  lineFault(_id: string, fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }
  onRestart: () => void = () => undefined;
  restarted(_id: string, reason: string): void {
    this.restarts.push(reason);
    this.onRestart();
  }
  unwatched(): void {
    this.anomalies.push("unwatched");
  }
  anomaly(_id: string, kind: string, active: boolean): void {
    this.anomalies.push(`${kind} ${active}`);
  }
  clockSkew(_id: string, seconds: number): void {
    this.skews.push(seconds);
  }
  note(_id: string, _level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.notes.push(`${message} ${JSON.stringify(fields)}`);
  }
}

/** What a source told. */
export class Told {
  readonly signals: SourceSignal[] = [];

  get captures(): Capture[] {
    return this.signals.flatMap((signal) => (signal.kind === "capture" ? [signal.capture] : []));
  }
  of(modality: Modality): Capture[] {
    return this.captures.filter((capture) => capture.modality === modality);
  }
  get states(): SourceState[] {
    return this.signals.flatMap((signal) => (signal.kind === "state" ? [signal.state] : []));
  }
  progress(modality: Modality): number[] {
    return this.signals.flatMap((signal) => (signal.kind === "progress" && signal.modality === modality ? [signal.time] : []));
  }
}

/** Collects until `enough` says so, then aborts; resolves when the iteration has ended by itself. */
export async function collect(source: Source, enough: (told: Told, signal: SourceSignal) => boolean | Promise<boolean>): Promise<Told> {
  const told = new Told();
  const stop = new AbortController();
  const forget = keepAlive(); // the sources' own timers do not keep a process alive
  try {
    for await (const signal of source.observe(stop.signal)) {
      told.signals.push(signal);
      if (await enough(told, signal)) stop.abort();
    }
  } finally {
    forget();
  }
  return told;
}

/** Never enough: for sources that end. */
export const toTheEnd = (): boolean => false;

/** A folder that goes with the test. */
export function scratch(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-sources-"));
  test.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs ffmpeg to make a file, gives its path. */
export function makeMedia(folder: string, name: string, ...args: readonly string[]): string {
  const path = join(folder, name);
  execFileSync("ffmpeg", ["-v", "error", "-y", ...args, path], { stdio: ["ignore", "ignore", "inherit"] });
  return path;
}

/** ffmpeg's moving test picture and a 1 kHz tone, as inputs. */
export const testPicture = ["-f", "lavfi", "-i", "testsrc=s=320x240:r=10"] as const;
export const testTone = ["-f", "lavfi", "-i", "sine=1000:r=44100"] as const;
/** Encodes both so that every player can stream them. */
export const plainCoding = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac"] as const;

/** Four seconds of picture and sound. */
export function makeClip(folder: string, name = "clip.mp4"): string {
  return makeMedia(folder, name, ...testPicture, ...testTone, "-t", "4", ...plainCoding);
}

const impatience: PatienceOptions = { ...defaultPatience, stallMs: 1500, steadyMs: 300, reconnect: { initialMs: 50, maxMs: 200, jitter: 0.5 } };

/** Options of a media source that wants everything, impatient. */
export function mediaOptions(location: string, change: Partial<MediaSourceOptions> = {}): MediaSourceOptions {
  return {
    id: "cam",
    kind: location.includes("://") ? "url" : "file",
    location,
    follow: false,
    mode: "replay",
    picture: { fps: 5, widthPx: 160 },
    sound,
    startsAtMs: 0,
    queueCapacity: 8,
    patience: impatience,
    anomalies: defaultAnomalies,
    skewMaxMs: 2000,
    ...change,
  };
}

/** Options of a microphone, impatient. */
export function micOptions(device: string): MicrophoneSourceOptions {
  return {
    id: "mic",
    device,
    sound: { sampleRateHz: 16000, windowMs: 500, hopMs: 250 },
    queueCapacity: 8,
    patience: impatience,
    anomalies: defaultAnomalies,
    skewMaxMs: 2000,
  };
}

/** Windows as the embedded pack cuts them. */
export const sound = { sampleRateHz: 16000, windowMs: 2000, hopMs: 1000 } as const;

/** The same options without one that is optional. */
export function without<T extends object, K extends keyof T>(options: T, key: K): Omit<T, K> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== key)) as Omit<T, K>;
}

/** The strongest frequency's rough measure: upward zero crossings per second. */
export function pitchHz(samples: Float32Array, sampleRateHz: number): number {
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) if ((samples[i - 1] as number) < 0 && (samples[i] as number) >= 0) crossings += 1;
  return (crossings * sampleRateHz) / samples.length;
}
