// What a benchmark and the process of the bare work say to each other, over Node's IPC channel.

/** What is to be done bare. Paths are absolute. */
export interface BareRequest {
  /** A configuration as the daemon's: its first camera and its first microphone stand for all. */
  readonly configFile: string;
  /** Footage in which nothing moves. */
  readonly stillVideo: string;
  /** How many cameras, and as many microphones. */
  readonly pairs: number;
  readonly measureMs: number;
}

/** What the bare work takes, CPU seconds. */
export interface BareCosts {
  /** Of all ffmpeg processes, a second, in real time. */
  readonly ffmpegASecond: number;
  /** Of one frame: masks, movement, cutting of what moves and of places. */
  readonly gateAFrame: number;
  /** Of one observed region, both of its looks. */
  readonly towerARegion: number;
  /** Of one window. */
  readonly towerAWindow: number;
  /** Of one frame in which nothing moves, without scanning. */
  readonly gateAStillFrame: number;
}

/** From the process of the bare work. */
export type BareReply = { readonly kind: "costs"; readonly costs: BareCosts } | { readonly kind: "failed"; readonly message: string };
