// A simulated scene and the group that watches it.
import type { GroupStateOptions } from "../../daemon/pipeline/group-state.js";
import { Scorer } from "../../fusion/scorer.js";
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
    dimensions: scene.space.dimensions,
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
