// Both commands as a user starts them, on media that are always there.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadRules } from "../../config/load.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { readMaterial } from "../../daemon/scenes/read-material.js";
import { readScenes } from "../../daemon/scenes/scene-folder.js";
import type { ScenesReport } from "../../daemon/scenes/scenes-report.js";
import { scoreScenes } from "../../daemon/scenes/score-scenes.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { withoutOpenCv } from "../encoders/support.js";
import { debianMaterial, RULES } from "./support.js";

function fusiond(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(packageRoot, "dist", "daemon", "main.js"), "score", ...args], { encoding: "utf8" });
}

void t.test("score compose and scenes: as commands", { skip: withoutOpenCv() }, (t) => {
  const folder = t.testdir();
  const { sounds, backgrounds, footage } = debianMaterial(folder);
  const scenes = join(folder, "scenes");
  const compose = (): ReturnType<typeof fusiond> => fusiond("compose", scenes, "--sounds", sounds, "--backgrounds", backgrounds, "--footage", footage, "--count", "1", "--seed", "2");
  t.match(compose(), { status: 0, stdout: `1 scenes lie in ${scenes}\n`, stderr: /^composing scene-001 of 1\n$/ });
  t.same(readdirSync(scenes), ["manifest.json", "scene-001"]);
  t.match(readFileSync(join(scenes, "scene-001", "labels.csv"), "utf8"), /^start,end,what,sources\n,,person,camera\n,,room tone,microphone\n\d+\.\d{3},\d+\.\d{3},[a-z ]+,microphone\n$/);
  t.match(compose(), { status: 1, stderr: /holds something already: name a new folder, or empty it\n$/ });
  const rules = join(folder, "rules.yaml");
  writeFileSync(rules, RULES);
  const text = fusiond("scenes", scenes, "--rules", rules);
  t.equal(text.status, 0, text.stderr);
  t.match(text.stdout, /^pack embedded .*: 1 scenes, \d+\.\d min, 3 rules\n/);
  t.match(text.stdout, /\n {2}fused +1 +/);
  t.match(text.stdout, /\n {2}time only, of all rules together +1/);
  rmSync(join(scenes, "scene-001", "camera.mp4"));
  writeFileSync(join(scenes, "scene-001", "labels.csv"), "start,end,what,sources\n");
  const { status, stdout, stderr } = fusiond("scenes", scenes, "--rules", rules, "--json");
  t.equal(status, 0, stderr);
  const report = JSON.parse(stdout) as ScenesReport;
  t.match(report, { scenes: 1, met: 0, told: 0, recall: null, precision: null, delay_p50_ms: null }, "nobody is seen where no camera is");
  t.end();
});

void t.test("score scenes: what cannot be is said in one sentence", async (t) => {
  const folder = t.testdir({ scenes: { one: { "labels.csv": "start,end,what,sources\n", "yard.wav": "x" } }, empty: {} });
  const scenes = join(folder, "scenes");
  const said = (where: string, message: RegExp): void => void t.throws(() => readScenes(where), { code: "media_invalid", message });
  t.match(readScenes(scenes), [{ name: "one", sources: [{ id: "yard", modality: "audio" }], labels: [] }]);
  said(join(folder, "empty"), /no scene lies in .*empty: make a folder for each/);
  writeFileSync(join(scenes, "one", "labels.csv"), "start,end,what,sources\n1,2,dog,gate\n");
  said(scenes, /labels\.csv names the source gate, which the scene does not have: it has yard$/);
  rmSync(join(scenes, "one", "labels.csv"));
  said(scenes, /labels\.csv is missing: write there/);
  writeFileSync(join(scenes, "one", "labels.csv"), "start,end,what,sources\n");
  writeFileSync(join(scenes, "one", "yard.mp4"), "x");
  said(scenes, /two files whose names are yard but for what follows the dot/);
  rmSync(join(scenes, "one", "yard.mp4"));
  writeFileSync(join(scenes, "manifest.json"), "{}");
  said(scenes, /manifest\.json is not a manifest as "fusiond score compose" writes it/);
  rmSync(join(scenes, "manifest.json"));
  mkdirSync(join(scenes, "two"));
  said(scenes, /two has no recording: give sounds or videos/);
  rmSync(join(scenes, "two"), { recursive: true });
  const rules = join(folder, "rules.yaml");
  writeFileSync(rules, "rules:\n  badge: {all: [{hear: dog}, {read: {field: a, equals: b}}]}\n");
  const pack = await loadPack(findPack("embedded", { packageRoot }));
  const scored = scoreScenes({ folder: scenes, rules: loadRules(rules), pack, progress: () => undefined }, new AbortController().signal);
  await t.rejects(scored, { code: "config_invalid", message: /the rule badge reads text, which scenes do not have/ });
});

void t.test("score compose: what cannot be is said in one sentence", (t) => {
  const folder = t.testdir({ sounds: {} });
  const sounds = join(folder, "sounds");
  const said = (message: RegExp): void => void t.throws(() => readMaterial({ sounds, backgrounds: sounds, footage: sounds }), { code: "media_invalid", message });
  said(/labels\.csv cannot be read: write a table there/);
  writeFileSync(join(sounds, "labels.csv"), "file,what\nno.ogg,dog\n");
  said(/names no\.ogg, which lies neither in/);
  t.end();
});
