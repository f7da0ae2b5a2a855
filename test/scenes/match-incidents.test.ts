import fc from "fast-check";
import t from "tap";
import { matchIncidents, TOLERANCE_MS, type ToldIncident } from "../../daemon/scenes/match-incidents.js";
import { holds } from "../support/property.js";

function told(...at: readonly number[]): ToldIncident[] {
  return at.map((toldAt) => ({ ruleId: "r", toldAt, confidence: 0.8 }));
}

const MET = [{ fromMs: 10_000, toMs: 17_000 }];

void t.test("match incidents: an alert is right while the rule is met, give or take the tolerance", (t) => {
  const right = (at: number, lateMs = 0): boolean | undefined => matchIncidents(MET, told(at), { lateMs }).incidents[0]?.right;
  for (const at of [8_000, 10_000, 13_000, 19_000]) t.equal(right(at), true, `${at}`);
  for (const at of [7_999, 19_001]) t.equal(right(at), false, `${at}`);
  t.equal(right(21_000, 2_000), true, "a rule that waits tells later");
  t.equal(matchIncidents([], told(1)).incidents[0]?.right, false, "where nothing is met all is false");
  t.end();
});

void t.test("match incidents: the first right alert finds a time, and the delay is from its start", (t) => {
  const delays = (...at: readonly number[]): (number | undefined)[] => matchIncidents(MET, told(...at)).times.map(({ delayMs }) => delayMs);
  t.same(delays(), [undefined], "missed");
  t.same(delays(30_000), [undefined], "a false alert finds nothing");
  t.same(delays(16_000, 12_500), [2_500]);
  t.same(delays(9_000), [0], "an alert cannot be early: its sound began before its label");
  t.same(matchIncidents(MET, told(12_000, 15_000)).incidents.map(({ right }) => right), [true, true], "told again is right as well");
  t.end();
});

void t.test("match incidents: a time is found exactly if some incident is right in it", (t) => {
  const time = fc.tuple(fc.nat(60_000), fc.integer({ min: 1, max: 9_000 })).map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }));
  holds(t, "found", fc.property(fc.array(time, { maxLength: 4 }), fc.array(fc.nat(70_000), { maxLength: 6 }), (met, at) => {
    const { incidents, times } = matchIncidents(met, told(...at));
    const near = (one: { fromMs: number; toMs: number }, toldAt: number): boolean => toldAt >= one.fromMs - TOLERANCE_MS && toldAt <= one.toMs + TOLERANCE_MS;
    return (
      times.every((one) => (one.delayMs !== undefined) === at.some((toldAt) => near(one, toldAt))) &&
      incidents.every(({ toldAt, right }) => right === met.some((one) => near(one, toldAt))) &&
      times.every(({ delayMs = 0 }) => delayMs >= 0)
    );
  }));
  t.end();
});
