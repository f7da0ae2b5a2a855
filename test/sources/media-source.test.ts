// Files through the real ffmpeg: replay and real time.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { Capture } from "../../encoders/capture.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { provesSource } from "./conformance.js";
import { collect, makeClip, makeMedia, mediaOptions, pitchHz, plainCoding, RememberedTelemetry, scratch, testPicture, testTone, toTheEnd, without } from "./support.js";

const folder = scratch(t);
const clip = makeClip(folder);
const mute = makeMedia(folder, "mute.mp4", ...testPicture, "-t", "2", ...plainCoding);
const tone = makeMedia(folder, "tone.wav", ...testTone, "-t", "3.5");

void t.test("sources: a replayed file keeps what every source promises", async (t) => {
  await provesSource(t, { source: new MediaSource(mediaOptions(clip), new RememberedTelemetry()) });
});

void t.test("sources: a file in real time keeps what every source promises", async (t) => {
  const telemetry = new RememberedTelemetry();
  const options = mediaOptions(clip, { mode: "realtime_file", loop: true, sound: { sampleRateHz: 16000, windowMs: 500, hopMs: 250 } });
  await provesSource(t, { source: new MediaSource(options, telemetry) });
});

void t.test("sources: a replay gives each frame and window its time in the file", async (t) => {
  const telemetry = new RememberedTelemetry();
  const source = new MediaSource(mediaOptions(clip, { startsAtMs: 1_000_000 }), telemetry);
  t.ok(source.finite);
  const told = await collect(source, toTheEnd);
  t.same(
    told.of("image").map((capture) => capture.capturedAt - 1_000_000),
    Array.from({ length: 20 }, (_, i) => i * 200),
  );
  t.same(told.of("audio").slice(0, 3).map((capture) => capture.capturedAt - 1_000_000), [0, 1000, 2000]);
  const [frame] = told.of("image");
  t.match(frame, { width: 160, height: 120, durationMs: 0, seq: 0 });
  t.equal(frame?.modality === "image" && frame.pixels.length, 160 * 120 * 3);
  const window = told.of("audio")[1];
  t.equal(window?.modality === "audio" && Math.round(pitchHz(window.samples, 16000) / 10), 100, "a 1 kHz tone");
  t.same([told.states.at(0), told.states.at(-1)], ["healthy", "ended"]);
  t.same(telemetry.notes, [], "nothing to complain about");
});

void t.test("sources: two replays of one file are equal byte for byte", async (t) => {
  const digest = async (): Promise<string[]> => {
    const told = await collect(new MediaSource(mediaOptions(clip), new RememberedTelemetry()), toTheEnd);
    return (["image", "audio"] as const).flatMap((modality) => told.of(modality).map(digestOf));
  };
  t.same(await digest(), await digest());
});

void t.test("sources: a sound file's tail is told with zeros behind it", async (t) => {
  const source = new MediaSource(without(mediaOptions(tone), "picture"), new RememberedTelemetry());
  t.same(source.modalities, ["audio"]);
  const told = await collect(source, toTheEnd);
  t.same(
    told.of("audio").map((capture) => [capture.capturedAt, capture.durationMs]),
    [[0, 2000], [1000, 2000], [2000, 1500]],
  );
  const last = told.of("audio").at(-1);
  t.ok(last?.modality === "audio" && last.samples.length === 32000 && last.samples.subarray(24000).every((x) => x === 0));
});

void t.test("sources: a camera without sound goes on with its picture, and says so", async (t) => {
  const telemetry = new RememberedTelemetry();
  const told = await collect(new MediaSource(mediaOptions(mute), telemetry), toTheEnd);
  t.equal(told.of("image").length, 10);
  t.match(told.signals.find((signal) => signal.kind === "state" && signal.witnesses !== undefined), {
    state: "healthy",
    witnesses: [{ modality: "image", healthy: true }, { modality: "audio", healthy: false, why: /no sound track/ }],
  });
  t.same(told.progress("audio"), told.progress("image"), "progress of the missing sound follows the picture");
  t.match(telemetry.notes, [/no sound track/]);
});

void t.test("sources: a replay that nobody takes waits, and stops when told to", async (t) => {
  const telemetry = new RememberedTelemetry();
  const source = new MediaSource(mediaOptions(clip, { queueCapacity: 1 }), telemetry);
  const told = await collect(source, (so_far) => so_far.of("image").length === 2);
  t.ok(told.of("image").length === 2);
  t.notOk(telemetry.drops.has("queue_full"), "nothing is dropped for want of room");
});

void t.test("sources: frames larger than a pipe, in any order of writing, come through", async (t) => {
  const options = mediaOptions(clip, { queueCapacity: 1, picture: { fps: 10, widthPx: 1280 } });
  const told = await collect(new MediaSource(options, new RememberedTelemetry()), toTheEnd);
  t.equal(told.of("image").length, 40);
  t.equal(told.of("audio").length, 4);
});

void t.test("sources: a file that is no media is refused in one sentence", async (t) => {
  const junk = join(folder, "junk.mp4");
  writeFileSync(junk, "this is no film\n".repeat(99));
  const error = await collect(new MediaSource(mediaOptions(junk), new RememberedTelemetry()), toTheEnd).catch((thrown: unknown) => thrown);
  t.ok(error instanceof FusiondError && error.code === "media_invalid");
  t.match(error, { message: /^source cam: .*junk\.mp4 is no media file that ffmpeg can read: name another file/ });
  const absent = await collect(new MediaSource(mediaOptions(join(folder, "absent.mp4")), new RememberedTelemetry()), toTheEnd).catch((thrown: unknown) => thrown);
  t.match(absent, { code: "media_invalid", message: /no such file/ });
});

void t.test("sources: what a file is, is judged by its content alone", async (t) => {
  const read = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(folder, name);
    writeFileSync(path, content);
    const options = without(mediaOptions(path), "sound");
    const told = await collect(new MediaSource(options, new RememberedTelemetry()), toTheEnd).catch((error: unknown) => String(error));
    return typeof told === "string" ? told : `${told.of("image").length} pictures`;
  };
  const film = readFileSync(mute);
  t.equal(await read("film.txt", film), "10 pictures");
  t.equal(await read("%03d.png", film), "10 pictures", "a name is no pattern");
  t.equal(await read("10:30", film), "10 pictures");
  const text = "a text that looks like nothing\n".repeat(200);
  const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://${mute}\n#EXT-X-ENDLIST\n`;
  const dash = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet contentType="video"><Representation id="1" mimeType="video/mp4"><BaseURL>file://${mute}</BaseURL></Representation></AdaptationSet></Period></MPD>`;
  for (const [name, content] of [
    ["notes.txt", text],
    ["art.nfo", text],
    ["art.ans", "\u001b[31mred\u001b[0m".repeat(99)],
    ["list.ffconcat", `ffconcat version 1.0\nfile '${mute}'\n`],
    ["list.mp4", `ffconcat version 1.0\nfile '${mute}'\n`],
    ["live.m3u8", playlist],
    ["live.mp4", playlist],
    ["live.mpd", dash],
    ["cam.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"],
    ["words.srt", "1\n00:00:00,000 --> 00:00:02,000\nhello\n"],
  ] as const) {
    const said = await read(name, content);
    t.match(said, /^FusiondError: source cam: .* is no media file that ffmpeg can read: name another file \(/, name);
    t.notMatch(said, /whitelist/, "in an operator's words");
  }
});

void t.test("sources: a sound source without sound is refused in one sentence", async (t) => {
  const source = new MediaSource(without(mediaOptions(mute), "picture"), new RememberedTelemetry());
  await t.rejects(collect(source, toTheEnd), { code: "media_invalid", message: /has no sound track/ });
});

void t.test("sources: of a file that was cut off all is used that can be", async (t) => {
  const cut = makeMedia(folder, "cut.mkv", ...testPicture, ...testTone, "-t", "4", ...plainCoding);
  truncateSync(cut, Math.floor(statSync(cut).size * 0.6));
  const telemetry = new RememberedTelemetry();
  const told = await collect(new MediaSource(mediaOptions(cut), telemetry), toTheEnd);
  const frames = told.of("image").length;
  t.ok(frames >= 5 && frames < 20, `${frames} of 20 frames`);
  t.match(telemetry.notes.at(-1), /damaged or cut off/);
  t.equal(told.states.at(-1), "ended");
});

void t.test("sources: a file of no bytes, a cut picture and a picture of one pixel do not crash", async (t) => {
  const empty = join(folder, "empty.wav");
  writeFileSync(empty, "");
  await t.rejects(collect(new MediaSource(mediaOptions(empty), new RememberedTelemetry()), toTheEnd), { code: "media_invalid" });
  const pixel = join(folder, "pixel.ppm");
  writeFileSync(pixel, "P6\n1 1\n255\nrgb");
  const told = await collect(new MediaSource(without(mediaOptions(pixel), "sound"), new RememberedTelemetry()), toTheEnd);
  t.match(told.of("image"), [{ width: 160, height: 160 }]);
  const photo = makeMedia(folder, "photo.jpg", "-f", "lavfi", "-i", "testsrc=s=640x480", "-frames:v", "1");
  writeFileSync(photo, readFileSync(photo).subarray(0, 3000));
  const half = await collect(new MediaSource(without(mediaOptions(photo), "sound"), new RememberedTelemetry()), toTheEnd).catch((thrown: unknown) => thrown);
  t.ok(half instanceof FusiondError || (half as { captures: readonly Capture[] }).captures.length <= 1);
});

void t.test("sources: a picture that claims to be huge is refused before memory is taken for it", async (t) => {
  const bomb = join(folder, "bomb.png");
  const png = readFileSync(makeMedia(folder, "small.png", "-f", "lavfi", "-i", "color=s=16x16", "-frames:v", "1"));
  png.writeUInt32BE(20_000, 16);
  png.writeUInt32BE(20_000, 20);
  writeFileSync(bomb, png);
  await t.rejects(collect(new MediaSource(without(mediaOptions(bomb), "sound"), new RememberedTelemetry()), toTheEnd), { code: "media_invalid" });
});

void t.test("sources: a file in real time ends after its time, and a looped one does not", async (t) => {
  const once = await collect(new MediaSource(without(mediaOptions(mute, { mode: "realtime_file" }), "sound"), new RememberedTelemetry()), toTheEnd);
  t.same(once.states.filter((state) => state !== "starting"), ["healthy", "ended"]);
  const times = once.of("image").map((capture) => capture.capturedAt);
  const now = Date.now();
  t.ok(times.every((time) => time > now - 60_000 && time <= now), "frames happen now");
  const looped = without(mediaOptions(mute, { mode: "realtime_file", loop: true }), "sound");
  const again = await collect(new MediaSource(looped, new RememberedTelemetry()), (told) => told.of("image").length > 12);
  t.ok(again.of("image").length > 12, "more frames than the file has");
});

const vtest = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fusiond/debian/usr/share/doc/opencv-doc/examples/data/vtest.avi");
void t.test("sources: a real recording is replayed", { skip: existsSync(vtest) ? false : "vtest.avi is not there" }, async (t) => {
  const options = mediaOptions(vtest, { picture: { fps: 1, widthPx: 160 } });
  const told = await collect(new MediaSource(without(options, "sound"), new RememberedTelemetry()), (so_far) => so_far.of("image").length >= 20);
  t.ok(told.of("image").length >= 20);
});

function digestOf(capture: Capture): string {
  const view = capture.modality === "image" ? capture.pixels : capture.modality === "audio" ? capture.samples : new Uint8Array();
  const bytes = new Uint8Array(view.buffer);
  return `${capture.modality} ${capture.seq} ${capture.capturedAt} ${createHash("sha256").update(bytes).digest("hex")}`;
}
