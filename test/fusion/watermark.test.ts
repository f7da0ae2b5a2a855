import fc from "fast-check";
import t from "tap";
import { holds } from "../support/property.js";
import { GroupWatermark } from "../../fusion/watermark.js";

const cam = { sourceId: "cam", modality: "image" } as const;
const mic = { sourceId: "mic", modality: "audio" } as const;
const options = { inputs: [cam, mic], allowedLatenessMs: 2000, idleAfterMs: 10_000 };

void t.test("watermark: is the slowest input's progress less the lateness", (t) => {
  const watermark = new GroupWatermark(options);
  t.equal(watermark.at(0), -Infinity, "nothing was told");
  watermark.progress(cam, 100_000);
  t.equal(watermark.at(0), -Infinity, "the microphone is awaited");
  watermark.progress(mic, 90_000);
  t.equal(watermark.at(0), 88_000);
  watermark.progress(mic, 85_000);
  t.equal(watermark.at(0), 88_000, "what is told too late takes nothing back");
  watermark.progress(mic, 95_000);
  t.equal(watermark.at(0), 93_000);
  t.end();
});

void t.test("watermark: an idle input holds nobody up until it tells something, an ended one never again", (t) => {
  const watermark = new GroupWatermark(options);
  watermark.progress(cam, 100_000);
  watermark.idle(mic);
  t.equal(watermark.at(0), 98_000, "the microphone never came");
  watermark.progress(mic, 95_000);
  t.equal(watermark.at(0), 98_000, "never goes back");
  watermark.progress(cam, 110_000);
  t.equal(watermark.at(0), 98_000, "who came back is awaited");
  watermark.end(cam);
  watermark.progress(mic, 120_000);
  t.equal(watermark.at(0), 118_000);
  t.end();
});

void t.test("watermark: goes on by the clock where all live inputs are idle, and not in a replay", (t) => {
  const live = new GroupWatermark(options);
  for (const input of [cam, mic]) live.idle(input);
  t.equal(live.at(120_000), -Infinity, "nobody ever told what time it is");
  for (const input of [cam, mic]) live.progress(input, 100_000);
  t.equal(live.at(120_000), 98_000, "they are awaited, whatever the clock says");
  for (const input of [cam, mic]) live.idle(input);
  t.equal(live.at(105_000), 98_000);
  t.equal(live.at(120_000), 108_000);
  const replay = new GroupWatermark({ ...options, idleAfterMs: Infinity });
  replay.progress(cam, 100_000);
  replay.end(cam);
  replay.end(mic);
  t.equal(replay.at(1e12), 98_000);
  t.end();
});

void t.test("watermark: never goes back whatever is told", (t) => {
  const told = fc.record({ kind: fc.constantFrom("progress", "idle", "end"), cam: fc.boolean(), time: fc.integer({ min: 0, max: 1e6 }), now: fc.integer({ min: 0, max: 1e6 }) });
  holds(
    t,
    "monotone",
    fc.property(fc.array(told), (list) => {
      const watermark = new GroupWatermark(options);
      let last = -Infinity;
      return list.every(({ kind, cam: isCam, time, now }) => {
        const input = isCam ? cam : mic;
        if (kind === "progress") watermark.progress(input, time);
        else if (kind === "idle") watermark.idle(input);
        else watermark.end(input);
        const before = last;
        last = watermark.at(now);
        return last >= before;
      });
    }),
  );
  t.end();
});

void t.test("watermark: set back with the clock, it goes on from there", (t) => {
  const watermark = new GroupWatermark({ ...options, inputs: [cam], allowedLatenessMs: 1000 });
  watermark.progress(cam, 100_000);
  t.equal(watermark.at(100_000), 99_000);
  watermark.shift(-60_000);
  t.equal(watermark.at(40_200), 39_000);
  watermark.progress(cam, 40_500);
  t.equal(watermark.at(40_500), 39_500);
  t.end();
});
