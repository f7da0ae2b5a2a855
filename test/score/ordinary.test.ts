// Ordinary hours through the real command.
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ffmpeg, makeDogScene } from "../support/dog-scene.js";
import { media } from "../support/debian.js";
import { runFusiond } from "../support/fusiond.js";
import { rules, score } from "./support.js";

void t.test("score ordinary: what is truly there is no false incident, all else is", async (t) => {
  const folder = t.testdir();
  const { sound, video } = makeDogScene(folder, 15);
  rmSync(video);
  for (const [name, from] of [["same.wav", sound], ["crow.ogg", media.stamp("animals/birds/rooster.ogg")]] as const) symlinkSync(from, join(folder, name));
  ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "5", join(folder, "silence.wav"));
  writeFileSync(join(folder, "broken.mp3"), "no sound");
  writeFileSync(join(folder, "rules.yaml"), "rules: {dog: {any: [{hear: dog, confidence: 0.3}]}, rooster: {any: [{hear: rooster}]}, seen: {any: [{see: dog}]}}");
  const args = ["--rules", join(folder, "rules.yaml"), "--warm", "0s,10s", folder];
  const all = await score(t, ...args);
  t.same(Object.keys(all).slice(0, 6), ["hours", "incidents", "incidents_per_hour", "bound_95", "interval_95", "rules"]);
  t.match(all, { warm: "0s", states: [{ modality: "audio", warm: "0s" }, { warm: "10s" }] });
  const [state] = all.states;
  t.ok(state !== undefined && state.false_incidents.some(({ rule, recording }) => rule === "dog" && recording === "barks.wav"), "a bark that nobody labelled");
  t.ok(state?.false_incidents.every(({ rule }) => rule !== "seen"), "nothing is seen in sounds");
  t.same(state?.rules.map(({ id }) => id), ["dog", "rooster"]);
  t.match(all.left_out, [/same\.wav holds the same bytes as .*barks\.wav/, /neither sounds nor videos/, /broken\.mp3/]);
  writeFileSync(join(folder, "labels.csv"), "file,what,start,end\nbarks.wav,dog,0,60\ncrow.ogg,rooster,,\n");
  const labelled = await score(t, ...args);
  t.match(labelled, { incidents: 0 });
  t.ok(labelled.hours === all.hours && labelled.hours * 3600 < 20, "digital silence is no hour");
  t.ok(labelled.rules.every((rule) => rule.hours < all.hours), "excused time is none of the rule's hours");
});

void t.test("score ordinary: the same as text, and what it cannot do is said", async (t) => {
  const folder = t.testdir();
  symlinkSync(media.stamp("animals/birds/rooster.ogg"), join(folder, "crow.ogg"));
  const text = await runFusiond(["score", "ordinary", folder, "--rules", rules("hear.yaml"), "--warm", "0s"]);
  t.equal(text.code, 0);
  t.match(text.stdout, /^pack embedded .*\n\nsound +hours +cold\nrecordings +1\nall 20 rules +0\.00 +\d+: /);
  t.match(await runFusiond(["score", "ordinary", folder, "--rules", rules("hear.yaml"), "--warm", "soon"]), { code: 2, stderr: /give durations up to a day/ });
  t.match(await runFusiond(["score", "ordinary", folder]), { code: 2, stderr: /--rules/ });
  writeFileSync(join(folder, "rules.yaml"), "rules: {x: {any: [{hear: snorting}]}}");
  t.match(await runFusiond(["score", "ordinary", folder, "--rules", join(folder, "rules.yaml")]), { code: 78, stderr: /does not know "snorting"/ });
});
