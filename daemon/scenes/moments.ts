// When something opened the gate: what a judge of time alone has to go by.
import type { Capture } from "../../encoders/capture.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import { endedAt } from "../../fusion/model/observation.js";
import { listenedTo } from "../score/listened.js";
import type { Moment } from "./baseline-rules.js";

/** Listens to towers. Bound: one moment a capture, of one run. */
export class Moments {
  #taken: Moment[] = [];

  /** The tower, listened to. */
  through(tower: Encoder): Encoder {
    return listenedTo(tower, (capture, encoded) => {
      if (opened(capture, encoded)) this.#taken.push({ modality: capture.modality, fromMs: capture.capturedAt, toMs: endedAt(capture) });
    });
  }

  /** The moments since the last call, in order of their ends. */
  take(): Moment[] {
    return this.#taken.splice(0).sort((a, b) => a.toMs - b.toMs);
  }
}

/** Of sound every window is encoded, and one that is as quiet as ever is a sample of the cohort beside. */
function opened({ modality }: Capture, { observations }: Encoded): boolean {
  if (modality === "audio") return observations.length > 0 && observations.every(({ gate }) => gate === "open");
  return observations.some(({ gate, place }) => gate === "open" && place === undefined);
}
