// The gate of one camera: which parts of a frame are worth encoding, and when.
import { shortHash } from "../../fusion/model/observation.js";
import type { FrameCapture } from "../capture.js";
import type { CameraGateOptions } from "../host-protocol.js";
import { blacken, rasterise, type Mask } from "./mask.js";
import { MotionDetector } from "./motion.js";
import type { Mat, OpenCv, Rect } from "./opencv.js";
import { RegionTracker } from "./region-tracker.js";
import { squareAround } from "./regions.js";

/** A part of a frame that is to be encoded. Pixels. */
export interface Part {
  readonly rect: Rect;
  readonly gate: "open" | "closed";
  readonly track?: number;
}

/** Smallest side of a region, pixels: below it the embedded tower sees nothing. Source: the pack's README. */
const REGION_SIDE_MIN = 24;
/** A source's cohort gets its samples once in this time, ms of event time. Source: DESIGN.md, section 3. */
const COHORT_INTERVAL_MS = 10_000;
/** Nothing must have moved for this long before a sample for the cohort is taken, ms. */
const QUIET_MS = 2000;
/** Regions whose size is remembered, for squares of the usual size. */
const SIDES_KEPT = 64;

/** What the gate of one camera remembers. Time is `capturedAt`; the same frames in order give the same parts. */
export class CameraGate {
  readonly #cv: OpenCv;
  readonly #options: CameraGateOptions;
  #mask: Mask | undefined;
  #motion: MotionDetector;
  #tracker: RegionTracker;
  #wholeFrameAt = -Infinity;
  #cohortAt = -Infinity;
  #sides: number[] = [];

  constructor(cv: OpenCv, options: CameraGateOptions) {
    this.#cv = cv;
    this.#options = options;
    this.#motion = new MotionDetector(cv, options.sensitivity);
    this.#tracker = new RegionTracker(options.regionIntervalMs);
  }

  /** Makes what is masked black, in place. A frame of another size than before is another camera: all is forgotten. */
  blacken(capture: FrameCapture): void {
    const { width, height } = capture;
    if (this.#mask?.width !== width || this.#mask.height !== height) {
      this.#mask = rasterise(this.#options.masks, width, height);
      this.#motion = new MotionDetector(this.#cv, this.#options.sensitivity);
      this.#tracker = new RegionTracker(this.#options.regionIntervalMs);
      this.#sides = [];
    }
    blacken(capture.pixels, this.#mask);
  }

  /** The parts of a blackened frame that are to be encoded now; "learning": what moves in it is not known. */
  look(frame: Mat, { width, height, seq, capturedAt }: FrameCapture): Part[] | "learning" {
    const motion = this.#motion.detect(frame, width, height);
    if (motion.kind === "learning") return "learning";
    const whole: Rect = { x: 0, y: 0, width, height };
    const squares = motion.boxes
      .map((box) => squareAround(box, width, height))
      .filter((square) => square.width >= REGION_SIDE_MIN)
      .slice(0, this.#options.regionsMax);
    const quietSince = this.#tracker.lastSeenAt();
    const parts: Part[] = this.#tracker
      .follow(squares, seq, capturedAt)
      .filter((region) => region.due)
      .map(({ box, track }) => ({ rect: box, gate: "open", track }));
    for (const { rect } of parts) this.#sides = [...this.#sides, rect.width].slice(-SIDES_KEPT);
    const { wholeFrameIntervalMs } = this.#options;
    if (squares.length > 0 && wholeFrameIntervalMs > 0 && capturedAt - this.#wholeFrameAt >= wholeFrameIntervalMs) {
      this.#wholeFrameAt = capturedAt;
      parts.push({ rect: whole, gate: "open" });
    }
    const quiet = motion.boxes.length === 0 && capturedAt - quietSince >= QUIET_MS;
    if (quiet && capturedAt - this.#cohortAt >= COHORT_INTERVAL_MS) {
      this.#cohortAt = capturedAt;
      parts.push({ rect: whole, gate: "closed" }, { rect: this.#randomSquare(width, height, capturedAt), gate: "closed" });
    }
    return parts;
  }

  /** A square of the size that regions usually have, anywhere; the place follows from the frame's time. */
  #randomSquare(width: number, height: number, capturedAt: number): Rect {
    const sorted = [...this.#sides].sort((a, b) => a - b);
    const usual = sorted[Math.floor(sorted.length / 2)] ?? Math.round(height / 4);
    const side = Math.max(1, Math.min(usual, width, height));
    const random = shortHash(capturedAt);
    const fraction = (digits: string): number => parseInt(digits, 16) / 2 ** 32;
    return {
      x: Math.floor(fraction(random.slice(0, 8)) * (width - side + 1)),
      y: Math.floor(fraction(random.slice(8)) * (height - side + 1)),
      width: side,
      height: side,
    };
  }
}
