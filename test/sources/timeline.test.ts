// Event time of live streams, on a virtual clock.
import fc from "fast-check";
import t from "tap";
import { LiveTimeline, replayTimeline } from "../../daemon/sources/timeline.js";

const EPOCH_MS = 1_700_000_000_000;

function live(skewMaxMs = 2000) {
  const skews: number[] = [];
  const jumps: number[] = [];
  const rates: number[] = [];
  const options = { epochMs: EPOCH_MS, skewMaxMs, onSkew: (ms: number) => skews.push(ms), onReanchor: (ms: number) => jumps.push(ms), onRate: (rate: number) => rates.push(rate) };
  return { timeline: new LiveTimeline(options), skews, jumps, rates };
}

void t.test("sources: a replay's time is its start plus the file's own", (t) => {
  t.equal(replayTimeline(5000).timeOf(40), 5040);
  t.end();
});

void t.test("sources: what a camera had buffered is placed before its arrival", (t) => {
  const { timeline } = live();
  timeline.arrived(0, 1000);
  t.equal(timeline.timeOf(0), EPOCH_MS + 1000);
  for (let pts = 200; pts <= 1000; pts += 200) timeline.arrived(pts, 1010); // a burst
  t.equal(timeline.timeOf(1000), EPOCH_MS + 1010, "the newest arrived just now");
  timeline.arrived(1200, 1500);
  t.equal(timeline.timeOf(1200), EPOCH_MS + 1210, "a late one keeps its time");
  t.end();
});

void t.test("sources: nothing happens after it arrived", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 })), { maxLength: 200 }), (steps) => {
      const { timeline } = live();
      let [pts, now] = [0, 0];
      return steps.every(([ptsStep, nowStep]) => {
        pts += ptsStep;
        now += nowStep;
        timeline.arrived(pts, now);
        return timeline.timeOf(pts) <= EPOCH_MS + now + 1e-3 || nowStep === 0;
      });
    }),
  );
  t.end();
});

void t.test("sources: drift of a crystal is followed, and told with its sign", (t) => {
  for (const ppm of [-100, 100]) {
    const { timeline, skews, jumps, rates } = live();
    const rate = 1 + ppm * 1e-6;
    const hoursMs = 10 * 3_600_000;
    for (let now = 0; now <= hoursMs; now += 1000) timeline.arrived(now * rate, now + (now % 7) * 3);
    const errorMs = EPOCH_MS + hoursMs - timeline.timeOf(hoursMs * rate);
    t.ok(Math.abs(errorMs) < 25, `off by ${errorMs.toFixed(1)} ms after ten hours`);
    t.ok(Math.abs((skews.at(-1) ?? 0) - ppm * 36) < 50, `positive where it is ahead: ${skews.at(-1)} ms`);
    t.same([jumps, rates], [[], []]);
  }
  t.end();
});

void t.test("sources: a wrong offset of a join is gone within seconds, whichever way", (t) => {
  for (const offMs of [-950, 950]) {
    const { timeline, rates } = live();
    for (let now = 0; now < 800; now += 100) timeline.arrived(now + offMs, now); // before the camera has told its clock
    for (let now = 800; now <= 13_000; now += 100) timeline.arrived(now, now + 20);
    t.ok(Math.abs(timeline.timeOf(13_000) - EPOCH_MS - 13_000) <= 20, `${timeline.timeOf(13_000) - EPOCH_MS - 13_000} ms off`);
    t.same(rates, []);
  }
  t.end();
});

void t.test("sources: a stream whose clock was set is set anew once", (t) => {
  const { timeline, jumps, rates } = live();
  for (let now = 0; now <= 40_000; now += 1000) timeline.arrived(now, now);
  for (let now = 41_000; now <= 200_000; now += 1000) timeline.arrived(now - 5000, now);
  t.equal(jumps.length, 1);
  t.same(rates, []);
  t.ok(Math.abs(timeline.timeOf(195_000) - (EPOCH_MS + 200_000)) < 50);
  timeline.reanchor();
  timeline.arrived(0, 300_000);
  t.equal(timeline.timeOf(0), EPOCH_MS + 300_000);
  t.end();
});

void t.test("sources: a stall of the network moves no time", (t) => {
  const { timeline, jumps, rates } = live();
  for (let now = 0; now <= 29_000; now += 1000) timeline.arrived(now, now);
  for (let pts = 30_000; pts <= 38_000; pts += 1000) timeline.arrived(pts, 38_000); // eight seconds at once
  t.equal(timeline.timeOf(34_000), EPOCH_MS + 34_000);
  t.same([jumps, rates], [[], []]);
  t.end();
});

void t.test("sources: jitter, stalls, bursts and slow pictures are not taken for a wrong rate", (t) => {
  const arrivals = fc.record({
    everyMs: fc.constantFrom(40, 200, 1000, 10_000),
    burstMs: fc.constantFrom(0, 1500, 12_000),
    jitter: fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 40 }),
    stallMs: fc.constantFrom(0, 3000, 9000),
    rate: fc.double({ min: 0.97, max: 1.03, noNaN: true }),
  });
  fc.assert(
    fc.property(arrivals, ({ everyMs, burstMs, jitter, stallMs, rate }) => {
      const { timeline, rates } = live();
      let last = 0;
      for (let media = -burstMs, i = 0; media < 120_000; media += everyMs, i++) {
        const stalled = media > 60_000 && media < 60_000 + stallMs ? 60_000 + stallMs : media;
        last = Math.max(last, Math.max(0, stalled) + (jitter[i % jitter.length] ?? 0));
        timeline.arrived((media + burstMs) * rate, 1000 + last);
      }
      return rates.length === 0;
    }),
    { numRuns: 200 },
  );
  t.end();
});

void t.test("sources: a wrong rate is known within seconds, whatever the jitter", (t) => {
  fc.assert(
    fc.property(fc.constantFrom(0.02, 0.08, 0.25, 0.33, 0.5, 1.8, 2.76, 3, 12), fc.constantFrom(40, 100, 500), fc.integer({ min: 0, max: 200 }), (rate, everyMs, jitterMs) => {
      const { timeline, rates } = live();
      let now = 0;
      for (let i = 0; rates.length === 0 && now < 60_000; i++) {
        now = 1000 + i * everyMs + (i % 3 === 0 ? jitterMs : 0);
        timeline.arrived(i * everyMs * rate, now);
      }
      const [judged = 1] = rates;
      return now < 20_000 && Math.abs(judged - rate) < 0.15 * Math.max(1, rate);
    }),
  );
  t.end();
});

void t.test("sources: a connection that gave minutes in seconds was no live one", (t) => {
  const { timeline } = live();
  for (let pts = 0; pts <= 20_000; pts += 40) timeline.arrived(pts, 1000 + pts / 10);
  t.equal(Math.round(timeline.rateOfWhole() ?? 0), 10);
  t.equal(live().timeline.rateOfWhole(), undefined);
  t.end();
});

void t.test("sources: a stream whose clock leaps hours ahead is no fast one", (t) => {
  const { timeline, rates } = live();
  for (let now = 0; now <= 30_000; now += 200) timeline.arrived(now, 1000 + now);
  for (let now = 30_200; now <= 60_000; now += 200) timeline.arrived(now + 3_600_000, 1000 + now);
  t.equal(timeline.timeOf(3_660_000), EPOCH_MS + 61_000);
  t.same([rates, timeline.rateOfWhole()], [[], undefined]);
  t.end();
});
