import fc from "fast-check";
import t from "tap";
import { holds } from "../support/property.js";
import { GroupWatermark } from "../../fusion/watermark.js";

const cam = { sourceId: "cam", modality: "image" } as const;
const mic = { sourceId: "mic", modality: "audio" } as const;
const options = { inputs: [cam, mic], allowedLatenessMs: 2000, idleAfterMs: 10_000 };

void t.test("watermark: is the slowest input's progress less the lateness", (t) => {
  const watermark = new GroupWatermark(options);
  t.equal(watermark.at(0, 0), -Infinity, "nothing was told");
  watermark.progress(cam, 100_000, 1);
  t.equal(watermark.at(1, 0), -Infinity, "the microphone is awaited");
  watermark.progress(mic, 90_000, 2);
  t.equal(watermark.at(2, 0), 88_000);
  t.end();
});

void t.test("watermark: an idle input holds nobody up, an ended one neither", (t) => {
  const watermark = new GroupWatermark(options);
  watermark.at(0, 0);
  watermark.progress(cam, 100_000, 10_001);
  t.equal(watermark.at(10_001, 0), 98_000, "the microphone never came");
  watermark.progress(mic, 95_000, 10_002);
  t.equal(watermark.at(10_003, 0), 98_000, "never goes back");
  watermark.end(cam);
  watermark.progress(mic, 120_000, 10_004);
  t.equal(watermark.at(10_005, 0), 118_000);
  t.end();
});

void t.test("watermark: goes on by the wall clock where all live inputs are idle, and not in a replay", (t) => {
  const live = new GroupWatermark(options);
  live.progress(cam, 100_000, 0);
  live.progress(mic, 100_000, 0);
  t.equal(live.at(20_000, 120_000), 108_000);
  const replay = new GroupWatermark({ ...options, idleAfterMs: Infinity });
  replay.progress(cam, 100_000, 0);
  replay.end(cam);
  replay.end(mic);
  t.equal(replay.at(1e9, 1e12), 98_000);
  t.end();
});

void t.test("watermark: never goes back whatever is told", (t) => {
  const told = fc.record({ cam: fc.boolean(), time: fc.integer({ min: 0, max: 1e6 }), now: fc.integer({ min: 0, max: 1e5 }) });
  holds(
    t,
    "monotone",
    fc.property(fc.array(told), (list) => {
      const watermark = new GroupWatermark(options);
      let last = -Infinity;
      for (const one of [...list].sort((a, b) => a.now - b.now)) {
        watermark.progress(one.cam ? cam : mic, one.time, one.now);
        const now = watermark.at(one.now, one.now);
        if (now < last) return false;
        last = now;
      }
      return true;
    }),
  );
  t.end();
});

void t.test("watermark: an input whose times are far from the clock is named while it tells them", (t) => {
  const inputs = [{ sourceId: "cam", modality: "image" }, { sourceId: "mic", modality: "audio" }] as const;
  const watermark = new GroupWatermark({ inputs, allowedLatenessMs: 1000, idleAfterMs: 5000 });
  watermark.progress(inputs[0], 52_000, 1000, 100_000);
  watermark.progress(inputs[1], 99_900, 1000, 100_000);
  t.strictSame(watermark.astray(1000, 10_000), [{ input: inputs[0], lagMs: 48_000 }]);
  watermark.progress(inputs[1], 999_900, 2000, 101_000);
  t.strictSame(watermark.astray(2000, 10_000).map(({ lagMs }) => lagMs), [48_000, -898_900], "ahead counts as well");
  t.strictSame(watermark.astray(60_000, 10_000), [], "nobody waits for who is idle");
  t.end();
});

void t.test("watermark: set back with the clock, it goes on from there", (t) => {
  const inputs = [{ sourceId: "cam", modality: "image" }] as const;
  const watermark = new GroupWatermark({ inputs, allowedLatenessMs: 1000, idleAfterMs: 5000 });
  watermark.progress(inputs[0], 100_000, 1000);
  t.equal(watermark.at(1000, 100_000), 99_000);
  watermark.shift(-60_000);
  t.equal(watermark.at(1200, 40_200), 39_000);
  watermark.progress(inputs[0], 40_500, 1500);
  t.equal(watermark.at(1500, 40_500), 39_500);
  t.end();
});
