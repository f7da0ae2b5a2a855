import fc from "fast-check";
import t from "tap";
import type { JudgedIncident } from "../../daemon/scenes/match-incidents.js";
import { renderScenes } from "../../daemon/scenes/render-scenes.js";
import { shareBounds } from "../../daemon/scenes/share-bounds.js";
import { holds } from "../support/property.js";
import { reliabilityOf, reportScenes, scoreOf, type SceneResult } from "../../daemon/scenes/scenes-report.js";

function incident(confidence: number, right: boolean): JudgedIncident {
  return { ruleId: "r", toldAt: 0, confidence, right };
}

void t.test("share bounds: are exact, and hold what was counted", (t) => {
  // None or all of n: 0.025 ** (1 / n) from the other end.
  for (const [hits, of, low, high] of [[0, 10, 0, 0.3084971], [10, 10, 0.6915029, 1], [3, 10, 0.0667395, 0.6524529], [111, 111, 0.9673145, 1], [25, 87, 0.1954303, 0.3942743]] as const) {
    const [found, above] = shareBounds(hits, of);
    t.ok(Math.abs(found - low) < 1e-4 && Math.abs(above - high) < 1e-4, `${hits} of ${of}: ${found}, ${above}`);
  }
  t.same(shareBounds(0, 0).map(String), ["NaN", "NaN"]);
  holds(t, "around", fc.property(fc.nat(300), fc.nat(300), (a, b) => {
    const [hits, of] = [Math.min(a, b), Math.max(a, b, 1)];
    const [low, high] = shareBounds(hits, of);
    return low <= hits / of && hits / of <= high && low >= 0 && high <= 1;
  }));
  t.end();
});

const RESULTS: readonly SceneResult[] = [
  { scene: "a", ruleId: "dog", control: "none", snrDb: 0, incidents: [incident(0.75, true), incident(0.85, false)], times: [{ fromMs: 0, toMs: 1, delayMs: 2_000 }] },
  { scene: "a", ruleId: "cat", control: "none", snrDb: 0, incidents: [], times: [] },
  { scene: "b", ruleId: "dog", control: "without_sound", incidents: [incident(0.99, false)], times: [] },
  { scene: "b", ruleId: "cat", control: "without_sound", incidents: [], times: [] },
  { scene: "c", ruleId: "dog", control: "none", snrDb: 20, incidents: [incident(0.97, true)], times: [{ fromMs: 0, toMs: 1, delayMs: 4_000 }] },
  { scene: "c", ruleId: "cat", control: "none", snrDb: 20, incidents: [], times: [{ fromMs: 0, toMs: 1 }] },
];
const ABOUT = { scenes: 3, seconds: 90, pack: "embedded 2", tolerance_ms: 2_000, left_out: [{ scene: "c", reason: "damaged" }] };

void t.test("scenes report: recall counts times, precision incidents, and delays those found", (t) => {
  t.match(scoreOf(RESULTS), { met: 3, found: 2, recall: 2 / 3, told: 4, right: 2, precision: 0.5, delay_p50_ms: 3_000, delay_p95_ms: 3_900 });
  const nothing = scoreOf([]);
  t.same([nothing.met, nothing.told, nothing.recall, nothing.precision, nothing.delay_p50_ms].map(String), ["0", "0", "NaN", "NaN", "NaN"]);
  t.end();
});

void t.test("scenes report: each incident is in one bin of confidence, and the lowest shows only if it has any", (t) => {
  const { by_confidence, ece } = reliabilityOf(RESULTS.flatMap(({ incidents }) => incidents));
  t.same(by_confidence.map(({ from, to, right, told }) => [from, to, right, told]), [[0.7, 0.8, 1, 1], [0.8, 0.9, 0, 1], [0.9, 0.97, 0, 0], [0.97, 1, 1, 2]]);
  t.ok(Math.abs(ece - (0.25 + 0.85 + 0.96) / 4) < 1e-9);
  t.same(reliabilityOf([incident(1, true), incident(0.5, false)]).by_confidence.map(({ from, told }) => [from, told]), [[0, 1], [0.7, 0], [0.8, 0], [0.9, 0], [0.97, 1]]);
  t.end();
});

void t.test("scenes report: by rule, by level from loud to faint, and by control", (t) => {
  const report = reportScenes(RESULTS, { ...ABOUT, baselines: [] });
  t.match(report.by_rule, [{ rule: "dog", met: 2, found: 2, told: 4, right: 2 }, { rule: "cat", met: 1, found: 0, told: 0 }]);
  t.match(report.by_snr, [{ snr_db: 20, met: 2, found: 1 }, { snr_db: 0, met: 1, found: 1 }]);
  t.match(report.by_control, [{ control: "none", scenes: 2, met: 3 }, { control: "without_sound", scenes: 1, met: 0, told: 1, right: 0 }]);
  t.same(report.incidents.map(({ scene, confidence, right }) => [scene, confidence, right]), RESULTS.flatMap(({ scene, incidents }) => incidents.map(({ confidence, right }) => [scene, confidence, right])));
  t.end();
});

void t.test("scenes report: as text, with the baselines beside", (t) => {
  const baselines = [{ name: "sound alone", ...scoreOf(RESULTS), ...reliabilityOf([]) }, { name: "time only", ...scoreOf(RESULTS) }] as const;
  const text = renderScenes(reportScenes(RESULTS, { ...ABOUT, baselines })).join("\n");
  t.match(text, /^pack embedded 2: 3 scenes, 1\.5 min, 2 rules\nan incident is right if its first alert lies .* give or take 2 s\nrecall 0\.667 \[0\.094, 0\.992\], precision 0\.500 \[0\.068, 0\.932\] \(95 %/);
  t.match(text, /\n {2}fused +3 +2 +0\.667 +4 +2 +0\.500 +3\.0 s +3\.9 s\n/);
  t.match(text, /\n {2}time only, of all rules together +3 +2 /);
  t.match(text, /\n {2}cat +1 +0 +0\.000 +0 +0 +- +- +-\n/);
  t.match(text, /\n {2}20 dB +2 /);
  t.match(text, /\n {2}without_sound \(1 scenes\) +0 /);
  t.match(text, /\n {2}right of told at a confidence of +0\.7 to 0\.8 +0\.8 to 0\.9 +0\.9 to 0\.97 +>= 0\.97 +calibration error\n {2}fused +1 of 1 +0 of 1 +0 of 0 +1 of 2 +0\.515\n {2}sound alone +0 of 0/);
  t.match(text, /\n {2}wrong +rule +told at +confidence\n {2}a +dog +0\.0 s +0\.850\n {2}b +dog +0\.0 s +0\.990\n\n {2}missed +rule +met from\n {2}c +cat +0\.0 s\n/);
  t.match(text, /\ncomplaints:\n {2}c: damaged$/);
  t.notMatch(renderScenes(reportScenes([], { ...ABOUT, left_out: [], baselines: [] })).join("\n"), /by level|by control|complaints|wrong|missed/);
  t.end();
});
