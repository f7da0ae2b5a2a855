// Recordings played as a live source would give them, with a warm-up of themselves.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import t from "tap";
import { loadPack, findPack } from "../../encoders/pack.js";
import { Tower } from "../../encoders/child/tower.js";
import type { Encoded } from "../../encoders/encoder.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { recordingsFor } from "../../daemon/compose/recordings.js";
import { silentEncoder } from "../../daemon/models/score-files.js";
import { notesTo } from "../../daemon/models/source-notes.js";
import { PlayedFootage } from "../../daemon/score/played-footage.js";
import { PlayedSound, playedSounds } from "../../daemon/score/played-sound.js";
import { RememberingEncoder } from "../../daemon/score/remembering-encoder.js";
import type { Source } from "../../daemon/sources/source.js";
import type { Capture, SoundCapture } from "../../encoders/capture.js";
import { media } from "../support/debian.js";

const never = new AbortController().signal;
const listening = { sampleRateHz: 8, windowMs: 2000, hopMs: 500 };

async function capturesOf(source: Source): Promise<Capture[]> {
  const captures: Capture[] = [];
  for await (const told of source.observe(never)) if (told.kind === "capture") captures.push(told.capture);
  return captures;
}

void t.test("played sound: cold it is the sound itself; warm it follows on from its own end", async (t) => {
  const sound = new PlayedSound(Float32Array.from({ length: 27 }, (_, i) => i), [], listening); // cut to 24 samples, 3 s
  t.equal(sound.lengthMs, 3000);
  const first = (captures: readonly Capture[]): number[] => captures.map((one) => (one as SoundCapture).samples[0] as number);
  const cold = await capturesOf(sound.source("a", 0));
  t.same(first(cold), [0, 4, 8], "windows that end within it");
  t.same(cold.map(({ capturedAt, durationMs, seq }) => [capturedAt, durationMs, seq]), [[0, 2000, 0], [500, 2000, 1], [1000, 2000, 2]]);
  const warm = await capturesOf(sound.source("b", 4000));
  t.same(first(warm), [16, 20, 0, 4, 8, 12, 16, 20, 0, 4, 8], "the whole starts after 4 s, with 0");
  t.same([...(warm[6] as SoundCapture).samples], [16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7], "no window ends at the seam");
  t.equal((warm[2] as SoundCapture).samples, (warm[8] as SoundCapture).samples, "the same stretch is the same array");
  const short = new PlayedSound(Float32Array.of(1, 2, 3), [], listening);
  t.same((await capturesOf(short.source("c", 0))).map((one) => [...(one as SoundCapture).samples]), [[1, 2, 3, ...new Array<number>(13).fill(0)]], "less than a window is followed by silence");
  t.equal((await capturesOf(short.source("d", 2000)))[0]?.durationMs, 2000);
});

void t.test("played sound: pieces are put together, and longer sound is played in parts", async (t) => {
  const folder = t.testdir();
  const tone = (name: string, seconds: number): string => {
    const path = join(folder, name);
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `sine=frequency=440:sample_rate=8000:duration=${seconds}`, path]);
    return path;
  };
  const pieces = [tone("a.wav", 5), tone("b.wav", 1300)].map((path, i) => ({ path, labels: i === 0 ? [] : [{ what: "tone", span: { fromMs: 595_000, toMs: 605_000 }, sources: [] }] }));
  const parts: PlayedSound[] = [];
  for await (const part of playedSounds(pieces, { sampleRateHz: 8000, windowMs: 2000, hopMs: 500 })) parts.push(part);
  t.same(parts.map(({ lengthMs }) => lengthMs), [5000, 600_000, 600_000, 100_000]);
  t.same(parts.map(({ labels }) => labels.map(({ span }) => [span.fromMs, span.toMs])), [[], [[595_000, 600_000]], [[0, 5000]], []]);
});

void t.test("played footage: pieces follow one another, after a warm-up of their end", async (t) => {
  const folder = t.testdir();
  for (const [name, from] of [["a.mp4", 0], ["b.mp4", 20]] as const) {
    execFileSync("ffmpeg", ["-v", "error", "-ss", String(from), "-i", media.pedestrians(), "-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", join(folder, name)]);
  }
  const pack = await loadPack(findPack("embedded", { packageRoot }));
  const { open } = recordingsFor(pack, 5);
  const pieces = ["a.mp4", "b.mp4"].map((name) => ({ path: join(folder, name), labels: [{ what: name, sources: [] }] }));
  const footage = await PlayedFootage.of(pieces, (id, path, startsAtMs) => open({ id, path, modalities: ["image"], startsAtMs }, notesTo(() => undefined)), never);
  t.equal(footage.lengthMs, 4000);
  t.same(footage.labels.map(({ span }) => [span.fromMs, span.toMs]), [[0, 2000], [2000, 4000]]);
  const cold = await capturesOf(footage.source("cam", 0));
  t.equal(cold.length, 20);
  t.ok(cold.every(({ capturedAt, seq }, i) => capturedAt === i * 200 && seq === i && cold[i]?.sourceId === "cam"));
  const warm = await capturesOf(footage.source("cam", 5000));
  t.same([warm.length, warm[0]?.capturedAt, warm.at(-1)?.capturedAt], [45, 0, 8800]);
  t.ok(warm.every(({ seq }, i) => seq === i));
});

void t.test("remembering encoder: gives what the tower gives, and asks it once for each stretch", async (t) => {
  const pack = await loadPack(findPack("embedded", { packageRoot }));
  const tower = (): Tower => new Tower({ modality: "audio", pack, device: "cpu", threads: 1, gate: { cameras: new Map() }, telemetry: silentEncoder });
  const [plain, behind] = [tower(), tower()];
  let asked = 0;
  const encode = behind.encode.bind(behind);
  behind.encode = (capture) => (asked++, encode(capture));
  const remembering = new RememberingEncoder(behind);
  t.teardown(() => Promise.all([plain.stop(), remembering.stop()]));
  await Promise.all([plain.start(never), remembering.start(never)]);
  const hum = join(t.testdir(), "hum.wav");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=120:duration=3", hum]);
  const [sound] = await all(playedSounds([{ path: hum, labels: [] }], pack.manifest.audio));
  const captures = await capturesOf((sound as PlayedSound).source("mic", 20_000));
  const seen = ({ observations }: Encoded): unknown => observations.map(({ gate, quality, embedding, capturedAt }) => [gate, quality, capturedAt, embedding?.vector]);
  let closed = 0;
  for (const capture of captures) {
    const [a, b] = [await plain.encode(capture), await remembering.encode(capture)];
    closed += b.observations.filter(({ gate }) => gate === "closed").length;
    t.same(seen(b), seen(a));
  }
  t.ok(asked < captures.length / 2, `${asked} of ${captures.length}`);
  t.ok(closed > 0, "samples for the cohort too");
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
