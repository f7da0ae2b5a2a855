// A short scene, really rendered by ffmpeg from the packages' media.
import t from "tap";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildScene, type BuildSceneOptions } from "../../daemon/demo/build-scene.js";
import { defaultCacheFolder } from "../../daemon/demo/scene-media.js";
import type { Scene } from "../../daemon/demo/scene.js";

const debianFolder = join(defaultCacheFolder(), "debian");
const never = new AbortController().signal;
const WIDTH = 64;
const HEIGHT = 48;

/** 0-8 s people, 8-14 s nobody, 14-20 s people; a dog passes and barks from 2 s on, a bell rings at 11 s. */
const scene: Scene = {
  seed: 3,
  durationMs: 20_000,
  segments: [
    { kind: "footage", startMs: 0, durationMs: 8_000, footageFromMs: 500 },
    { kind: "empty", startMs: 8_000, durationMs: 6_000 },
    { kind: "footage", startMs: 14_000, durationMs: 6_000, footageFromMs: 73_500 },
  ],
  passings: [{ picture: "dog", startMs: 2_000, durationMs: 4_000, heightPx: 140, feetPx: 450, towards: "left" }],
  sounds: [
    { sound: "dog", startMs: 4_000, durationMs: 900, gainDb: -2 },
    { sound: "bell", startMs: 11_000, durationMs: 200, gainDb: -2 },
  ],
  rows: [],
};

/** A frame at a time of the scene, grey, 64x48. */
function frameAt(video: string, seconds: number): Buffer {
  const filter = `scale=${WIDTH}:${HEIGHT},format=gray`;
  return execFileSync("ffmpeg", ["-v", "error", "-ss", String(seconds), "-i", video, "-frames:v", "1", "-vf", filter, "-f", "rawvideo", "-"]);
}

/** Mean difference of two frames from row to row, 0..255. */
function difference(a: Buffer, b: Buffer, fromRow: number, toRow: number): number {
  let sum = 0;
  for (let i = fromRow * WIDTH; i < toRow * WIDTH; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / ((toRow - fromRow) * WIDTH);
}

/** RMS level of a part of a 16 kHz mono file, dBFS. */
function levelDb(audio: string, fromMs: number, toMs: number): number {
  const bytes = readFileSync(audio);
  const data = bytes.indexOf("data") + 8;
  let sum = 0;
  for (let i = fromMs * 16; i < toMs * 16; i++) sum += (bytes.readInt16LE(data + 2 * i) / 32_768) ** 2;
  return 10 * Math.log10(sum / ((toMs - fromMs) * 16) + 1e-12);
}

function probe(file: string): string {
  const entries = "stream=codec_name,width,height,sample_rate,channels,nb_frames:format=duration";
  return execFileSync("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "compact=nk=0:p=0", file], { encoding: "utf8" });
}

/** Builds, and says which steps were told. */
async function build(options: Omit<BuildSceneOptions, "debianFolder">) {
  const steps = new Set<string>();
  const built = await buildScene({ debianFolder, ...options }, { progress: (step) => steps.add(step) }, never);
  return { built, steps: [...steps] };
}

void t.test("demo: renders a scene once, and shows and plays what the scene says", async (t) => {
  const sceneFolder = t.testdir();
  const first = await build({ scene, sceneFolder });
  t.same(first.steps, ["background", "sound", "picture"]);
  const { video, audio } = first.built;

  const picture = probe(video);
  t.match(picture, /codec_name=h264.*width=640.*height=480.*nb_frames=200/s);
  t.match(picture, /duration=20\.0/);
  t.match(probe(audio), /codec_name=pcm_s16le.*sample_rate=16000.*channels=1.*duration=20\.0/s);

  const empty = frameAt(video, 10);
  const later = frameAt(video, 12);
  t.notOk(empty.equals(later), "the empty place is not frozen");
  t.ok(difference(empty, later, 0, HEIGHT) < 1, "but nothing moves there");
  const lawnFrom = 32;
  t.ok(difference(frameAt(video, 4), empty, lawnFrom, HEIGHT) > 3, "the dog is on the lawn");
  t.ok(difference(frameAt(video, 7), empty, lawnFrom, HEIGHT) < 2, "and has gone");
  t.ok(difference(frameAt(video, 7), empty, 10, lawnFrom) > 1.5 * difference(later, empty, 10, lawnFrom), "people are in view");
  t.ok(difference(frameAt(video, 16), empty, 10, lawnFrom) > 1.5 * difference(later, empty, 10, lawnFrom), "and again");

  const quietDb = levelDb(audio, 6_000, 10_000);
  t.ok(quietDb > -66 && quietDb < -54, `quiet is about -60 dBFS: ${quietDb}`);
  t.ok(levelDb(audio, 4_000, 4_900) > quietDb + 30, "the dog barks");
  t.ok(levelDb(audio, 3_000, 3_990) < quietDb + 3, "not earlier");
  t.ok(levelDb(audio, 5_000, 5_900) < quietDb + 3, "nor later");
  t.ok(levelDb(audio, 11_000, 11_150) > quietDb + 15, "the bell rings");

  const second = await build({ scene, sceneFolder });
  t.same(second, { built: first.built, steps: [] }, "the second time comes from the cache");

  const dull = await build({ scene, sceneFolder, blank: true, silent: true });
  t.ok(levelDb(dull.built.audio, 4_000, 4_900) < quietDb + 3, "silent: no bark");
  t.ok(difference(frameAt(dull.built.video, 4), frameAt(dull.built.video, 16), 0, HEIGHT) < 1, "blank: nothing in view");
  t.match(probe(dull.built.video), /nb_frames=200/);
  t.notSame(dull.built, first.built);
  t.notOk(readdirSync(sceneFolder).some((name) => name.endsWith(".part")), "nothing is left half done");
});

void t.test("demo: says what to do when the media were not downloaded", async (t) => {
  const options = { scene, debianFolder: t.testdir(), sceneFolder: join(t.testdirName, "scenes") };
  await t.rejects(buildScene(options, { progress: () => undefined }, never), {
    code: "dependency_missing",
    message: /vtest\.avi is missing: run "npm run setup -- --demo"/,
  });
});

void t.test("demo: says what ffmpeg said when a medium is broken", async (t) => {
  const folder = t.testdir({ usr: { share: { doc: { "opencv-doc": { examples: { data: { "vtest.avi": "no footage" } } } } } } });
  const options = { scene, debianFolder: folder, sceneFolder: join(folder, "scenes") };
  await t.rejects(buildScene(options, { progress: () => undefined }, never), { code: "media_invalid", message: /vtest\.avi/ });
  t.same(readdirSync(options.sceneFolder), []);
});

void t.test("demo: leaves nothing half done when it is ended while it renders", async (t) => {
  const sceneFolder = t.testdir();
  const ending = new AbortController();
  const options = { scene, debianFolder, sceneFolder };
  await t.rejects(buildScene(options, { progress: () => ending.abort() }, ending.signal), { code: "media_invalid" });
  t.notOk(readdirSync(sceneFolder).some((name) => name.endsWith(".part")));
});
