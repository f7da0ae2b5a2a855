// From a vector of a tower to an observation.
import { embeddingOf, type Unnumbered } from "../fusion/model/observation.js";
import type { ModelCapture, Sample } from "./tower-spec.js";

/** The observation that a sample of a capture makes, its vector rounded. */
export function observationOf(capture: ModelCapture, { vector, gate, quality, region, track, place, moving }: Omit<Sample, "inputCrc">, space: string): Unnumbered {
  const { sourceId, modality, capturedAt, durationMs } = capture;
  return {
    sourceId,
    modality,
    capturedAt,
    durationMs,
    gate,
    quality,
    embedding: embeddingOf(space, vector),
    ...(region === undefined ? {} : { region }),
    ...(track === undefined ? {} : { track }),
    ...(place === undefined ? {} : { place }),
    ...(moving === undefined ? {} : { moving }),
  };
}
