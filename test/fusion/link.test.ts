import t from "tap";
import { distanceMs, meaningLlr, timeLogOdds } from "../../fusion/link.js";
import { logistic, logit } from "../../fusion/model/likelihood.js";
import { dot, norm, normalise } from "../../fusion/model/vector.js";
import { compareText, shortHash } from "../../fusion/model/observation.js";
import { assertInvariant, FusiondError, messageOf } from "../../fusion/model/errors.js";

const pair = { a: 10, b: -5 };
const same = { image: pair, audio: pair, text: pair };
const space = "s";
const axis = (i: number): Float32Array => Float32Array.from({ length: 4 }, (_, k) => (k === i ? 1 : 0));
const odds = (...values: number[]): Float32Array => Float32Array.from(values);

void t.test("link: a shared concept speaks for one happening, different concepts against", (t) => {
  const heard = { modality: "audio" as const, embedding: { space, vector: axis(0) }, odds: odds(2000, 0.01, 0.01, 0.01) };
  const seen = { modality: "image" as const, embedding: { space, vector: axis(1) }, odds: odds(2000, 0.01, 0.01, 0.01) };
  const other = { modality: "image" as const, embedding: { space, vector: axis(1) }, odds: odds(0.01, 2000, 0.01, 0.01) };
  t.ok(meaningLlr(heard, seen, same) > 1);
  t.ok(meaningLlr(heard, other, same) < -3);
  t.equal(meaningLlr(heard, seen, same), meaningLlr(seen, heard, same), "symmetric");
  t.end();
});

void t.test("link: what no concept names is joined by likeness within a modality only", (t) => {
  const flat = odds(0.1, 0.1, 0.1, 0.1);
  const a = { modality: "image" as const, embedding: { space, vector: axis(0) }, odds: flat };
  const b = { modality: "image" as const, embedding: { space, vector: axis(0) }, odds: flat };
  t.equal(meaningLlr(a, b, same), 5);
  t.ok(meaningLlr(a, { ...b, modality: "audio" }, same) < 1);
  t.equal(meaningLlr({ ...a, odds: odds() }, { ...b, modality: "text", odds: odds() }, same), 0, "no vocabulary, no opinion");
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
  t.equal(dot(odds(1, 2), odds(3, 4)), 11);
  t.throws(() => dot(odds(1), odds(1, 2)), RangeError);
  t.ok(Math.abs(norm(normalise(odds(3, 4))) - 1) < 1e-6);
  t.strictSame([...normalise(odds(0, 0))], [0, 0]);
  t.equal(compareText("a", "b") + compareText("b", "a") + compareText("a", "a"), 0);
  t.match(shortHash("a", 1), /^[0-9a-f]{16}$/);
  t.not(shortHash("a", "b"), shortHash("ab"));
  t.equal(messageOf("text"), "text");
  t.equal(messageOf(new FusiondError("store_full", "said", { cause: 1 })), "said");
  t.throws(() => assertInvariant(false, "x"), /invariant broken: x/);
  t.end();
});
