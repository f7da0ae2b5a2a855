import t from "tap";
import { distanceMs, meaningLlr, timeLogOdds, type Meaning } from "../../fusion/link.js";
import type { Modality } from "../../fusion/model/modality.js";
import { logistic, logit } from "../../fusion/model/likelihood.js";
import { dot, norm, normalise } from "../../fusion/model/vector.js";
import { compareText, embeddingOf, shortHash } from "../../fusion/model/observation.js";
import { assertInvariant, FusiondError, messageOf } from "../../fusion/model/errors.js";

const pair = { a: 10, b: -5 };
const same = { image: pair, audio: pair, text: pair };
const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const space = "s";
const axis = (i: number): Float32Array => Float32Array.from({ length: 4 }, (_, k) => (k === i ? 1 : 0));

function meaning(modality: Modality, vector: Float32Array, ...odds: number[]): Meaning {
  return { representative: { modality, embedding: embeddingOf(space, vector) }, odds: Float32Array.from(odds), totalOdds: odds.reduce((a, b) => a + b, 0) };
}

void t.test("link: a shared concept speaks for one happening, different concepts against", (t) => {
  const heard = meaning("audio", axis(0), 2000, 0.01, 0.01, 0.01);
  const seen = meaning("image", axis(1), 2000, 0.01, 0.01, 0.01);
  const other = meaning("image", axis(1), 0.01, 2000, 0.01, 0.01);
  t.ok(meaningLlr(heard, seen, same) > 1);
  t.ok(meaningLlr(heard, other, same) < -3);
  t.equal(meaningLlr(heard, seen, same), meaningLlr(seen, heard, same), "symmetric");
  t.end();
});

void t.test("link: what no concept names is joined by likeness within a modality only", (t) => {
  const flat = [0.1, 0.1, 0.1, 0.1];
  const seen = meaning("image", axis(0), ...flat);
  t.equal(meaningLlr(seen, meaning("image", axis(0), ...flat), same), 5);
  t.ok(meaningLlr(seen, meaning("audio", axis(0), ...flat), same) < 1);
  t.equal(meaningLlr(meaning("image", axis(0)), meaning("text", axis(0)), same), 0, "no vocabulary, no opinion");
  t.end();
});

void t.test("link: time speaks less the further away", (t) => {
  t.ok(timeLogOdds(0, 4000) > timeLogOdds(1000, 4000));
  t.ok(timeLogOdds(1000, 4000) > timeLogOdds(4000, 4000));
  t.equal(distanceMs(0, 10, 5, 20), 0);
  t.equal(distanceMs(0, 10, 15, 20), 5);
  t.equal(distanceMs(15, 20, 0, 10), 5);
  t.end();
});

void t.test("model: small arithmetic is right", (t) => {
  t.ok(Math.abs(logistic(logit(0.3)) - 0.3) < 1e-12);
  t.equal(dot(floats(1, 2), floats(3, 4)), 11);
  t.throws(() => dot(floats(1), floats(1, 2)), RangeError);
  t.ok(Math.abs(norm(normalise(floats(3, 4))) - 1) < 1e-6);
  t.strictSame([...normalise(floats(0, 0))], [0, 0]);
  t.equal(compareText("a", "b") + compareText("b", "a") + compareText("a", "a"), 0);
  t.match(shortHash("a", 1), /^[0-9a-f]{16}$/);
  t.not(shortHash("a", "b"), shortHash("ab"));
  t.equal(messageOf("text"), "text");
  t.equal(messageOf(new FusiondError("store_full", "said", { cause: 1 })), "said");
  t.throws(() => assertInvariant(false, "x"), /invariant broken: x/);
  t.end();
});
