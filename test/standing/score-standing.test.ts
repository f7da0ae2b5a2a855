// Somebody who stands still, on footage that is always there: a change that makes it worse cannot slip in. The bounds lie
// at what was seen when they were written; raise them when it gets better.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { loadRules } from "../../config/load.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { scoreStanding, type ScoreStandingOptions } from "../../daemon/standing/score-standing.js";
import { renderStanding } from "../../daemon/standing/standing-report.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { withoutOpenCv } from "../encoders/support.js";
import { media } from "../support/debian.js";

const skip = withoutOpenCv();
const never = new AbortController().signal;
const pack = await loadPack(findPack("embedded", { packageRoot }));

/** The rules by which the numbers of docs/believe.md were taken. */
const RULES = join(packageRoot, "bench", "believe", "standing.yaml");

function folderOf(t: Test, rows: readonly string[]): string {
  const folder = t.testdir();
  mkdirSync(join(folder, "clips"));
  symlinkSync(media.pedestrians(), join(folder, "clips", "vtest.avi"));
  writeFileSync(join(folder, "labels.csv"), ["file,start,end,what", ...rows].join("\n"));
  return folder;
}

function optionsFor(folder: string, file = RULES): ScoreStandingOptions {
  const rules = loadRules(file);
  return { folder, rules, pack, seed: 1, standMs: 25_000, sceneFolder: join(folder, "scenes"), progress: () => undefined };
}

void t.test("standing: people who stand still from the start are seen, and not taken for nobody", { skip }, async (t) => {
  const folder = folderOf(t, ["vtest.avi,62,72,person", "absent.mp4,1,2,person"]);
  const report = await scoreStanding({ ...optionsFor(folder), only: "still" }, never);
  t.match(report, { scenes: 1, left_out: ["absent.mp4 is not there"], seen_within_10s: { of: 1 } });
  t.match(report.seen_later, { of: 1, count: 1 }, "seen: 1 of 1");
  t.match(report.nobody_wrong, { of: 4, count: 0 }, "seen: 0 of 4; with a gate that looks only at what moves 2");
  t.comment(renderStanding(report).join("\n"));
});

void t.test("standing: rules that do not ask, and a table of nobody, are refused with a sentence", async (t) => {
  const folder = folderOf(t, ["absent.mp4,1,2,person"]);
  await t.rejects(scoreStanding(optionsFor(folder), never), { code: "media_invalid", message: /names no footage/ });
  writeFileSync(join(folder, "rules.yaml"), "rules: {dog: {all: [{see: dog}]}}");
  await t.rejects(scoreStanding(optionsFor(folder, join(folder, "rules.yaml")), never), { code: "config_invalid", message: /asks whether anybody is there/ });
});
