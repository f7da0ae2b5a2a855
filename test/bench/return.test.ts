// The report of the return benchmark.
import t from "tap";
import { renderReturns, summaryOf } from "../../bench/return/report.js";

void t.test("bench return: tells the middle and the worst of all rounds", (t) => {
  const rounds = [1, 2, 3].map((n) => ({ outageMs: 1_000, pictureMs: n * 100, observationMs: n * 1_000 }));
  t.match(summaryOf(rounds), { picture: { p50: 200, max: 300 }, observation: { p50: 2_000, max: 3_000 } });
  const lines = renderReturns(rounds);
  t.match(lines[0], /^3 outages/);
  t.match(lines.at(-1), /^first observation +2000 +\d+ +3000$/);
  t.end();
});
