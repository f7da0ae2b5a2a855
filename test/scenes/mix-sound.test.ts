import fc from "fast-check";
import t from "tap";
import { seededRandom } from "../../fusion/simulator/random.js";
import { dbOf, gainOf, loudestRms, rms, soundingPart } from "../../daemon/scenes/levels.js";
import { mixSound } from "../../daemon/scenes/mix-sound.js";
import { wavOf } from "../../daemon/scenes/wav.js";
import { holds } from "../support/property.js";

const RATE = 1_000;

function noise(length: number, level: number, seed = 1): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => level * Math.sqrt(3) * random.between(-1, 1));
}

/** Silence, then noise, then silence. */
function burst(before: number, length: number, after: number, level: number): Float32Array {
  const samples = new Float32Array(before + length + after);
  samples.set(noise(length, level, 2), before);
  return samples;
}

function less(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((x, i) => x - (b[i] as number));
}

void t.test("levels: a sound is where it is within 30 dB of its loudest", (t) => {
  t.same(soundingPart(burst(200, 500, 300, 0.1), RATE), { from: 200, to: 700 });
  const faint = burst(200, 500, 300, 0.1);
  faint.set(noise(100, 0.0001), 800);
  t.same(soundingPart(faint, RATE), { from: 200, to: 700 }, "what is fainter is no part of it");
  t.equal(soundingPart(new Float32Array(500), RATE), undefined);
  t.equal(soundingPart(new Float32Array(0), RATE), undefined);
  t.equal(rms(new Float32Array(0)), 0);
  t.end();
});

void t.test("levels: the loudest half second counts, and silence follows a shorter sound", (t) => {
  t.ok(Math.abs(dbOf(loudestRms(burst(1_000, 500, 1_000, 0.1), RATE)) - -20) < 0.5);
  t.ok(Math.abs(dbOf(loudestRms(noise(250, 0.1), RATE)) - (-20 - 3.01)) < 0.5, "a quarter of a second is half as loud");
  t.equal(loudestRms(new Float32Array(0), RATE), 0);
  t.end();
});

void t.test("mix: the sound's loudest half second stands at its level over the background", (t) => {
  const levels = fc.record({ snrDb: fc.constantFrom(20, 10, 0), background: fc.double({ min: -55, max: -45, noNaN: true }), sound: fc.double({ min: -40, max: -3, noNaN: true }), at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), length: fc.integer({ min: 100, max: 4_000 }) });
  holds(t, "level", fc.property(levels, ({ snrDb, background, sound, at, length }) => {
    const place = [noise(30_000, gainOf(background))];
    const clip = burst(700, length, 900, gainOf(sound));
    const without = mixSound(place, undefined, 20_000, RATE);
    const mixed = mixSound(place, { samples: clip, snrDb, at }, 20_000, RATE);
    const alone = less(mixed.samples, without.samples);
    const { fromMs, toMs } = mixed.sound as { fromMs: number; toMs: number };
    const outside = Math.max(...[alone.subarray(0, fromMs), alone.subarray(toMs)].map((part) => rms(part)));
    const measured = dbOf(loudestRms(alone.subarray(fromMs, toMs), RATE)) - without.backgroundDb;
    return outside === 0 && Math.abs(measured - snrDb) < 0.1 && Math.abs(without.backgroundDb - dbOf(rms(without.samples))) < 0.1 && fromMs >= 8_000 && toMs <= 14_000;
  }));
  t.end();
});

void t.test("mix: backgrounds follow each other over and over, and no seam is silent", (t) => {
  const { samples, backgroundDb } = mixSound([noise(3_000, 0.01, 3), noise(2_000, 0.01, 4)], undefined, 20_000, RATE);
  t.equal(samples.length, 20_000);
  t.ok(Math.abs(backgroundDb - -40) < 0.5);
  for (let from = 0; from < 20_000; from += 100) {
    const level = rms(samples, { from, to: from + 100 });
    if (level < 0.004 || level > 0.02) t.fail(`${from} ms: ${level}`);
  }
  t.end();
});

void t.test("mix: what is louder than full scale is turned down as a whole", (t) => {
  const place = [noise(20_000, gainOf(-30))];
  const { samples, sound } = mixSound(place, { samples: burst(0, 40, 960, 0.5), snrDb: 20, at: 0 }, 20_000, RATE);
  t.ok(samples.every((x) => Math.abs(x) <= 0.981));
  t.ok(Math.abs(dbOf(rms(samples, { from: 0, to: 8_000 }))) > 30);
  t.same([sound?.fromMs, sound?.toMs], [8_000, 8_050]);
  t.end();
});

void t.test("mix: silence has no level to mix at", (t) => {
  t.throws(() => mixSound([new Float32Array(20_000)], undefined, 20_000, RATE), { code: "media_invalid", message: /digital silence/ });
  t.throws(() => mixSound([noise(20_000, 0.01)], { samples: new Float32Array(100), snrDb: 0, at: 0 }, 20_000, RATE), { code: "media_invalid", message: /digital silence/ });
  t.end();
});

void t.test("wav: samples become 16 bits, and what is beyond full scale is full scale", (t) => {
  const bytes = Buffer.from(wavOf(Float32Array.from([0, 0.5, 1, -1, -2]), 16_000));
  t.equal(bytes.length, 44 + 10);
  t.same([bytes.toString("latin1", 0, 4), bytes.readUInt32LE(4), bytes.readUInt32LE(24), bytes.readUInt32LE(40)], ["RIFF", 46, 16_000, 10]);
  t.same([0, 1, 2, 3, 4].map((i) => bytes.readInt16LE(44 + 2 * i)), [0, 16_384, 32_767, -32_768, -32_768]);
  t.end();
});
