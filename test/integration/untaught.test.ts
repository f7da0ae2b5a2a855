// Rules that look for what the pack's towers were not taught, through the real command: told, but not refused.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { changeJson, packCopy } from "../encoders/support.js";
import { ffmpeg } from "../support/dog-scene.js";
import { runFusiond } from "../support/fusiond.js";

const UNTAUGHT = `  smoke: {any: [{see: smoke}]}
  calm: {within: 20s, all: [{hear: dog}, {not: {see: smoke, confidence: 0.7}}]}
  alone: {any: [{see: person, confidence: 0.7}], unless: {see: window, confidence: 0.7, within: 20s}}
  farm: {enabled: false, any: [{hear: the tractor}, {hear: crane}]}
  kid: {any: [{see: boy}]}`;

/** A configuration with a camera with sound, and a line of text on which it can be seen to run. */
function configOf(rules: string, pack = "embedded"): string {
  const head = ["site: untaught", "state_dir: state", "nats: {embedded: true, port: 0}", `encoders: {pack: ${pack}}`, "http: {enabled: false}"];
  return [...head, "sources: {cam: {camera: scene.mkv, audio: true}}", "rules:", rules, ""].join("\n");
}

function folderWith(t: { testdir(): string }, config: string): string {
  const folder = t.testdir();
  writeFileSync(join(folder, "fusiond.yaml"), config);
  ffmpeg("-f", "lavfi", "-i", "color=gray:size=64x64:rate=5", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "1", join(folder, "scene.mkv"));
  return folder;
}

void t.test("untaught: check says at its place what may never be found, and what to do, of rules that run, and calls the file valid", async (t) => {
  const { code, stdout, stderr } = await runFusiond(["check", "fusiond.yaml"], { cwd: folderWith(t, configOf(UNTAUGHT)) });
  const own = 'try it on your own recordings with "fusiond models score"';
  t.equal(stderr, [
    `fusiond.yaml:8:23: the pack "embedded" was not taught what "smoke" looks like, so this may never be found: ${own}, or use hear: "fire" instead (warning)`,
    `fusiond.yaml:9:54: the pack "embedded" was not taught what "smoke" looks like, so this may never be found, and "not" would hold although it is there: ${own}, or use hear: "fire" instead (warning)`,
    `fusiond.yaml:10:64: the pack "embedded" was not taught what "window" looks like, so this may never be found, and "unless" would let the incident through although it is there: ${own}, or use hear: "glass breaking" instead (warning)`,
    `fusiond.yaml:12:21: the pack "embedded" was not taught what "boy" looks like, so this may never be found: ${own}, or use hear: "baby crying", hear: "person" or see: "person" instead (warning)`,
    "",
  ].join("\n"));
  t.match(stdout, /^fusiond\.yaml is valid\nperception p1: cam\ncam looks at all of its picture once in [\d.]+ s\n/);
  t.equal(code, 0);
});

void t.test("untaught: check has nothing to say of what was taught, nor with a pack that does not say", async (t) => {
  const folder = packCopy(t);
  changeJson(folder, "text.json", "taught", undefined);
  const taught = "  r: {all: [{see: person, confidence: 0.7}, {hear: person}, {hear: fire}, {not: {see: sedan, confidence: 0.7}}], within: 20s}";
  for (const config of [configOf(taught), configOf(UNTAUGHT, folder)]) {
    const { code, stderr } = await runFusiond(["check", "fusiond.yaml"], { cwd: folderWith(t, config) });
    t.equal(stderr, "");
    t.equal(code, 0);
  }
});

void t.test("untaught: a daemon that runs such rules warns once a rule, and not of one that is disabled", async (t) => {
  const rules = `${UNTAUGHT}\n  house: {all: [{see: smoke}, {see: window}]}`;
  const { code, stderr } = await runFusiond(["replay", "--config", "fusiond.yaml"], { cwd: folderWith(t, configOf(rules)) });
  const log = stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);
  const warned = log.filter(({ msg }) => msg === "a rule looks for what the pack was not taught");
  t.match(warned, ["smoke", "calm", "alone", "kid", "house"].map((rule) => ({ level: "warn", rule })));
  t.equal(warned.length, 5);
  t.match(warned[4]?.["detail"], [/fusiond\.yaml:13:23: .*"smoke" looks like/, /fusiond\.yaml:13:37: .*"window" looks like/]);
  t.equal(code, 0);
});
