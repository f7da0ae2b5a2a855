// Event time of live streams, on a virtual clock.
import fc from "fast-check";
import t from "tap";
import { LiveTimeline, replayTimeline } from "../../daemon/sources/timeline.js";

const EPOCH_MS = 1_700_000_000_000;

function live(skewMaxMs = 2000): { timeline: LiveTimeline; skews: number[]; jumps: number[] } {
  const skews: number[] = [];
  const jumps: number[] = [];
  const timeline = new LiveTimeline({ epochMs: EPOCH_MS, skewMaxMs, onSkew: (ms) => skews.push(ms), onReanchor: (ms) => jumps.push(ms) });
  return { timeline, skews, jumps };
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

void t.test("sources: drift of 100 ppm is followed without a jump, and told", (t) => {
  const { timeline, skews, jumps } = live();
  const drift = 1 - 100e-6; // the camera's clock is slow
  const hourMs = 3_600_000;
  for (let now = 0; now <= 10 * hourMs; now += 1000) timeline.arrived(now * drift, now + (now % 7) * 3);
  const errorMs = EPOCH_MS + 10 * hourMs - timeline.timeOf(10 * hourMs * drift);
  t.ok(Math.abs(errorMs) < 25, `off by ${errorMs.toFixed(1)} ms after ten hours`);
  t.ok(Math.abs((skews.at(-1) ?? 0) - 3600) < 50, `told: ${skews.at(-1)} ms`);
  t.same(jumps, []);
  t.end();
});

void t.test("sources: a stream whose clock is off is set anew once", (t) => {
  const { timeline, jumps } = live();
  for (let now = 0; now <= 40_000; now += 1000) timeline.arrived(now, now);
  for (let now = 41_000; now <= 200_000; now += 1000) timeline.arrived(now - 5000, now);
  t.equal(jumps.length, 1);
  t.ok(Math.abs(timeline.timeOf(195_000) - (EPOCH_MS + 200_000)) < 50);
  timeline.reanchor();
  timeline.arrived(0, 300_000);
  t.equal(timeline.timeOf(0), EPOCH_MS + 300_000);
  t.end();
});

void t.test("sources: a stall of the network moves no time", (t) => {
  const { timeline, jumps } = live();
  for (let now = 0; now <= 29_000; now += 1000) timeline.arrived(now, now);
  for (let pts = 30_000; pts <= 38_000; pts += 1000) timeline.arrived(pts, 38_000); // eight seconds at once
  t.equal(timeline.timeOf(34_000), EPOCH_MS + 34_000);
  t.same(jumps, []);
  t.end();
});
