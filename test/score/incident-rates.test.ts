import fc from "fast-check";
import t from "tap";
import { poissonInterval, poissonUpperBound } from "../../daemon/models/metrics.js";
import { added, falseIncidents, falseTimeMs, LABEL_MARGIN_MS, rateOf, type Counted, type JudgedRun } from "../../daemon/score/incident-rates.js";
import { placed } from "../../daemon/score/placed-label.js";
import { lengthMs } from "../../daemon/score/spans.js";
import { holds } from "../support/property.js";

const excuses = (what: string): ReadonlySet<string> => new Set(what === "dog" ? ["dog", "dog-or-cat"] : what === "cat" ? ["dog-or-cat"] : []);
const ids = ["dog", "dog-or-cat", "siren"];
const at = (ms: number, ruleId = "dog", endedAt = ms + 500): JudgedRun["incidents"][number] => ({ ruleId, startedAt: ms - 1000, firedAt: ms, endedAt });

function countFalse(run: JudgedRun): ReadonlyMap<string, Counted> {
  return new Map(ids.map((id) => [id, { ms: falseTimeMs(run, id, excuses), incidents: falseIncidents(run, id, excuses).length }]));
}

void t.test("incident rates: what fired before, after or beside what is truly there is counted or not", (t) => {
  const run: JudgedRun = {
    judged: { fromMs: 60_000, toMs: 160_000 },
    looked: [{ fromMs: 0, toMs: 100_000 }, { fromMs: 110_000, toMs: 200_000 }],
    labels: [{ what: "dog", span: { fromMs: 120_000, toMs: 126_000 } }, { what: "speech", span: { fromMs: 60_000, toMs: 160_000 } }],
    incidents: [at(60_000), at(60_001), at(117_000), at(118_500), at(125_000), at(129_500), at(160_000), at(160_001), at(70_000, "siren"), at(125_000, "siren")],
  };
  const counted = countFalse(run);
  t.same(counted.get("dog"), { ms: 90_000 - 10_000, incidents: 4 }, "60.001, 117, 129.5 and 160 s");
  t.same(counted.get("siren"), { ms: 90_000, incidents: 2 }, "a dog is no excuse for a siren");
  t.same(counted.get("dog-or-cat"), { ms: 80_000, incidents: 0 });
  t.end();
});

void t.test("incident rates: what was told before and goes on counts once", (t) => {
  const run = (incidents: JudgedRun["incidents"], labels: JudgedRun["labels"] = []): number | undefined =>
    countFalse({ judged: { fromMs: 60_000, toMs: 90_000 }, looked: [{ fromMs: 0, toMs: 90_000 }], labels, incidents }).get("dog")?.incidents;
  t.equal(run([at(5000, "dog", 89_000)]), 1, "it stands");
  t.equal(run([at(5000, "dog", 59_000)]), 0, "it was over");
  t.equal(run([at(5000, "dog", 62_000), at(80_000)]), 1, "what fires again at the seam is the same");
  t.equal(run([at(5000, "dog", 89_000)], [{ what: "dog", span: { fromMs: 70_000, toMs: 71_000 } }]), 0, "it went on while it was there");
  t.equal(run([at(5000, "dog", 89_000)], [{ what: "dog", span: { fromMs: 4000, toMs: 6000 } }]), 1, "its reason is long gone");
  t.end();
});

void t.test("incident rates: hours and incidents are either excused or counted, whatever the labels", (t) => {
  const span = fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 20_000 })).map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }));
  const run = fc.record({
    looked: fc.array(span, { maxLength: 4 }),
    labels: fc.array(fc.record({ what: fc.constantFrom("dog", "cat", "speech"), span }), { maxLength: 4 }),
    times: fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 10 }),
  });
  holds(
    t,
    "more labels, never more",
    fc.property(run, ({ looked, labels, times }) => {
      const judged = { fromMs: 10_000, toMs: 80_000 };
      const of = (some: typeof labels): ReadonlyMap<string, Counted> => countFalse({ judged, looked, labels: some, incidents: times.map((ms) => at(ms)) });
      const [all, none] = [of(labels), of([])];
      const inside = times.filter((ms) => ms > judged.fromMs && ms <= judged.toMs).length;
      const [dog, bare, siren] = [all.get("dog"), none.get("dog"), all.get("siren")];
      if (dog === undefined || bare === undefined || siren === undefined) return false;
      return bare.incidents >= inside && bare.incidents <= Math.max(1, inside) && dog.incidents <= bare.incidents && dog.ms <= bare.ms && siren.ms === bare.ms && bare.ms <= lengthMs([judged]) && (all.get("dog-or-cat")?.ms ?? Infinity) <= dog.ms;
    }),
  );
  t.equal(LABEL_MARGIN_MS, 2000);
  t.end();
});

void t.test("incident rates: bounds are exact", (t) => {
  // Source: Garwood 1936, as in tables of chi-squared quantiles.
  for (const [events, low, high] of [[0, 0, 3.689], [1, 0.0253, 5.572], [3, 0.619, 8.767], [10, 4.795, 18.39], [143, 120.5, 168.5]] as const) {
    const [from, to] = poissonInterval(events);
    t.ok(Math.abs(from - low) < 0.06 && Math.abs(to - high) < 0.06, `${events}: ${from}, ${to}`);
  }
  t.match(rateOf({ ms: 7_200_000, incidents: 0 }), { hours: 2, incidents: 0, incidents_per_hour: 0 });
  t.ok(Math.abs((rateOf({ ms: 7_200_000, incidents: 0 }).bound_95 ?? 0) - 2.995732 / 2) < 1e-6, "3 over the hours");
  t.same(rateOf({ ms: 0, incidents: 0 }), { hours: 0, incidents: 0, incidents_per_hour: null, bound_95: null, interval_95: null });
  holds(t, "the interval holds the count, the bound lies in it", fc.property(fc.integer({ min: 0, max: 2000 }), (n) => {
    const [low, high] = poissonInterval(n);
    return low <= n && n <= poissonUpperBound(n) && poissonUpperBound(n) < high && (n === 0 || low < n);
  }));
  t.same(added({ ms: 1, incidents: 2 }, { ms: 3, incidents: 4 }), { ms: 4, incidents: 6 });
  t.end();
});

void t.test("placed labels: a label moves with its piece, and ends with it", (t) => {
  const labels = [{ what: "dog", sources: [] }, { what: "cat", span: { fromMs: 3000, toMs: 9000 }, sources: [] }, { what: "cow", span: { fromMs: 20_000, toMs: 21_000 }, sources: [] }];
  t.same(placed(labels, { fromMs: 2000, toMs: 7000 }, 100_000), [
    { what: "dog", span: { fromMs: 100_000, toMs: 105_000 } },
    { what: "cat", span: { fromMs: 101_000, toMs: 105_000 } },
  ]);
  t.end();
});
