// The configuration of a benchmark's daemon: so many cameras and microphones, and rules that fire again and again.

/** What differs from step to step. Paths are absolute. */
export interface BenchConfigOptions {
  readonly stateFolder: string;
  /** How many cameras, and as many microphones. */
  readonly pairs: number;
  readonly video: string;
  readonly audio: string;
  /** All sources in one group; otherwise each camera has a group with its microphone. */
  readonly oneGroup: boolean;
  /** Whether whole pictures are looked at in turn, as by default, or only what moves. */
  readonly scans: boolean;
}

/** The site in the subjects of the benchmark's alerts. */
export const BENCH_SITE = "bench";

/** Frames a second of each camera. */
export const CAMERA_FPS = 5;

/** The configuration as text: JSON, which is YAML too, so that it is read and checked like any other file. */
export function benchConfigText({ stateFolder, pairs, video, audio, oneGroup, scans }: BenchConfigOptions): string {
  const numbers = Array.from({ length: pairs }, (_, i) => String(i + 1));
  const cameras = numbers.map((n) => [`cam-${n}`, { camera: video, fps: CAMERA_FPS, width: 640, loop: true }] as const);
  const microphones = numbers.map((n) => [`mic-${n}`, { microphone: audio, loop: true }] as const);
  const sources = Object.fromEntries<unknown>([...cameras, ...microphones]);
  const groups: Record<string, unknown> = oneGroup
    ? { all: { sources: Object.keys(sources) } }
    : Object.fromEntries(numbers.map((n) => [`pair-${n}`, { sources: [`cam-${n}`, `mic-${n}`] }]));
  const again = { resolve_after: "2s", cooldown: "0s" };
  const config = {
    site: BENCH_SITE,
    state_dir: stateFolder,
    nats: { embedded: true, port: 0 },
    encoders: { pack: "embedded", device: "cpu" },
    ...(scans ? {} : { gate: { scan_rate: "off" } }),
    sources,
    groups,
    rules: {
      "dog-with-person": { severity: "warning", within: "5s", all: [{ hear: "dog" }, { see: "person" }], ...again },
      dog: { severity: "info", within: "5s", all: [{ hear: "dog" }], ...again },
    },
    http: { enabled: false },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
