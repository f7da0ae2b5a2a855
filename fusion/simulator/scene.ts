// Seeded scenes with labels: observations as the towers would give them, and the happening that each belongs to.
import type { Modality } from "../model/modality.js";
import { compareObservations, embeddingOf, observationId, type Observation } from "../model/observation.js";
import type { SpaceModel } from "../model/space.js";
import { normalise } from "../model/vector.js";
import { gaussian, seededRandom, type SeededRandom } from "./random.js";

/** What the simulator is asked for. Times in ms. */
export interface SceneOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly happenings: number;
  readonly sources: readonly { readonly id: string; readonly modality: Modality }[];
  /** Standard deviation of the noise on a vector, against a signal of length 1. */
  readonly noise: number;
}

/** An observation and the happening that it shows; undefined: nothing but background. */
export interface LabelledObservation {
  readonly observation: Observation;
  readonly happening?: number;
}

/** A scene in canonical order. */
export interface Scene {
  readonly space: SpaceModel;
  readonly observations: readonly LabelledObservation[];
  readonly happenings: readonly { readonly concept: number; readonly startedAt: number; readonly endedAt: number }[];
}

const DIMENSIONS = 64;
const CONCEPTS = 24;
const WINDOW_MS: Readonly<Record<Modality, number>> = { image: 0, audio: 2000, text: 0 };
const STEP_MS: Readonly<Record<Modality, number>> = { image: 1000, audio: 500, text: 5000 };

/** The same seed gives the same scene, on every machine. */
export function simulateScene(options: SceneOptions): Scene {
  const random = seededRandom(options.seed);
  const space = simulatedSpace(random);
  const happenings = Array.from({ length: options.happenings }, () => {
    const startedAt = Math.floor(random.unit() * options.durationMs);
    return { concept: Math.floor(random.unit() * CONCEPTS), startedAt, endedAt: startedAt + 1000 + Math.floor(random.unit() * 6000) };
  });
  const observations: LabelledObservation[] = [];
  for (const source of options.sources) {
    happenings.forEach((happening, label) => {
      if (random.unit() < 0.3) return; // not every source witnesses everything
      const stepMs = STEP_MS[source.modality];
      const first = Math.ceil((happening.startedAt + random.unit() * 300) / stepMs) * stepMs;
      for (let at = first; at <= happening.endedAt; at += stepMs) {
        const concept = (space.concepts[happening.concept] as { vector: Float32Array }).vector;
        const observation = simulatedObservation(source, at, label, noisy(concept, options.noise, random), space.id);
        observations.push({ observation, happening: label });
      }
    });
  }
  observations.sort((a, b) => compareObservations(a.observation, b.observation));
  return { space, observations, happenings };
}

function simulatedSpace(random: SeededRandom): SpaceModel {
  const vector = (): Float32Array => normalise(Float32Array.from({ length: DIMENSIONS }, () => gaussian(random)));
  const calibration = {
    mean: new Float32Array(DIMENSIONS),
    variance: new Float32Array(DIMENSIONS).fill(1 / DIMENSIONS),
    negativeMean: 0,
    negativeSd: 1 / Math.sqrt(DIMENSIONS),
    a: 2,
    b: -4,
  };
  const pair = { a: 16, b: -8 };
  return {
    id: "simulated",
    dimensions: DIMENSIONS,
    calibration: { image: calibration, audio: calibration, text: calibration },
    sameModality: { image: pair, audio: pair, text: pair },
    prior: 0.05,
    concepts: Array.from({ length: CONCEPTS }, (_, i) => ({ name: `concept-${i}`, vector: vector() })),
  };
}

function noisy(vector: Float32Array, noise: number, random: SeededRandom): Float32Array {
  return normalise(vector.map((x) => x + (noise * gaussian(random)) / Math.sqrt(vector.length)));
}

function simulatedObservation(
  source: SceneOptions["sources"][number],
  capturedAt: number,
  seq: number,
  vector: Float32Array,
  space: string,
): Observation {
  const key = { sourceId: source.id, modality: source.modality, run: 0, seq, capturedAt, durationMs: WINDOW_MS[source.modality] };
  return { ...key, id: observationId(key), gate: "open", embedding: embeddingOf(space, vector), quality: 1 };
}
