import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { decodePicture, decodeSound } from "../../daemon/models/decode.js";

const folder = mkdtempSync(join(tmpdir(), "fusiond-models-"));
t.teardown(() => rmSync(folder, { recursive: true }));
const tower = { sampleRateHz: 16_000, windowMs: 2000, hopMs: 500 };

/** A file that ffmpeg makes of a generated input. */
function made(name: string, source: string, ...options: readonly string[]): string {
  const path = join(folder, name);
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...options, path]);
  return path;
}

void t.test("decode: a picture is its centre square, no larger than a tower looks at", async (t) => {
  // Red, green and blue beside each other: the square is green.
  const bars = "color=red:s=100x80,pad=300:80[a];[a]drawbox=x=100:w=100:h=80:color=lime:t=fill,drawbox=x=200:w=100:h=80:color=blue:t=fill";
  const small = await decodePicture(made("bars.png", bars, "-frames:v", "1"));
  t.match(small, { modality: "image", width: 80, height: 80 });
  t.equal(small.pixels.length, 80 * 80 * 3);
  for (const at of [0, 79, 80 * 40 + 40, 80 * 80 - 1]) t.ok(isNear(small.pixels.subarray(at * 3, at * 3 + 3), [0, 255, 0]), `pixel ${at}`);
  t.match(await decodePicture(made("large.jpg", "testsrc=s=1600x1200", "-frames:v", "1")), { width: 512, height: 512 });
});

void t.test("decode: odd sides and halved colour make a square too", async (t) => {
  for (const format of ["yuvj420p", "yuvj422p"]) {
    for (const [width, height] of [[101, 67], [67, 101]] as const) {
      const path = made(`${format}-${width}-${height}.jpg`, `testsrc=s=${width}x${height}`, "-frames:v", "1", "-pix_fmt", format);
      const side = Math.min(width, height, 512);
      t.match(await decodePicture(path), { width: side, height: side }, `${format} ${width}x${height}`);
    }
  }
});

void t.test("decode: what is transparent is grey", async (t) => {
  const { pixels } = await decodePicture(made("clear.png", "color=red@0.0:s=64x64,format=rgba", "-frames:v", "1"));
  t.ok(pixels.every((value) => value === 128));
});

void t.test("decode: a sound is windows of its tower", async (t) => {
  const windows = await decodeSound(made("tone.flac", "sine=frequency=440:sample_rate=44100:duration=3.2"), tower);
  t.same(windows.map(({ seq, capturedAt, durationMs }) => [seq, capturedAt, durationMs]), [[0, 0, 2000], [1, 500, 2000], [2, 1000, 2000], [3, 1500, 2000]]);
  t.ok(windows.every(({ samples, sampleRateHz }) => samples.length === 32_000 && sampleRateHz === 16_000));
  const last = windows[3]?.samples as Float32Array;
  t.ok(last.subarray(0, 27_000).some((x) => Math.abs(x) > 0.05) && last.subarray(27_500).every((x) => x === 0), "silence after the end");
  t.equal((await decodeSound(made("short.wav", "sine=duration=0.1"), tower)).length, 1);
  const stereo = (name: string, right: string): Promise<Float32Array[]> =>
    decodeSound(made(name, `sine=frequency=440:sample_rate=44100:duration=3.2,pan=stereo|c0=c0|c1=${right}`), tower).then((all) => all.map(({ samples }) => samples));
  t.same(await stereo("inverted.wav", "-1*c0"), await stereo("agreeing.wav", "c0"), "as it would be heard: channels that cancel do not");
});

void t.test("decode: what cannot be decoded is said with the file's name", async (t) => {
  const text = join(folder, "text.png");
  writeFileSync(text, "no picture");
  await t.rejects(decodePicture(text), { code: "media_invalid", message: /text\.png cannot be decoded/ });
  await t.rejects(decodeSound(join(folder, "missing.wav"), tower), { code: "media_invalid", message: /missing\.wav.*no such file/ });
  await t.rejects(decodeSound(made("mute.png", "color=red:s=8x8", "-frames:v", "1"), tower), { code: "media_invalid", message: /mute\.png/ });
});

function isNear(found: Uint8Array, wanted: readonly number[]): boolean {
  return wanted.every((value, i) => Math.abs((found[i] as number) - value) <= 4);
}
