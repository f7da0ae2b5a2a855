import t from "tap";
import { TextEncoder } from "../../encoders/text-encoder.js";
import { loadPack } from "../../encoders/pack.js";
import { dot, norm } from "../../fusion/model/vector.js";
import { embeddedPack, line, Recorder, sound } from "./support.js";

const pack = await loadPack(embeddedPack);
const { vocabulary } = pack;

void t.test("vocabulary: a prompt is known whatever its case, spaces, articles and simple plurals", (t) => {
  const forms: [string, string][] = [
    ["dog", "Dog"], ["dog", "  the dog "], ["bottle", "bottles"], ["glass breaking", "Glass  breaking"], ["glass breaking", "glass-breaking"],
    ["bus", "buses"], ["sandwich", "sandwiches"], ["butterfly", "butterflies"], ["ping-pong ball", "ping pong balls"], ["scissors", "a scissors"],
  ];
  for (const [phrase, form] of forms) t.same(vocabulary.vector(form), vocabulary.vector(phrase), form);
  t.end();
});

void t.test("vocabulary: what it does not know has no vector", (t) => {
  for (const prompt of ["", "  ", "the", "xylophone", "dog piano", "glas breaking"]) t.equal(vocabulary.vector(prompt), undefined, prompt);
  t.ok(vocabulary.phrases.includes("person"));
  t.end();
});

void t.test("vocabulary: every phrase is found under its own name, with unit length", (t) => {
  for (const { name, vector } of vocabulary.concepts) {
    t.equal(vocabulary.vector(name), vector, name);
    t.ok(Math.abs(norm(vector) - 1) < 1e-4, name);
  }
  t.end();
});

void t.test("vocabulary: a line is the mean of its longest phrases, weighed by what is known", (t) => {
  const cases: [string, string[], number][] = [
    ["dog", ["dog"], 1],
    ["the dog is in the car", ["dog", "car"], 1],
    ["Glass breaking!", ["glass breaking"], 1],
    ["badge accepted at door", ["door"], 1 / 3],
    ["fire engine near depot 7", ["fire engine"], 2 / 4],
  ];
  for (const [text, phrases, quality] of cases) {
    const encoded = vocabulary.encodeLine(text);
    t.ok(encoded !== undefined && Math.abs(encoded.quality - quality) < 1e-9, `${text}: ${encoded?.quality}`);
    t.ok(Math.abs(norm(encoded?.vector as Float32Array) - 1) < 1e-4, text);
    const shares = phrases.map((phrase) => dot(encoded?.vector as Float32Array, vocabulary.vector(phrase) as Float32Array));
    t.ok(Math.min(...shares) > (phrases.length === 1 ? 0.999 : 0.6), `${text}: ${shares.join()}`);
  }
  t.equal(vocabulary.encodeLine("badge accepted"), undefined);
  t.equal(vocabulary.encodeLine(""), undefined);
  t.end();
});

void t.test("text encoder: a line without a known word is an observation without an embedding", async (t) => {
  const telemetry = new Recorder();
  const encoder = new TextEncoder({ pack, telemetry });
  await encoder.start();
  const accepted = new Map([["result", "accepted"]]);
  const known = await encoder.encode({ ...line(1, "a dog at the gate"), fields: accepted });
  t.match(known.observations, [{ modality: "text", gate: "open", text: "a dog at the gate", fields: accepted }]);
  t.equal(known.observations[0]?.embedding?.space, pack.manifest.space);
  const unknown = await encoder.encode(line(2, "badge accepted"));
  t.equal(unknown.observations.length, 1);
  t.equal(unknown.observations[0]?.embedding, undefined);
  t.equal(unknown.observations[0]?.quality, 0);
  const again = await encoder.encode({ ...line(1, "a dog at the gate"), fields: accepted });
  t.same(again.observations, known.observations);
  await t.rejects(encoder.encode(sound(1)), { code: "encode_failed" });
  await encoder.stop();
  t.same(telemetry.told, ["provider:text:table"]);
});
