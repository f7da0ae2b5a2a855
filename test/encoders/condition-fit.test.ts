// The recipe scores looks and takes statistics in Python: the same numbers as the daemon's, or its tables would be of something else.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { loadPack } from "../../encoders/pack.js";
import { PLAIN_FIT } from "../../fusion/model/condition.js";
import { observationId, type Observation } from "../../fusion/model/observation.js";
import { roundedVector } from "../../fusion/model/vector.js";
import { normalise } from "../../fusion/model/vector.js";
import { Scorer } from "../../fusion/scorer.js";
import { noMatches, observePrompt, type LeafState } from "../../rules/leaf-matches.js";
import { embeddedPack } from "./support.js";

const python = process.env["PYTHON"] ?? "/usr/bin/python3";
const withoutNumpy = spawnSync(python, ["-c", "import numpy"]).status === 0 ? false : `${python} has no numpy: set PYTHON to one that has`;

/** Looks of two prompts a second apart, the nearer to them the higher; of the fourth moment two regions. */
const AT_MS = [0, 1000, 2000, 3000, 3000, 9000, 10_000, 11_000];
const SHARE = [0.9, 0.2, 0.7, 0.1, 0.8, 0.6, 0.95, 0.3];

void t.test("condition fit: Python and the daemon agree on every score and statistic", { skip: withoutNumpy }, async (t) => {
  const { space, vocabulary } = await loadPack(embeddedPack);
  const prompts = ["dog", "car horn"].map((words) => vocabulary.vector(words) as Float32Array);
  const [dog, horn] = prompts as [Float32Array, Float32Array];
  const vectors = SHARE.map((share) => normalise(dog.map((x, i) => share * x + (1 - share) * (horn[i] as number) + (i === 255 ? 0.4 : 0))));
  const quality = AT_MS.map((_, i) => 1 - i / 20);
  const { a, b, negativeMean, negativeSd } = space.calibration.audio;
  const raw = { a: a / negativeSd, b: b - (a * negativeMean) / negativeSd };
  const given = { vectors, quality, at_ms: AT_MS, prompts, concepts: space.concepts.map(({ vector }) => vector), prompt: raw, window_ms: 2000 };
  const file = join(t.testdir(), "given.json");
  writeFileSync(file, JSON.stringify(given, (_key, value: unknown) => (value instanceof Float32Array ? Array.from(value) : value)));
  const program = join(packageRoot, "encoders", "training", "conditions.py");
  const answer = JSON.parse(execFileSync(python, [program, "check", file], { encoding: "utf8" })) as {
    scores: number[][];
    statistics: number[][];
  };

  const scorer = new Scorer(space, prompts);
  const looks = vectors.map((vector, i): Observation => {
    const key = { sourceId: "mic", modality: "audio" as const, run: 0, seq: i, capturedAt: AT_MS[i] as number, durationMs: 2000 };
    return { ...key, id: observationId(key), gate: "open", quality: quality[i] as number, embedding: { space: space.id, codes: roundedVector(vector), vector } };
  });
  const scores = looks.map((look) => scorer.score(look, undefined)?.llr as Float32Array);
  const near = (x: number, y: number, what: string) => t.ok(Math.abs(x - y) < 1e-3, `${what}: ${x} and ${y}`);
  scores.forEach((llr, i) => llr.forEach((value, p) => near(answer.scores[i]?.[p] as number, value, `score ${i}, prompt ${p}`)));
  for (const confirmations of [1, 2, 3]) {
    prompts.forEach((_, prompt) => {
      const leaf = { kind: "prompt" as const, label: "hear: x", modality: "audio" as const, prompt, fit: PLAIN_FIT, prior: 0.5, confidence: 0 };
      const event = { id: "e", groupId: "g", revision: 1, phase: "open" as const, startedAt: 0, endedAt: 0, representatives: [], counts: { image: 0, audio: 0, text: 0 } };
      let state: LeafState = noMatches;
      looks.forEach((look, i) => {
        const llr = (scores[i] as Float32Array)[prompt] as number;
        if (llr > 0) state = observePrompt(state, leaf, { withinMs: 5000, confirmations }, event, look, llr, false).state;
      });
      const match = state.byEvent.get("e");
      const confirmed = (match?.looks.length ?? 0) < confirmations ? undefined : match?.evidence[0];
      near(answer.statistics[confirmations - 1]?.[prompt] as number, confirmed?.llr ?? -1e9, `statistic of ${confirmations}, prompt ${prompt}`);
    });
  }
});
