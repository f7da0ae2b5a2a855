// The gate of the image tower: masks, movement, and crops of the size that the model takes.
import type { FrameCapture } from "../capture.js";
import { CAMERAS_MAX, type ImageGateOptions, type ModelCapture, type TowerSpec } from "../tower-spec.js";
import { CameraGate, type Part } from "./camera-gate.js";
import { releasing, type Mat, type OpenCv, type Rect } from "./opencv.js";
import { widened } from "./regions.js";
import { SourceStates } from "./source-states.js";
import type { Cut, Gate, Look } from "./look.js";

/** Why what moves is not seen in the first frames of a scene. */
const LEARNING = "the gate is still learning what the scene looks like when nothing moves";

/**
 * Each square is looked at once more with half as much around it: of people of whom the gate finds a leg more is seen, and a bed is no
 * car. Source: the pack's README.
 */
const WIDER = 1.5;

/** Cuts from a frame the regions that moved or came to rest, and places in turn. */
export class ImageCutter implements Gate {
  readonly #side: number;
  readonly #cv: OpenCv;
  readonly #gates: SourceStates<CameraGate>;
  readonly #wholePictures: boolean;

  constructor(tower: TowerSpec, options: ImageGateOptions, cv: OpenCv) {
    this.#side = tower.input.shape[1] as number;
    this.#cv = cv;
    this.#wholePictures = options.wholePictures ?? false;
    this.#gates = new SourceStates(CAMERAS_MAX, (sourceId) => {
      const camera = options.cameras.get(sourceId);
      if (camera === undefined) throw new Error(`a frame came from ${sourceId}, whose masks are not known: it was not looked at`);
      return new CameraGate(cv, camera);
    });
  }

  cut(capture: ModelCapture, isBusy: boolean): Look {
    if (capture.modality !== "image") throw new Error(`the image tower was given ${capture.modality}`);
    const { width, height, pixels, sourceId } = capture;
    if (pixels.length !== width * height * 3) {
      throw new Error(`a frame of ${width}x${height} from ${sourceId} has ${pixels.length} bytes instead of ${width * height * 3}`);
    }
    const gate = this.#wholePictures ? undefined : this.#gates.of(sourceId);
    gate?.blacken(capture);
    const cv = this.#cv;
    const frame = new cv.Mat(Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength), height, width, cv.CV_8UC3);
    return releasing(frame, () => {
      if (gate === undefined) return { cuts: [this.#crop(frame, capture, { rect: { x: 0, y: 0, width, height } })] };
      const { parts, scan, isLearning } = gate.look(frame, capture, isBusy);
      const cuts = parts.map((part) => this.#crop(frame, capture, part));
      return { cuts, ...(scan === undefined ? {} : { scan }), ...(isLearning ? { unseen: LEARNING } : {}) };
    });
  }

  /** Quality: the share of the model's side that the part fills. */
  #crop(frame: Mat, { width, height }: FrameCapture, { rect, ...about }: Part): Cut {
    const wide = rect.width === rect.height ? widened(rect, WIDER, width, height) : rect;
    return {
      ...about,
      gate: "open",
      input: this.#pixels(frame, rect),
      ...(wide.width === rect.width ? {} : { wider: this.#pixels(frame, wide) }),
      quality: Math.min(1, Math.min(rect.width, rect.height) / this.#side),
      region: { x: rect.x / width, y: rect.y / height, width: rect.width / width, height: rect.height / height },
    };
  }

  /** Shape: side x side x 3, uint8, RGB. What is not square is squeezed. */
  #pixels(frame: Mat, { x, y, width, height }: Rect): Uint8Array {
    const cv = this.#cv;
    const interpolation = Math.min(width, height) >= this.#side ? cv.INTER_AREA : cv.INTER_LINEAR;
    const cut = releasing(frame.getRegion(new cv.Rect(x, y, width, height)), (region) => region.resize(this.#side, this.#side, 0, 0, interpolation));
    const pixels = releasing(cut, (mat) => mat.getData());
    return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  }
}
