// fusiond replay: real footage and real sound through the real process, twice, with the same lines.
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { makeDogScene } from "../support/dog-scene.js";
import { runFusiond } from "../support/fusiond.js";

const SECONDS = 20;

const CONFIG = `
site: replay
nats: {embedded: true}
sources:
  cam: {camera: people.mp4}
  mic: {microphone: barks.wav}
groups:
  yard: {sources: [cam, mic]}
rules:
  dog-with-person: {all: [{hear: dog}, {see: person}], resolve_after: 2s}
  person: {any: [{see: person}], severity: info}
`;

const ajv = new Ajv2020({ allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(join(packageRoot, "docs/alert.schema.json"), "utf8")) as object);

/** What is looked at of an alert. */
interface Line {
  readonly id: string;
  readonly revision: number;
  readonly rule: string;
  readonly evidence: readonly { readonly modality: string; readonly source: string }[];
}

void t.test("replay: the same input gives the same lines, among them one incident that was seen and heard", async (t) => {
  const folder = t.testdir();
  makeDogScene(folder, SECONDS);
  const config = join(folder, "replay.yaml");
  writeFileSync(config, CONFIG);
  const first = await runFusiond(["replay", "--config", config, "--json"]);
  const second = await runFusiond(["replay", "--config", config, "--json"]);
  for (const run of [first, second]) t.match(run, { code: 0 }, "it ends in order");
  t.ok(first.stdout === second.stdout, "byte for byte the same");

  const lines = first.stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Line);
  for (const line of lines) t.ok(validate(line), `follows the schema: ${ajv.errorsText(validate.errors)}`);
  t.equal(new Set(lines.map(({ id, revision }) => `${id}.${revision}`)).size, lines.length, "each revision once");
  const fused = lines.filter(({ rule }) => rule === "dog-with-person");
  const modalities = fused.map(({ evidence }) => [...new Set(evidence.map(({ modality }) => modality))].sort().join(" and "));
  t.ok(modalities.includes("audio and image"), `an incident with both as evidence, of ${fused.length} revisions`);
  t.comment(`${lines.length} revisions, ${new Set(fused.map(({ id }) => id)).size} fused incidents`);
  t.doesNotThrow(() => first.stderr.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown), "stderr holds the log");
});

void t.test("replay: without --json alerts are printed for people, and nothing else", async (t) => {
  const folder = t.testdir();
  makeDogScene(folder, 6);
  writeFileSync(join(folder, "replay.yaml"), CONFIG);
  const { code, stdout } = await runFusiond(["replay", "--config", "replay.yaml"], { cwd: folder });
  t.equal(code, 0);
  t.match(stdout, /person/);
  t.notMatch(stdout, /^\{/m);
});

void t.test("replay: thirty files at once", async (t) => {
  const folder = t.testdir();
  makeDogScene(folder, 6);
  const cameras = Array.from({ length: 30 }, (_, i) => `  cam-${i}: {camera: people.mp4}\n`).join("");
  writeFileSync(join(folder, "many.yaml"), `site: replay\nnats: {embedded: true}\nsources:\n${cameras}rules: {person: {any: [{see: person}]}}\n`);
  const { code, stdout, stderr } = await runFusiond(["replay", "--config", "many.yaml", "--json"], { cwd: folder });
  t.equal(code, 0, stderr);
  const groups = new Set(stdout.trim().split("\n").map((line) => (JSON.parse(line) as { group: string }).group));
  t.equal(groups.size, 30, "people in every group");
});
