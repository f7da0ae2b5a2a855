// From a vector of a tower to an observation.
import { embeddingOf, observationId, type Observation } from "../fusion/model/observation.js";
import { SAMPLES_PER_CAPTURE_MAX, type ModelCapture, type Sample } from "./tower-spec.js";

/** The observation that a capture's sample makes; `index`: its place among those of the capture. Its vector is rounded here. */
export function observationOf(capture: ModelCapture, index: number, { vector, gate, quality, region, track, place, moving }: Omit<Sample, "inputCrc">, space: string): Observation {
  const { sourceId, modality, capturedAt, durationMs } = capture;
  const key = { sourceId, modality, run: 0, seq: capture.seq * SAMPLES_PER_CAPTURE_MAX + index, capturedAt, durationMs };
  return {
    ...key,
    id: observationId(key),
    gate,
    quality,
    embedding: embeddingOf(space, vector),
    ...(region === undefined ? {} : { region }),
    ...(track === undefined ? {} : { track }),
    ...(place === undefined ? {} : { place }),
    ...(moving === undefined ? {} : { moving }),
  };
}
