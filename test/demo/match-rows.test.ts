// Expected rows against reported incidents.
import t from "tap";
import { incidentsOf, rowsPlayed, scoreRows, type ReceivedAlert, type ReportedIncident } from "../../daemon/demo/match-rows.js";
import type { ExpectedRow } from "../../daemon/demo/scene.js";
import { alertView } from "../support/alert-view.js";

const START = Date.parse("2026-01-01T12:00:00Z");

const bark = (fromMs: number): ExpectedRow => ({ label: "bark", fromMs, toMs: fromMs + 900, expect: "incident", ruleId: "two" });
const quiet = (fromMs: number): ExpectedRow => ({ label: "bell", fromMs, toMs: fromMs + 900, expect: "nothing" });

function incident(onsetMs: number, fields: Partial<ReportedIncident> = {}): ReportedIncident {
  const usual = { ruleId: "two", latencyMs: 100, confidence: 0.9, modalities: ["audio", "image"], eventCount: 2, alertCount: 1, withdrawn: false };
  return { id: `i${onsetMs}`, onsetMs, ...usual, ...fields };
}

const outcomes = (rows: readonly ExpectedRow[], incidents: readonly ReportedIncident[]) => {
  const score = scoreRows(rows, incidents);
  return { rows: score.results.map((r) => r.outcome), strays: score.strays.map((s) => [s.incident.onsetMs, s.outcome]), falseCount: score.falseCount };
};

void t.test("rows: each is found by the incident of its rule within the tolerance", (t) => {
  t.same(outcomes([bark(20_000), bark(40_000)], [incident(17_100), incident(43_800)]), { rows: ["found", "found"], strays: [], falseCount: 0 });
  t.same(outcomes([bark(20_000)], [incident(16_900)]), { rows: ["missed"], strays: [[16_900, "false"]], falseCount: 1 });
  t.same(outcomes([bark(20_000)], [incident(20_000, { ruleId: "one" })]), { rows: ["missed"], strays: [[20_000, "false"]], falseCount: 1 });
  t.end();
});

void t.test("rows: one incident satisfies one row, and a second incident of one row is a repetition", (t) => {
  t.same(outcomes([bark(20_000), bark(22_000)], [incident(21_000)]), { rows: ["found", "missed"], strays: [], falseCount: 0 });
  t.same(outcomes([bark(20_000)], [incident(20_100), incident(22_000)]), { rows: ["found"], strays: [[22_000, "repeated"]], falseCount: 0 });
  t.end();
});

void t.test("rows: an incident without both a picture and a sound does not count", (t) => {
  t.same(outcomes([bark(20_000)], [incident(20_000, { modalities: ["audio"] })]), { rows: ["missed"], strays: [[20_000, "false"]], falseCount: 1 });
  t.end();
});

void t.test("rows: where nothing is expected every incident is false", (t) => {
  const incidents = [incident(20_000), incident(20_500, { ruleId: "one" })];
  t.same(outcomes([quiet(20_000), quiet(60_000)], incidents), { rows: ["false", "quiet"], strays: [], falseCount: 2 });
  t.end();
});

void t.test("rows: what may be reported counts neither way", (t) => {
  const either: ExpectedRow = { ...bark(20_000), expect: "either" };
  t.same(outcomes([either], [incident(20_000)]), { rows: ["also_found"], strays: [], falseCount: 0 });
  t.same(outcomes([either], []), { rows: ["not_reported"], strays: [], falseCount: 0 });
  t.equal(scoreRows([either], []).expected, 0);
  t.end();
});

void t.test("rows: an incident that was taken back is shown as that", (t) => {
  t.same(outcomes([bark(20_000)], [incident(20_000, { withdrawn: true })]), { rows: ["missed"], strays: [[20_000, "withdrawn"]], falseCount: 0 });
  t.end();
});

void t.test("incidents: are put together from alerts in any order, and begin when the last condition was met", (t) => {
  const evidence = (condition: string, modality: string, offsetMs: number) => ({
    ...{ condition, source: "s", modality, capturedAt: START + offsetMs, durationMs: 2_000, offsetMs, confidence: 0.8 },
  });
  const first = alertView({
    startedAt: START - 30_000, // a person came into view long before
    evidence: [evidence("see: person", "image", 8_000), evidence("hear: dog", "audio", 10_000), evidence("hear: dog", "audio", 9_000)],
  });
  const second = alertView({ ...first, revision: 2, state: "resolved", confidence: 0.95, evidence: [evidence("hear: dog", "audio", 30_000)] });
  const other = alertView({ id: "other", rule: "one", startedAt: START + 5_000, evidence: [], reason: "withdrawn" });
  const received: ReceivedAlert[] = [
    { alert: second, latencyMs: 900 },
    { alert: first, latencyMs: 50 },
    { alert: other, latencyMs: 70 },
  ];
  const common = { modalities: [], alertCount: 1, latencyMs: 70, confidence: 0.8, eventCount: 2 };
  t.same(incidentsOf(received, START), [
    { ...common, id: "other", ruleId: "one", onsetMs: 5_000, withdrawn: true },
    { ...common, id: first.id, ruleId: first.rule, onsetMs: 9_000, latencyMs: 50, confidence: 0.95, modalities: ["audio", "image"], alertCount: 2, withdrawn: false },
  ]);
  t.end();
});

void t.test("rows: only what was played counts, once for each round", (t) => {
  const scene = { durationMs: 60_000, rows: [bark(10_000), bark(50_000)] };
  const starts = (playedMs: number) => rowsPlayed(scene, playedMs).map((row) => row.fromMs);
  t.same(starts(0), []);
  t.same(starts(10_500), []);
  t.same(starts(60_000), [10_000, 50_000]);
  t.same(starts(100_000), [10_000, 50_000, 70_000]);
  t.end();
});
