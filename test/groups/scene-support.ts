// A simulated scene and the group that watches it.
import type { GroupStateOptions } from "../../daemon/groups/group-state.js";
import { compareObservations, embeddingOf, observationId, type Observation } from "../../fusion/model/observation.js";
import { normalise } from "../../fusion/model/vector.js";
import { Scorer } from "../../fusion/scorer.js";
import { gaussian, seededRandom } from "../../fusion/simulator/random.js";
import { simulateScene, type Scene } from "../../fusion/simulator/scene.js";
import { compileRule, type RuleSource } from "../../rules/compile-rule.js";

/** Two cameras and a microphone; the same seed gives the same scene. */
export function sceneOf(seed: number, minutes = 1): Scene {
  return simulateScene({
    seed,
    durationMs: 60_000 * minutes,
    happenings: 12 * minutes,
    sources: [
      { id: "cam-a", modality: "image" },
      { id: "cam-b", modality: "image" },
      { id: "mic", modality: "audio" },
    ],
    noise: 0.6,
  });
}

/** Squares that cam-a looks at in turn in a scene with places, one every half second. */
export const PLACES = 8;
const LOOK_EVERY_MS = 500;

/**
 * The scene with looks at places: cam-a looks round at what stands there, and in place 0 something comes after a quarter of the
 * time and stays. `standing`: the concept of each place, by place; the last is what comes.
 */
export function withPlaces(scene: Scene, seed: number, durationMs: number, standing: readonly number[]): Scene {
  const random = seededRandom(seed);
  const looks = Array.from({ length: Math.floor(durationMs / LOOK_EVERY_MS) }, (_, i): Observation => {
    const place = i % PLACES;
    const capturedAt = i * LOOK_EVERY_MS + 7;
    const shows = place === 0 && capturedAt > durationMs / 4 ? PLACES : place;
    const concept = (scene.space.concepts[standing[shows] as number] as { vector: Float32Array }).vector;
    const key = { sourceId: "cam-a", modality: "image" as const, run: 0, seq: 100_000 + i, capturedAt, durationMs: 0 };
    const vector = normalise(concept.map((x) => x + (0.2 * gaussian(random)) / Math.sqrt(concept.length)));
    return { ...key, id: observationId(key), gate: "open", quality: 1, embedding: embeddingOf(scene.space.id, vector), place, region: { x: place / 16, y: 0, width: 0.5, height: 1 } };
  });
  const observations = [...scene.observations, ...looks.map((observation) => ({ observation }))];
  return { ...scene, observations: observations.sort((a, b) => compareObservations(a.observation, b.observation)) };
}

/** The scan that a look at a place completes, if it does: each look does from the first round on. */
export function scanOf(observation: Observation): { readonly from: number } | undefined {
  const from = observation.capturedAt - (PLACES - 1) * LOOK_EVERY_MS;
  return observation.place === undefined || from < 0 ? undefined : { from };
}

/** One rule with an absence that fires blind, and "plain", without one. */
export function optionsFor(scene: Scene): GroupStateOptions {
  const rule: RuleSource = {
    id: "any-two",
    severity: "warning",
    condition: { kind: "all", of: [{ kind: "hear", prompt: "0" }, { kind: "see", prompt: "1" }] },
    unless: [{ condition: { kind: "see", prompt: "2" }, withinMs: 3000, afterMs: 1000 }],
    withinMs: 8000,
    sameEvent: false,
    confidence: 0.5,
    confirmations: 1,
    holdForMs: 0,
    resolveAfterMs: 2000,
    cooldownMs: 1000,
    updateEveryMs: 30_000,
    whenBlind: "fire",
  };
  const plain: RuleSource = { ...rule, id: "plain", condition: { kind: "any", of: [{ kind: "hear", prompt: "3" }, { kind: "see", prompt: "3" }] }, unless: [] };
  const happening = (i: number): number => scene.happenings[i]?.concept ?? i;
  const rules = [rule, plain].map((r) => compileRule(r, 0.05, (words) => Number(words)));
  const prompts = [0, 1, 2, 3].map((i) => (scene.space.concepts[happening(i)] as { vector: Float32Array }).vector);
  return {
    scorer: new Scorer(scene.space, prompts),
    settleAfterMs: () => 60_000,
    clusterer: {
      groupId: "yard",
      sessionGapMs: 2000,
      maxDurationMs: 30_000,
      observationMaxMs: 2000,
      openMax: 64,
      conceptNames: scene.space.concepts.map((c) => c.name),
      sameModality: scene.space.sameModality,
    },
    rules: { site: "test", groupId: "yard", rules },
  };
}
