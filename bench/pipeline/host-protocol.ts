// What a benchmark and the process of its daemon say to each other, over Node's IPC channel.

/** From the benchmark. */
export type HostRequest = "measure" | "report" | "stop";

/** To the benchmark. `ready`: every source is healthy. `measuring`: what was seen before is forgotten. */
export type HostReply =
  | { readonly kind: "ready" | "measuring" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "report"; readonly report: HostReport };

/** What the daemon's process saw since "measure". */
export interface HostReport {
  readonly durationMs: number;
  /** From the end of what was captured until its observation was made, ms, one for each observation. */
  readonly encodedMs: { readonly image: readonly number[]; readonly audio: readonly number[] };
  /** From the end of the newest observation that made a firing alert true until a subscriber of the broker had it, ms. */
  readonly alertMs: readonly number[];
  /** Frames and windows that reached the encoders. */
  readonly captures: number;
  /** Captures lost before they were observations, by reason; the warm-up included. */
  readonly drops: Readonly<Record<string, number>>;
  /** Observations that came behind their group's watermark; the warm-up included. */
  readonly lateDropped: number;
  /** How long the event loop was held up beyond its timer, 99th percentile, ms. */
  readonly loopDelayP99Ms: number;
  /** Share of the time that the collector held up the daemon's main thread, 0..1. */
  readonly gcShare: number;
}
