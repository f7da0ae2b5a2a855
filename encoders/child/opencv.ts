// The optional OpenCV binding, loaded past its quirks. The only file that imports it.
import { createRequire } from "node:module";
import { FusiondError } from "../../fusion/model/errors.js";

/** A rectangle in pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is used of a matrix. Its errors are strings, not Error objects. */
export interface Mat {
  resize(rows: number, cols: number, fx: number, fy: number, interpolation: number): Mat;
  getRegion(rect: Rect): Mat;
  threshold(threshold: number, maxValue: number, type: number): Mat;
  morphologyEx(kernel: Mat, operation: number): Mat;
  countNonZero(): number;
  cvtColor(code: number): Mat;
  findContours(mode: number, method: number): readonly { boundingRect(): Rect; readonly area: number }[];
  getData(): Buffer;
  release(): void;
}

/** What is made of a matrix, which is released then: frames come faster than the collector frees what lies outside the heap. */
export function releasing<T>(mat: Mat, make: (mat: Mat) => T): T {
  try {
    return make(mat);
  } finally {
    mat.release();
  }
}

/** Learns the background of a picture and marks what moves: 255 moving, 127 shadow, 0 background. */
export interface BackgroundSubtractor {
  /** `learningRate`: share of this frame in the background, 0..1. */
  apply(frame: Mat, learningRate: number): Mat;
}

/** What is used of OpenCV. */
export interface OpenCv {
  readonly Mat: new (data: Buffer, rows: number, cols: number, type: number) => Mat;
  readonly Rect: new (x: number, y: number, width: number, height: number) => Rect;
  readonly Size: new (width: number, height: number) => object;
  readonly BackgroundSubtractorMOG2: new (history: number, varThreshold: number, detectShadows: boolean) => BackgroundSubtractor;
  readonly CV_8UC3: number;
  readonly COLOR_RGB2GRAY: number;
  readonly INTER_AREA: number;
  readonly INTER_LINEAR: number;
  readonly THRESH_BINARY: number;
  readonly MORPH_RECT: number;
  readonly MORPH_OPEN: number;
  readonly MORPH_CLOSE: number;
  readonly RETR_EXTERNAL: number;
  readonly CHAIN_APPROX_SIMPLE: number;
  getStructuringElement(shape: number, size: object): Mat;
  setNumThreads(threads: number): void;
}

/**
 * OpenCV on one thread: the same frames give the same regions, and cores stay free.
 * Errors: FusiondError "dependency_missing" with the command that builds it.
 */
export function loadOpenCv(): OpenCv {
  const require = createRequire(import.meta.url);
  try {
    process.env["OPENCV4NODEJS_DISABLE_AUTOBUILD"] = "1"; // else it looks for a build of OpenCV that it made itself
    (require("@u4/opencv-build") as { Log: { silence: boolean } }).Log.silence = true;
    const cv = require("opencv4nodejs") as OpenCv;
    cv.setNumThreads(1);
    return cv;
  } catch (cause) {
    throw new FusiondError(
      "dependency_missing",
      'cameras need the OpenCV binding: run "apt-get install libopencv-dev pkg-config" and then "npm run setup" in the folder of fusiond',
      { cause },
    );
  }
}
