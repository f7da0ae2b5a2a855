// Where a picture moves: background subtraction on a small copy of it.
import { releasing, type BackgroundSubtractor, type Mat, type OpenCv, type Rect } from "./opencv.js";
import { mergeBoxes } from "./regions.js";

/** Width of the copy that movement is looked for in, pixels. */
const ANALYSIS_WIDTH = 320;
/** Frames that the background is made of; 100 s at 5 fps. */
const HISTORY_FRAMES = 500;
/** Frames after which the background is known well enough, */
const WARM_UP_FRAMES = 10;
/** or this time, ms of event time, if it held so many: few frames a second are blind no longer than many. */
const WARM_UP_MS = 2000;
const WARM_UP_FRAMES_MIN = 3;
/**
 * Share of the newest frame in the background, at most; OpenCV's own choice of 1 / (2 n) takes what comes to rest soon
 * after the start for background within a second, this in two, and after a minute and a half 1 / HISTORY_FRAMES in ten.
 */
const LEARNING_RATE_MAX = 0.01;
/** Share of the picture from which a movement is a change of light or of the camera, not a thing. */
const SCENE_CHANGE_SHARE = 0.6;
/** Boxes this near are one thing, pixels of the copy. */
const MERGE_GAP = 3;

/** A small copy of a frame. */
export interface SmallCopy {
  /** Shape: `rows` x `cols` x 3, RGB. */
  readonly picture: Mat;
  readonly cols: number;
  readonly rows: number;
  /** Pixels of the frame for one of the copy. */
  readonly scale: number;
}

/** The copy of a frame in which movement is looked for; whoever asks for it releases it. */
export function smallCopy(cv: OpenCv, frame: Mat, width: number, height: number): SmallCopy {
  const cols = Math.min(ANALYSIS_WIDTH, width);
  const rows = Math.max(1, Math.round((height * cols) / width));
  return { picture: frame.resize(rows, cols, 0, 0, cv.INTER_AREA), cols, rows, scale: width / cols };
}

/** What moved, or why that is not known: "learning" while the background is new. */
export type Motion = { readonly kind: "learning" } | { readonly kind: "boxes"; readonly boxes: readonly Rect[] };

/**
 * The movement of one camera. Deterministic: the same frames give the same boxes.
 * Bound: a background model of 320 pixels' width, about 6 MB outside the heap.
 */
export class MotionDetector {
  readonly #cv: OpenCv;
  readonly #sensitivity: number;
  readonly #opening: Mat;
  readonly #closing: Mat;
  #background: BackgroundSubtractor | undefined;
  #frames = 0;
  #startedAt = 0;

  constructor(cv: OpenCv, sensitivity: number) {
    this.#cv = cv;
    this.#sensitivity = sensitivity;
    this.#opening = cv.getStructuringElement(cv.MORPH_RECT, new cv.Size(2, 2));
    // Taller than wide: what walks upright falls apart into head, trunk and legs more easily than side by side.
    this.#closing = cv.getStructuringElement(cv.MORPH_RECT, new cv.Size(5, 9));
  }

  /** Boxes of what moves in a small copy of the frame captured then (Unix ms), in pixels of the frame, the biggest first. */
  detect({ picture: small, cols, rows, scale }: SmallCopy, capturedAt: number): Motion {
    const cv = this.#cv;
    if (this.#background === undefined) this.#startedAt = capturedAt;
    // 0.5 is OpenCV's own threshold of 16 (squared distances in standard deviations).
    this.#background ??= new cv.BackgroundSubtractorMOG2(HISTORY_FRAMES, 28 - 24 * this.#sensitivity, true);
    const learningRate = this.#learningRate();
    const isMoving = releasing(this.#background.apply(small, learningRate), (marked) => marked.threshold(200, 255, cv.THRESH_BINARY)); // 127 is shadow
    this.#frames++;
    return releasing(isMoving, (moving) => this.#judge(moving, { cols, rows, scale }, capturedAt));
  }

  #judge(moving: Mat, { cols, rows, scale }: Omit<SmallCopy, "picture">, capturedAt: number): Motion {
    const cv = this.#cv;
    const isWarm = this.#frames > WARM_UP_FRAMES || (this.#frames > WARM_UP_FRAMES_MIN && capturedAt - this.#startedAt >= WARM_UP_MS);
    if (!isWarm) return { kind: "learning" };
    const movingPoints = moving.countNonZero();
    if (movingPoints === 0) return { kind: "boxes", boxes: [] };
    if (movingPoints > SCENE_CHANGE_SHARE * rows * cols) {
      this.#background = undefined;
      this.#frames = 0;
      return { kind: "learning" };
    }
    const blobs = releasing(moving.morphologyEx(this.#opening, cv.MORPH_OPEN), (opened) => opened.morphologyEx(this.#closing, cv.MORPH_CLOSE));
    return { kind: "boxes", boxes: releasing(blobs, (closed) => this.#boxesOf(closed, cols, rows, scale)) };
  }

  #learningRate(): number {
    const early = this.#frames < WARM_UP_FRAMES ? 1 : LEARNING_RATE_MAX;
    return Math.max(1 / HISTORY_FRAMES, Math.min(early, 1 / (2 * this.#frames + 1)));
  }

  #boxesOf(blobs: Mat, cols: number, rows: number, scale: number): Rect[] {
    const cv = this.#cv;
    // 1 % of the picture at sensitivity 0, 0.1 % at 0.5, 0.01 % at 1.
    const areaMin = cols * rows * 10 ** (-2 - 2 * this.#sensitivity);
    const boxes = blobs
      .findContours(cv.RETR_EXTERNAL, cv.CHAIN_APPROX_SIMPLE)
      .map((contour) => ({ box: contour.boundingRect(), area: contour.area }))
      .filter(({ area }) => area >= areaMin / 4)
      .map(({ box: { x, y, width, height } }) => ({ x, y, width, height }));
    return mergeBoxes(boxes, MERGE_GAP)
      .filter(({ width, height }) => width * height >= areaMin)
      .sort((a, b) => b.width * b.height - a.width * a.height || a.x - b.x || a.y - b.y)
      .map(({ x, y, width, height }) => ({ x: x * scale, y: y * scale, width: width * scale, height: height * scale }));
  }
}
