// The overload benchmark on a real daemon and broker, too short and too slow to overload anything.
import t from "tap";
import { delimiter, dirname } from "node:path";
import { benchOverload } from "../../bench/overload/bench-overload.js";
import { bucketQuantile, sumOf } from "../../bench/overload/samples.js";
import { programs } from "../support/debian.js";

void t.test("bench overload: every line that arrives is in some counter", { timeout: 120_000 }, async (t) => {
  process.env["PATH"] = [dirname(programs.natsServer()), process.env["PATH"]].join(delimiter);
  const printed: string[] = [];
  const output = { print: (text: string) => void printed.push(text), note: (text: string) => t.comment(text) };
  const [step] = await benchOverload({ sources: 2, rates: [20], durationMs: 2_000, fires: true }, output, false);
  t.match(step, { said: 80, unaccounted: 0, pending: Number, readyz: /^(ok|degraded)/ });
  t.ok(step !== undefined && step.acceptedAlerts > 0 && step.rssPeakMiB > 0);
  t.match(printed.join("\n"), /every line an incident[^]*in no counter[^]*acknowledged[^]*readyz/);
});

void t.test("bench overload: numbers are read out of a scrape", (t) => {
  const scrape = ['a_total{x="1",y="2"} 3', 'a_total{x="2",y="2"} 4', "ab_total 9", 'h_bucket{le="0.1"} 5', 'h_bucket{le="1"} 9', 'h_bucket{le="+Inf"} 10'].join("\n");
  t.equal(sumOf(scrape, "a_total"), 7);
  t.equal(sumOf(scrape, "a_total", 'x="2"'), 4);
  t.equal(sumOf(scrape, "none"), 0);
  t.same([0.5, 0.9, 0.95].map((share) => bucketQuantile(scrape, "h", share)), [0.1, 1, Infinity]);
  t.ok(Number.isNaN(bucketQuantile(scrape, "none", 0.5)));
  t.end();
});
