import t from "tap";
import { loadPack } from "../../encoders/pack.js";
import { isTaught, taughtNear, type TaughtTower } from "../../encoders/taught.js";
import { changeJson, embeddedPack, packCopy } from "./support.js";

const { vocabulary } = await loadPack(embeddedPack);
const vector = (phrase: string): Float32Array => vocabulary.vector(phrase) as Float32Array;
const knows = (tower: TaughtTower, phrase: string): boolean => isTaught(vocabulary.taught, tower, vector(phrase));

void t.test("taught: what a rule most often looks for was shown to the towers, by whichever of its names", (t) => {
  for (const phrase of ["person", "intruder", "dog", "car", "sedan", "bottle"]) t.ok(knows("image", phrase), `seen: ${phrase}`);
  for (const phrase of ["person", "speech", "dog", "barking", "glass breaking", "smashed window", "siren", "fire"]) t.ok(knows("audio", phrase), `heard: ${phrase}`);
  t.end();
});

void t.test("taught: what no picture and no clip showed is not, by none of its names", (t) => {
  for (const phrase of ["fire", "flames", "smoke", "window", "glass breaking", "siren"]) t.notOk(knows("image", phrase), `seen: ${phrase}`);
  for (const phrase of ["window", "tractor", "wolf", "smoke"]) t.notOk(knows("audio", phrase), `heard: ${phrase}`);
  t.end();
});

void t.test("taught: the nearest is named, nearest first, and nothing that is far", (t) => {
  t.same(taughtNear(vocabulary.taught, "audio", vector("smoke"), 2), ["fire"]);
  t.same(taughtNear(vocabulary.taught, "audio", vector("ambulance"), 1), ["siren"]);
  t.same(taughtNear(vocabulary.taught, "audio", vector("jeep"), 2), ["car", "traffic"]);
  t.same(taughtNear(vocabulary.taught, "image", vector("fire"), 2), [], "a candle is no fire");
  t.end();
});

void t.test("taught: a tower of which the pack does not say is trusted", async (t) => {
  const folder = packCopy(t);
  changeJson(folder, "text.json", "taught.image", undefined);
  const half = (await loadPack(folder)).vocabulary.taught;
  t.ok(isTaught(half, "image", vector("smoke")));
  t.notOk(isTaught(half, "audio", vector("tractor")));
  changeJson(folder, "text.json", "taught", undefined);
  const none = (await loadPack(folder)).vocabulary.taught;
  t.ok(isTaught(none, "audio", vector("tractor")));
  t.same(taughtNear(none, "audio", vector("tractor"), 2), []);
});
