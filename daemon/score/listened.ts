// A tower whose answers an instrument hears.
import type { Capture } from "../../encoders/capture.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";

/** The tower, unchanged in all that it does; `onEncoded` hears of each capture and what came of it, before the caller does. */
export function listenedTo(tower: Encoder, onEncoded: (capture: Capture, encoded: Encoded) => void): Encoder {
  return {
    modality: tower.modality,
    space: tower.space,
    dimensions: tower.dimensions,
    start: (signal) => tower.start(signal),
    stop: () => tower.stop(),
    encode: async (capture) => {
      const encoded = await tower.encode(capture);
      onEncoded(capture, encoded);
      return encoded;
    },
  };
}
