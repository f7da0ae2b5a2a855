// Sound of one channel, of two that agree, that cancel each other, and of more, as ffmpeg made them.
import { execFileSync } from "node:child_process";
import t, { type Test } from "tap";
import { defaultAnomalies } from "../../daemon/sources/anomalies.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { PhaseJudge } from "../../daemon/sources/phase.js";
import { collect, makeMedia, mediaOptions, RememberedTelemetry, scratch, sound, toTheEnd, without } from "./support.js";

const folder = scratch(t);
/** Half a second of a tone in noise, half a second of little noise, and so on. */
const bursts = "aevalsrc=(0.3*sin(2*PI*500*t)+0.1*random(0))*lt(mod(t\\,1)\\,0.5)+0.001*random(1):s=44100:d=6";
const original = makeMedia(folder, "mono.wav", "-f", "lavfi", "-i", bursts);

/** The same sound in other channels. */
function made(name: string, pan: string, ...coding: readonly string[]): string {
  return makeMedia(folder, name, "-i", original, "-af", `pan=${pan}`, ...coding);
}

const PANS = { inverted: "stereo|c0=c0|c1=-1*c0", weaker: "stereo|c0=c0|c1=-0.5*c0", agreeing: "stereo|c0=c0|c1=c0" };

/** All windows of a replayed file, one after the other. */
async function heard(file: string): Promise<Float32Array> {
  const options = { ...without(mediaOptions(file), "picture"), sound: { ...sound, hopMs: sound.windowMs } };
  const told = await collect(new MediaSource(options, new RememberedTelemetry()), toTheEnd);
  return Float32Array.from(told.captures.flatMap((capture) => (capture.modality === "audio" ? [...capture.samples] : [])));
}

/** What ffmpeg itself makes of a file when asked for one channel. */
function mixed(file: string): Float32Array {
  const output = execFileSync("ffmpeg", ["-v", "error", "-i", file, "-af", "aresample=16000,aformat=sample_fmts=flt:channel_layouts=mono", "-f", "f32le", "-"], { maxBuffer: 1e8 });
  return new Float32Array(new Uint8Array(output).buffer);
}

/** The largest difference; what follows on the shorter one has to be silent. */
function apart(one: Float32Array, other: Float32Array): number {
  return Array.from({ length: Math.max(one.length, other.length) }, (_, i) => Math.abs((one[i] ?? 0) - (other[i] ?? 0))).reduce((a, b) => Math.max(a, b), 0);
}

void t.test("phase: what has not two channels that cancel is heard as ffmpeg mixes it", async (t) => {
  t.same(apart(await heard(original), mixed(original)), 0, "one channel, to the bit");
  for (const coding of [["-c:a", "pcm_alaw", "-ar", "8000"], ["-c:a", "aac"], ["-c:a", "flac", "-sample_fmt", "s32"]]) {
    const file = makeMedia(folder, "mono.mkv", "-i", original, ...coding);
    t.same(apart(await heard(file), mixed(file)), 0, `one channel, to the bit: ${coding.join(" ")}`);
  }
  for (const [name, pan] of [
    ["agreeing.wav", PANS.agreeing],
    ["left.wav", "stereo|c0=c0"],
    ["right.wav", "stereo|c1=c0"],
    ["panned.wav", "stereo|c0=c0|c1=0.3*c0"],
    ["three.wav", "2.1|c0=c0|c1=0.5*c0|c2=c0"],
    ["three-inverted.wav", "3.0|c0=c0|c1=-1*c0|c2=0.5*c0"],
    ["four.wav", "quad|c0=c0|c1=c0|c2=0.2*c0|c3=c0"],
    ["six.wav", "5.1|c0=c0|c1=0.5*c0|c2=c0|c3=c0|c4=0.3*c0|c5=c0"],
  ] as const) {
    const file = made(name, pan);
    t.ok(apart(await heard(file), mixed(file)) < 1e-6, name);
  }
  const two = makeMedia(folder, "two.wav", "-f", "lavfi", "-i", "anoisesrc=a=0.3:r=48000:seed=1:d=3", "-f", "lavfi", "-i", "anoisesrc=a=0.3:r=48000:seed=2:d=3", "-filter_complex", "join=inputs=2:channel_layout=stereo");
  t.ok(apart(await heard(two), mixed(two)) < 1e-6, "two channels that have nothing in common");
});

void t.test("phase: two channels that cancel each other are heard as if they agreed", async (t) => {
  const agreed = await heard(made("agreeing.wav", PANS.agreeing));
  const inverted = made("inverted.wav", PANS.inverted);
  t.equal(apart(mixed(inverted), new Float32Array()), 0, "ffmpeg's mix is silence");
  t.ok(apart(await heard(inverted), agreed) < 1e-6);
  t.ok(apart(await heard(made("weaker.wav", PANS.weaker)), agreed.map((sample) => sample * 0.75)) < 1e-4, "the weaker adds to the stronger");
  for (const [name, ...coding] of [["inverted.m4a", "-c:a", "aac", "-b:a", "64k"], ["inverted.mkv", "-c:a", "libopus"]] as const) {
    t.ok(alike(await heard(made(name, PANS.inverted, ...coding)), await heard(made(`agreeing-${name}`, PANS.agreeing, ...coding))) > 0.98, name);
  }
});

void t.test("phase: channels that begin to cancel are heard from there on, and a change of the number of channels ends nothing", async (t) => {
  const parts = [PANS.agreeing, PANS.inverted, "mono|c0=c0", PANS.inverted].map((pan, i) => made(`part${i}.ts`, pan, "-c:a", "mp2"));
  const all = await heard(makeMedia(folder, "all.ts", "-i", `concat:${parts.join("|")}`, "-c", "copy"));
  for (let s = 0; s < 23; s += 1) t.ok(rms(all.subarray(s * 16000, (s + 1) * 16000)) > 0.1, `second ${s}`);
});

void t.test("phase: a live stream whose channels cancel is told by name, and neither silent nor blind", async (t) => {
  const options = { ...without(mediaOptions(made("inverted.wav", PANS.inverted), { mode: "realtime_file", loop: true }), "picture"), sound: { ...sound, windowMs: 1000, hopMs: 500 } };
  const telemetry = new RememberedTelemetry();
  const anomalies = { ...defaultAnomalies, out_of_phase: 1000, silent: 2000 };
  const told = await collect(new MediaSource({ ...options, anomalies }, telemetry), (so_far) => so_far.captures.length === 8);
  t.same(telemetry.anomalies, ["out_of_phase true", "unwatched"]);
  t.ok(told.signals.every((signal) => signal.kind !== "state" || signal.state === "starting" || signal.witnesses?.every(({ healthy }) => healthy) !== false));
  t.ok(told.captures.every((capture) => capture.modality === "audio" && rms(capture.samples) > 0.05));

  const off = new RememberedTelemetry();
  await collect(new MediaSource({ ...options, anomalies: { ...anomalies, out_of_phase: Infinity } }, off), (so_far) => so_far.captures.length === 6);
  t.same(off.anomalies, ["unwatched"], "off: it is normal here");
});

void t.test("phase: the judge is not misled by what the channels have in common beside the sound", (t) => {
  const quiet = { sum: 0, difference: 0 };
  t.same(judged(t, [[{ ...quiet, difference: 0.1, constant: 0.3 }, 5]]), "-----", "a constant voltage");
  t.same(judged(t, [[{ sum: 0.001, difference: 0.1 }, 3], [{ sum: 0.001, difference: 0.001 }, 3], [{ sum: 0.002, difference: 0.0005 }, 3]]), "---------", "hum in the gaps");
  t.same(judged(t, [[{ sum: 0, difference: 0.1 }, 2], [{ sum: 0.05, difference: 0.05 }, 60]]), "-".repeat(62), "one channel has died: it is heard either way");
  t.same(judged(t, [[{ sum: 0.1, difference: 0.09 }, 4]]), "++++", "channels of their own");
  t.same(judged(t, [[quiet, 3], [{ sum: 0, difference: 1e-7 }, 3]]), "++++++", "what rounding left");
  t.match(judged(t, [[{ sum: 0, difference: 0.1 }, 50], [{ sum: 0.1, difference: 0.001 }, 20]]), /^-{50}-{0,11}\++$/, "they agree again: within about a second");
  t.same(judged(t, [[{ sum: 0, difference: 0.1 }, 5], [{ sum: 0.01, difference: 0 }, 2]]), "-----++", "one channel has gone");
  t.end();
});

interface Piece {
  readonly sum: number;
  readonly difference: number;
  readonly constant?: number;
}

/** What is heard of so many pieces of each kind: + the sum, - the difference. */
function judged(t: Test, kinds: readonly (readonly [Piece, number])[]): string {
  const judge = new PhaseJudge();
  const pieces = kinds.flatMap(([piece, count]) => Array.from({ length: count }, () => piece));
  return pieces
    .map(({ sum, difference, constant = 0 }) => {
      const wave = (i: number): number => Math.sin(i / 5);
      const pairs = Float32Array.from({ length: 3200 }, (_, i) => (i % 2 === 0 ? sum * wave(i) + constant : difference * wave(i)));
      const { samples, isOutOfPhase } = judge.take(pairs);
      t.equal(samples.length, 1600);
      t.equal(samples[7], pairs[isOutOfPhase ? 15 : 14]);
      return isOutOfPhase ? "-" : "+";
    })
    .join("");
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** The correlation of two sounds. */
function alike(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, sample, i) => sum + sample * (other[i] ?? 0), 0) / (rms(one) * rms(other) * one.length);
}
