// Recorded footage as a live camera would give it: its pieces without a pause, from a warm-up of itself on.
import type { FrameCapture } from "../../encoders/capture.js";
import { FusiondError } from "../../fusion/model/errors.js";
import type { Source, SourceSignal } from "../sources/source.js";
import { placed, type PlacedLabel } from "./placed-label.js";
import type { Piece } from "./recordings.js";

/** Opens a piece as a source of pictures whose first frame is at a stated time. */
export type OpenPiece = (id: string, path: string, startsAtMs: number) => Source;

interface TimedPiece {
  readonly path: string;
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** Footage on disk, decoded anew each time it is played: nothing of it is kept but how long it is. */
export class PlayedFootage {
  readonly lengthMs: number;
  /** What is truly there, times from its start. */
  readonly labels: readonly PlacedLabel[];
  readonly #pieces: readonly TimedPiece[];
  readonly #open: OpenPiece;

  private constructor(pieces: readonly TimedPiece[], labels: readonly PlacedLabel[], open: OpenPiece) {
    this.#pieces = pieces;
    this.#open = open;
    this.labels = labels;
    this.lengthMs = pieces.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  }

  /** Measures the pieces by decoding each once. Errors: FusiondError "media_invalid" for one that cannot be decoded. */
  static async of(pieces: readonly Piece[], open: OpenPiece, signal: AbortSignal): Promise<PlayedFootage> {
    const timed: TimedPiece[] = [];
    const labels: PlacedLabel[] = [];
    let fromMs = 0;
    for (const { path, labels: said } of pieces) {
      const lengthMs = await measured(open("measured", path, 0), signal);
      timed.push({ path, fromMs, lengthMs });
      labels.push(...placed(said, { fromMs: 0, toMs: lengthMs }, fromMs));
      fromMs += lengthMs;
    }
    return new PlayedFootage(timed, labels, open);
  }

  /**
   * A source that plays the end of the footage, as long as the warm-up (again and again where the footage is shorter), and
   * then the whole once. Event time starts at 0; the whole starts at `warmMs`.
   */
  source(id: string, warmMs: number): Source {
    return { id, modalities: ["image"], finite: true, observe: (signal) => this.#play(id, warmMs, signal) };
  }

  async *#play(id: string, warmMs: number, signal: AbortSignal): AsyncGenerator<SourceSignal> {
    let seq = 0;
    yield { kind: "state", state: "healthy", at: 0 };
    for (let round = -Math.ceil(warmMs / this.lengthMs); round <= 0; round++) {
      for (const { path, fromMs, lengthMs } of this.#pieces) {
        const startsAtMs = warmMs + round * this.lengthMs + fromMs;
        if (startsAtMs + lengthMs <= 0) continue;
        for await (const told of this.#open(id, path, startsAtMs).observe(signal)) {
          if (told.kind === "capture" && told.capture.capturedAt >= 0) yield { kind: "capture", capture: { ...(told.capture as FrameCapture), seq: seq++ } };
          if (told.kind === "progress" && told.time >= 0) yield told;
        }
      }
    }
    yield { kind: "state", state: "ended", at: warmMs + this.lengthMs };
  }
}

/** How long footage is, ms: to its last frame, and as much longer as its frames usually last. */
async function measured(source: Source, signal: AbortSignal): Promise<number> {
  const times: number[] = [];
  for await (const told of source.observe(signal)) if (told.kind === "capture") times.push(told.capture.capturedAt);
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  if (times.length < 2) throw new FusiondError("media_invalid", `source ${source.id}: a single picture is no footage`);
  return last + Math.round((last - first) / (times.length - 1));
}
