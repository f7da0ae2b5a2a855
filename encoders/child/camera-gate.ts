// The gate of one camera: which parts of a frame are worth encoding, and when.
import type { FrameCapture } from "../capture.js";
import type { Scan } from "../encoder.js";
import type { CameraGateOptions } from "../tower-spec.js";
import { blacken, rasterise, type Mask } from "./mask.js";
import { MotionDetector, smallCopy, type SmallCopy } from "./motion.js";
import { releasing, type Mat, type OpenCv, type Rect } from "./opencv.js";
import { RegionTracker } from "./region-tracker.js";
import { overlap, squareAround } from "./regions.js";
import { Rests } from "./rests.js";
import { PictureScan } from "./scan.js";
import type { GreyPicture } from "./still-place.js";

/** A part of a frame that is to be encoded. Pixels. */
export interface Part {
  readonly rect: Rect;
  readonly track?: number;
  readonly place?: number;
  readonly moving?: true;
}

/** What is to be looked at in a frame. */
export interface GateLook {
  readonly parts: readonly Part[];
  /** The scan that is complete with it. */
  readonly scan?: Scan;
  /** What moves in it is not known: the scene is new. */
  readonly isLearning: boolean;
}

/** Smallest side of a region, pixels: below it the embedded tower sees nothing. Source: the pack's README. */
const REGION_SIDE_MIN = 24;

/** Points of the picture in which it is seen whether what rests has left, for one of the copy in which movement is looked for. */
const STILL_STEP = 2;

/** What the gate of one camera remembers. Time is `capturedAt`; the same frames in order give the same parts. */
export class CameraGate {
  readonly #cv: OpenCv;
  readonly #options: CameraGateOptions;
  #mask: Mask | undefined;
  #motion: MotionDetector;
  #tracker: RegionTracker;
  #rests: Rests;
  #scan: PictureScan | undefined;
  #wholeFrameAt = -Infinity;

  constructor(cv: OpenCv, options: CameraGateOptions) {
    this.#cv = cv;
    this.#options = options;
    this.#motion = new MotionDetector(cv, options.sensitivity);
    this.#tracker = new RegionTracker(options.regionIntervalMs);
    this.#rests = new Rests(options);
  }

  /** Makes what is masked black, in place. A frame of another size than before is another camera: all is forgotten. */
  blacken(capture: FrameCapture): void {
    const { width, height } = capture;
    if (this.#mask?.width !== width || this.#mask.height !== height) {
      this.#mask = rasterise(this.#options.masks, width, height);
      this.#motion = new MotionDetector(this.#cv, this.#options.sensitivity);
      this.#tracker = new RegionTracker(this.#options.regionIntervalMs);
      this.#rests = new Rests(this.#options);
      this.#scan = new PictureScan(this.#options.scanRate, capture, this.#mask);
    }
    blacken(capture.pixels, this.#mask);
  }

  /** What of a blackened frame is to be encoded now; `isBusy`: what stands still waits for what moves. */
  look(frame: Mat, capture: FrameCapture, isBusy: boolean): GateLook {
    const { width, height } = capture;
    const copy = smallCopy(this.#cv, frame, width, height);
    return releasing(copy.picture, () => this.#lookAt(copy, capture, isBusy));
  }

  #lookAt(copy: SmallCopy, capture: FrameCapture, isBusy: boolean): GateLook {
    const { capturedAt } = capture;
    const motion = this.#motion.detect(copy, capturedAt);
    const { looks, scan } = this.#scan?.step(capturedAt, isBusy) ?? { looks: [] };
    const moves = (rect: Rect): boolean => motion.kind !== "learning" && motion.boxes.some((box) => overlap(rect, box) > 0);
    const places = looks.map(({ place, rect }): Part => ({ rect, place, ...(moves(rect) ? { moving: true } : {}) }));
    const told = scan === undefined ? {} : { scan };
    if (motion.kind === "learning") {
      this.#rests.lost();
      return { parts: places, ...told, isLearning: true };
    }
    return { parts: [...this.#lookAtMotion(motion.boxes, copy, capture), ...places], ...told, isLearning: false };
  }

  #lookAtMotion(boxes: readonly Rect[], copy: SmallCopy, { width, height, seq, capturedAt }: FrameCapture): Part[] {
    const whole: Rect = { x: 0, y: 0, width, height };
    const squares = boxes
      .map((box) => squareAround(box, width, height))
      .filter((square) => square.width >= REGION_SIDE_MIN)
      .slice(0, this.#options.regionsMax);
    const toStill = 1 / (copy.scale * STILL_STEP);
    const gone = this.#tracker.gone(capturedAt).map(({ box, track }) => ({ box: scaled(box, toStill), track }));
    const regions = this.#tracker.follow(squares, seq, capturedAt, (box) => this.#rests.trackAt(scaled(box, toStill)));
    const parts: Part[] = regions.filter((region) => region.due).map(({ box, track }) => ({ rect: box, track }));
    const resting = this.#rests.step({
      picture: this.#stillPicture(copy),
      capturedAt,
      track: seq * 16 + 15,
      moving: boxes.map((box) => scaled(box, toStill)),
      followed: this.#tracker.boxes().map((box) => scaled(box, toStill)),
      gone: gone.filter(({ track }) => !regions.some((region) => region.track === track)),
    });
    parts.push(...resting.map(({ box, track }): Part => ({ rect: squareAround(scaled(box, 1 / toStill), width, height), track })));
    const { wholeFrameIntervalMs } = this.#options;
    if (squares.length > 0 && wholeFrameIntervalMs > 0 && capturedAt - this.#wholeFrameAt >= wholeFrameIntervalMs) {
      this.#wholeFrameAt = capturedAt;
      parts.push({ rect: whole });
    }
    return parts;
  }

  #stillPicture({ picture, cols, rows }: SmallCopy): GreyPicture {
    const [width, height] = [Math.max(1, Math.round(cols / STILL_STEP)), Math.max(1, Math.round(rows / STILL_STEP))];
    const small = releasing(picture.resize(height, width, 0, 0, this.#cv.INTER_AREA), (resized) => resized.cvtColor(this.#cv.COLOR_RGB2GRAY));
    const grey = releasing(small, (mat) => mat.getData());
    return { width, height, grey: new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength) };
  }
}

function scaled({ x, y, width, height }: Rect, by: number): Rect {
  return { x: x * by, y: y * by, width: width * by, height: height * by };
}
