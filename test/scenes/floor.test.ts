// A floor under what the pack that ships makes of scenes, on media that are always there: a worse one cannot slip in. The
// bounds lie below what was seen when they were written, which stands beside them; raise them when fusion gets better.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadRules } from "../../config/load.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { composeScenes } from "../../daemon/scenes/compose-scenes.js";
import { readMaterial } from "../../daemon/scenes/read-material.js";
import { scoreScenes } from "../../daemon/scenes/score-scenes.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { withoutOpenCv } from "../encoders/support.js";
import { debianMaterial, RULES } from "./support.js";

const never = new AbortController().signal;

void t.test("scenes floor: what is composed is found, and what is left out is not", { skip: withoutOpenCv() }, async (t) => {
  const folder = t.testdir();
  const scenes = join(folder, "scenes");
  await composeScenes({ material: readMaterial(debianMaterial(folder)), folder: scenes, seed: 1, count: 4, progress: () => undefined }, never);
  t.same(readdirSync(scenes), ["manifest.json", "scene-001", "scene-002", "scene-003", "scene-004"]);
  t.match(readFileSync(join(scenes, "scene-002", "labels.csv"), "utf8"), /^start,end,what,sources\n,,room tone,microphone\n\d/, "nobody in view");
  t.match(readFileSync(join(scenes, "scene-004", "labels.csv"), "utf8"), /person,camera\n,,room tone,microphone\n$/, "no sound");
  writeFileSync(join(folder, "rules.yaml"), RULES);
  const pack = await loadPack(findPack("embedded", { packageRoot }));
  const report = await scoreScenes({ folder: scenes, rules: loadRules(join(folder, "rules.yaml")), pack, fps: 3, progress: () => undefined }, never);
  t.match(report, { scenes: 4, met: 2, tolerance_ms: 2_000, left_out: [] });
  t.equal(Object.keys(report)[0], "scenes");
  t.same(report.by_rule.map(({ rule }) => rule), ["dog", "rooster", "thunderstorm"]);
  t.same(report.by_snr.map(({ snr_db, met }) => [snr_db, met]), [[20, 2]]);
  t.same(report.by_control.map(({ control, scenes: count, met }) => [control, count, met]), [["none", 2, 2], ["without_person", 1, 0], ["without_sound", 1, 0]]);
  t.same(report.baselines.map(({ name }) => name), ["sound alone", "picture alone", "time only"]);
  t.equal(report.by_confidence.reduce((sum, { told }) => sum + told, 0), report.told);
  const [sound, picture, time] = report.baselines;
  t.ok(sound !== undefined && sound.found >= report.found, "a sound is not heard better for a picture");
  t.ok(picture !== undefined && picture.told >= 3 * 3, "a picture alone fires every rule while anybody is in view");
  t.ok(time !== undefined && time.told >= 3, "something is heard and seen at any time");
  t.comment(`found ${report.found} of ${report.met}, ${report.right} of ${report.told} incidents right, delay p50 ${report.delay_p50_ms} ms`);
  t.ok(report.found >= 2, "seen: 2 of 2");
  t.ok(report.told - report.right <= 1, "seen: 0 of 2 false");
  t.ok(report.delay_p50_ms <= 4_000, "seen: 2.1 s");
});
