// Event times of recorded lines: their own where it can be believed; one absurd time moves no other.
import fc from "fast-check";
import t from "tap";
import { RecordedTimes } from "../../daemon/sources/recorded-times.js";
import { holds } from "../support/property.js";

/** Event times of lines with these times, and the faults. */
function timed(times: readonly (number | undefined)[], startsAtMs = 0): { at: number[]; faults: string[] } {
  const faults: string[] = [];
  const recorded = new RecordedTimes(startsAtMs, (fault) => faults.push(fault));
  const lines = times.flatMap((timeMs) => recorded.push({ said: { text: "" }, ...(timeMs === undefined ? {} : { timeMs }) }));
  return { at: [...lines, ...recorded.flush()].map(({ at }) => at), faults };
}

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const ABSURD = Date.UTC(9999, 11, 31);

void t.test("recorded times: an absurd one neither pins nor moves the rest, wherever it stands", (t) => {
  t.same(timed([NOW, ABSURD, NOW + 10_000]), { at: [NOW, NOW + 1, NOW + 10_000], faults: ["time_ahead"] });
  t.same(timed([ABSURD, NOW, NOW + 10_000]), { at: [0, NOW, NOW + 10_000], faults: ["time_ahead"] });
  t.same(timed([NOW, 0, NOW + 10_000]), { at: [NOW, NOW + 1, NOW + 10_000], faults: ["time_back"] });
  const gap = fc.integer({ min: 0, max: 90 * DAY });
  holds(
    t,
    "any log, any place",
    fc.property(fc.array(gap, { minLength: 2, maxLength: 40 }), fc.nat(), fc.oneof(fc.integer({ min: NOW + 4000 * DAY, max: ABSURD }), fc.integer({ min: 0, max: NOW - 1 })), (gaps, place, absurd) => {
      let now = NOW;
      const times = gaps.map((each) => (now += each + 2)); // room for the ms after a line that the absurd one is given
      const at = place % (times.length - 1);
      const { at: found, faults } = timed([...times.slice(0, at), absurd, ...times.slice(at)]);
      const rest = [...found.slice(0, at), ...found.slice(at + 1)];
      return rest.every((time, i) => time === times[i]) && (faults.length === 1 || (at === 0 && absurd < NOW && faults.length === 0));
    }),
    300,
  );
  t.end();
});

void t.test("recorded times: gaps, steps of the clock and lines in disorder keep what can be believed", (t) => {
  t.same(timed([NOW, NOW + 300 * DAY, NOW + 301 * DAY]).faults, [], "months without a line");
  const stepped = [...Array.from({ length: 12 }, (_, i) => NOW + i * 60_000), ...Array.from({ length: 5 }, (_, i) => i * 60_000), NOW + 20 * 60_000];
  const { at, faults } = timed(stepped);
  t.same(at.slice(0, 12), stepped.slice(0, 12), "a machine that lost its clock takes nothing back");
  t.equal(at.at(-1), NOW + 20 * 60_000);
  t.same(faults, Array.from({ length: 5 }, () => "time_back"));
  t.same(timed([5000, 4000, 6000]).at, [5000, 5001, 6000]);
  t.same(timed([undefined, undefined, 7000, 7000, undefined], 100), { at: [100, 101, 7000, 7001, 7002], faults: [] }, "a second of many lines is no fault");
  holds(
    t,
    "always later",
    fc.property(fc.array(fc.option(fc.integer({ min: -ABSURD, max: ABSURD }), { nil: undefined })), (times) => {
      const found = timed(times).at;
      return found.length === times.length && found.every((time, i) => time > (found[i - 1] ?? -1));
    }),
  );
  t.end();
});
