// What a configuration's conditions take, by a pack that says what thresholds cost: at load and for "fusiond check".
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parseConfig, type LoadedConfig } from "../../config/load.js";
import { problemsOf } from "../../config/problem.js";
import { compileRules } from "../../daemon/compose/rules.js";
import { conditionLines, unmeasuredCosts, weakConditions } from "../../daemon/compose/condition-terms.js";
import { loadPack, type Pack } from "../../encoders/pack.js";
import { logistic, logit } from "../../fusion/model/likelihood.js";
import { changeJson, conditionJson, packCopy } from "../encoders/support.js";
import { runFusiond } from "../support/fusiond.js";

async function packWith(t: Parameters<typeof packCopy>[0], audio: unknown): Promise<Pack> {
  const folder = packCopy(t);
  for (const tower of ["image", "audio"]) changeJson(folder, "calibration.json", `${tower}.condition`, tower === "audio" ? audio : undefined);
  return loadPack(folder);
}

const HEAD = ["site: s", "state_dir: state", "nats: {embedded: true, port: 0}", "http: {enabled: false}", "sources: {cam: {camera: \"rtsp://h/s\", audio: true}}", "rules:"];

function configured(...rules: string[]): LoadedConfig {
  return parseConfig([...HEAD, ...rules, ""].join("\n"), "/etc/f.yaml", {});
}

const confidences = (loaded: LoadedConfig, pack: Pack): readonly number[] =>
  compileRules(loaded, pack).rules.flatMap(({ leaves }) => leaves.flatMap((leaf) => (leaf.kind === "prompt" ? [leaf.confidence] : [])));

const sure = (statistic: number, b = -1): number => logistic(logit(0.05) + 1.5 * statistic + b);

void t.test("condition terms: what says nothing takes what costs no more than the pack's default, in absences what misses nearly nothing", async (t) => {
  const pack = await packWith(t, conditionJson());
  const loaded = configured("  a: {any: [{hear: dogs}, {hear: cow}, {see: person}], unless: {hear: dog}}");
  t.strictSame(confidences(loaded, pack), [sure(2), sure(2, -2), 0.7, sure(0)], "a synonym, one never tried, a tower without tables, an absence");
  const cheap = await packWith(t, { ...conditionJson(), default_per_hour: 4 });
  const beside = configured("  b: {all: [{hear: dog}, {see: person}]}", "  c: {any: [{hear: dog}]}");
  t.strictSame(confidences(beside, cheap), [sure(0), 0.7, sure(2)], "beside another sense it may cost more");
  const own = configured("  a: {confidence: 0.9, all: [{hear: dog}, {hear: cow, confidence: 0.5}], unless: {hear: dog}}");
  t.strictSame(confidences(own, pack), [0.9, 0.5, sure(0)], "what is said is taken, by a rule for what must be there");
});

void t.test("condition terms: at_most takes the threshold of that cost, or is refused where it was not measured", async (t) => {
  const pack = await packWith(t, conditionJson());
  t.strictSame(confidences(configured("  a: {any: [{hear: dog, at_most: 13/h}]}", "  b: {at_most: 2/h, any: [{hear: dog}]}"), pack), [sure(0), sure(2)]);
  const refused = configured("  a: {any: [{hear: dog, at_most: 1/h}]}", "  b: {at_most: 2/h, any: [{hear: cow}, {see: person}], unless: {hear: dog}}");
  const told = unmeasuredCosts(refused, pack).map(({ line, column, message }) => `${line}:${column}: ${message}`);
  t.strictSame(told, [
    '7:34: not measured: the pack "embedded" was tried on 2.0 hours without hear: "dog", which tell no less than 1.5/h; ask for that or more, or say a confidence',
    '8:16: not measured: the pack "embedded" does not say how often hear: "cow" is wrong; say a confidence instead',
    '8:16: not measured: the pack "embedded" does not say how often see: "person" is wrong; say a confidence instead',
  ]);
  t.throws(() => compileRules(refused, pack), { code: "config_invalid" });
  try {
    compileRules(refused, pack);
  } catch (error) {
    t.equal(problemsOf(error).length, 3);
  }
});

void t.test("condition terms: what finds less than half at its cost is told, and every condition's cost can be read", async (t) => {
  const pack = await packWith(t, conditionJson());
  const loaded = configured("  a: {all: [{hear: dog, confidence: 0.999}, {hear: cow}], unless: {hear: dog}}");
  t.match(weakConditions(loaded, pack), [{ line: 7, column: 20, message: /^hear: "dog" finds only 10 % of what is there at less than 1\.5\/h, by 15 tries: allow more/ }]);
  t.strictSame(conditionLines(loaded, pack), [
    "a: hear: dog from 0.999 up: wrong less than 1.5/h (2.0 h measured), finds 10 % of what is there (15 tries)",
    "a: hear: cow from 0.13 up: wrong some 1/h for the mean prompt, never tried on what is there",
    "a: unless hear: dog from 0.02 up: taken for there some 13/h (2.0 h measured), misses 0 % of what is there (15 tries)",
  ]);
});

void t.test("condition terms: an absence misses hardly anything, but not at any cost, and check says both numbers", async (t) => {
  const json = conditionJson();
  const dog = (alarms: readonly number[]) => ({ ...json, prompts: { dog: { ...(json["prompts"] as { dog: { looks: object[] } }).dog, looks: Array.from({ length: 3 }, () => ({ b: -1, alarms, recall: [1, 0.5, 0] })) } } });
  const rare = await packWith(t, dog([40, 2, 0]));
  const loaded = configured("  a: {any: [{hear: cow}], unless: {hear: dog}}");
  t.equal(confidences(loaded, rare).at(-1), sure(0), "20/h and less: the one that misses least");
  t.strictSame(weakConditions(loaded, rare), []);
  const often = await packWith(t, dog([600, 2, 0]));
  t.equal(confidences(loaded, often).at(-1), sure(2), "200/h would keep the rule silent all the time");
  t.match(conditionLines(loaded, often)[1], /^a: unless hear: dog from 0\.\d+ up: taken for there some 1\/h \(2\.0 h measured\), misses 4\d % of what is there \(15 tries\)$/);
  t.match(weakConditions(loaded, often), [{ line: 7, message: /^"unless" will be taken to hold although it is there: of 15 tries hear: "dog" is missed 4\d %; say a lower confidence here/ }]);
  const own = configured("  b: {any: [{hear: cow}], unless: {hear: dog, confidence: 0.02}}");
  t.equal(confidences(own, often).at(-1), 0.02, "what is said is taken");
  t.match(weakConditions(own, often), [{ message: /^hear: "dog" is taken for there some 200\/h although it is not, and "unless" then keeps the rule silent: say a higher/ }]);
});

void t.test("condition terms: fusiond check prints what conditions take, and refuses what was not measured", async (t) => {
  const folder = t.testdir();
  const pack = await packWith(t, conditionJson());
  const head = [...HEAD, ""].join("\n").replace("nats:", `encoders: {pack: ${pack.folder}}\nnats:`);
  writeFileSync(join(folder, "good.yaml"), `${head}  a: {any: [{hear: dog}]}\n`);
  writeFileSync(join(folder, "bad.yaml"), `${head}  a: {any: [{hear: dog, at_most: 1/h}]}\n`);
  const good = await runFusiond(["check", "good.yaml"], { cwd: folder });
  t.equal(good.code, 0);
  t.match(good.stdout, /^good\.yaml is valid\n(?:.*\n)*a: hear: dog from 0\.28 up: wrong some 1\/h \(2\.0 h measured\), finds 57 % of what is there \(15 tries\)\n$/);
  const bad = await runFusiond(["check", "bad.yaml"], { cwd: folder });
  t.equal(bad.code, 78);
  t.match(bad.stderr, /bad\.yaml:8:34: not measured: /);
});
