// What ffmpeg says of its input, and what of that is refused.
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import t from "tap";
import { decodePicture, decodeSound } from "../../daemon/models/decode.js";
import { InputReport } from "../../daemon/sources/input-report.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { ReplayWatch, STALL_MS } from "../../daemon/sources/replay-watch.js";
import { collect, mediaOptions, RememberedTelemetry, scratch, sound, toTheEnd, without } from "./support.js";
import { VirtualClock } from "./virtual-clock.js";

const folder = scratch(t);

/** A black PNG of one bit a pixel: the smallest file for its size. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = Buffer.alloc((Math.ceil(width / 8) + 1) * height);
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** A WAV file of any rate, 16 bits, mono. */
function wav(rateHz: number, samples: number): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rateHz, 24);
  header.writeUInt32LE((rateHz * 2) % 2 ** 32, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2, 1)]);
}

function file(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

void t.test("sources: pictures that would not fit are refused in a sentence, in no time", async (t) => {
  for (const [width, height, expected] of [
    [8, 3000, /is not used: its picture is 8 x 3000 pixels: at most 4 times as high as wide/],
    [1, 30000, /its picture is 1 x 30000 pixels/],
    [3000, 8, /its picture is 3000 x 8 pixels: .* 16 times as wide as high/],
    [30000, 1, /its picture is 30000 x 1 pixels/],
    [8000, 8000, /its picture is 8000 x 8000 pixels: at most 33 million are read/],
    [30000, 30000, /its picture is 30000 x 30000 pixels: at most 33 million are read/],
  ] as const) {
    const path = file(`${width}x${height}.png`, png(width, height));
    const options = without(mediaOptions(path, { picture: { fps: 5, widthPx: 3840 } }), "sound");
    await t.rejects(collect(new MediaSource(options, new RememberedTelemetry()), toTheEnd), { code: "media_invalid", message: expected });
    await t.rejects(decodePicture(path), { code: "media_invalid", message: new RegExp(`cannot be decoded: its picture is ${width} x ${height}`) });
  }
  const fits = without(mediaOptions(file("fits.png", png(640, 2000))), "sound");
  t.match((await collect(new MediaSource(fits, new RememberedTelemetry()), toTheEnd)).of("image"), [{ width: 160, height: 500 }]);
});

void t.test("sources: sound of no rate that a sound has is refused in a sentence, in no time", async (t) => {
  for (const rateHz of [1, 100, 3999, 384_001, 2 ** 31 - 1]) {
    const path = file(`${rateHz}.wav`, wav(rateHz, 50_000));
    const options = without(mediaOptions(path), "picture");
    await t.rejects(collect(new MediaSource(options, new RememberedTelemetry()), toTheEnd), { code: "media_invalid", message: new RegExp(`its sound has ${rateHz} samples a second: 4000 to 384000`) });
    await t.rejects(decodeSound(path, sound), { code: "media_invalid", message: /samples a second/ });
  }
  const told = await collect(new MediaSource(without(mediaOptions(file("8k.wav", wav(8000, 24_000))), "picture"), new RememberedTelemetry()), toTheEnd);
  t.equal(told.of("audio").length, 2);
});

void t.test("sources: an RTSP camera that sends on to another host is refused", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const cseq = /CSeq: (\d+)/i.exec(data.toString())?.[1] ?? "1";
      socket.write(`RTSP/1.0 302 Moved Temporarily\r\nCSeq: ${cseq}\r\nLocation: rtsp://localhost:${(server.address() as AddressInfo).port}/other\r\n\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const url = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  const told = await collect(new MediaSource(without(mediaOptions(url, { mode: "live" }), "sound"), new RememberedTelemetry()), (so_far) => so_far.states.includes("alarmed"));
  t.match(told.signals.at(-1), { state: "alarmed", detail: "the camera sends on to another host, localhost: name that address, or write follow: true if it may" });
});

void t.test("sources: ffmpeg's words are judged by what is asked for", (t) => {
  const said = (lines: readonly string[], picture = true, sounding = true): unknown[] => {
    const report = new InputReport({ picture, sound: sounding });
    return lines.map((line) => report.take(line));
  };
  const cover = ["[info]   Stream #0:0: Audio: mp3, 44100 Hz, stereo, fltp, 128 kb/s", "[info]   Stream #0:1: Video: mjpeg (Baseline), yuvj420p(pc), 10x9000 [SAR 1:1 DAR 1:900], 90k tbr (attached pic)"];
  t.same(said(cover, false), [undefined, undefined], "who listens does not care for the cover");
  t.match(said(cover, true, false), [undefined, { refused: /10 x 9000/ }]);
  t.same(
    said(["[info]   Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709), 640x360 [SAR 1:1 DAR 16:9], 10 fps", "[info] Stream mapping:", "[info]   Stream #0:0: Audio: x, 1 Hz"]),
    [undefined, "accepted", undefined],
  );
  t.same(said(["[rtsp @ 0x55] [error] method DESCRIBE failed", "of two lines", "[warning] x"]), [{ complaint: "[rtsp @ 0x55] method DESCRIBE failed" }, { complaint: "of two lines" }, undefined]);
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      said(lines);
    }),
  );
  t.end();
});

void t.test("sources: a replay of which nothing comes is given up, one that is taken slowly is not", async (t) => {
  const clock = new VirtualClock();
  let stalled = 0;
  const watch = new ReplayWatch(clock, () => stalled++);
  let release: () => void = () => undefined;
  const { sound: take } = watch.over({ sound: () => new Promise<void>((resolve) => (release = resolve)) });
  const taking = take?.(0, { samples: new Float32Array(), isOutOfPhase: false });
  await clock.advance(10 * STALL_MS);
  t.equal(stalled, 0, "whoever takes may take his time");
  release();
  await taking;
  await clock.advance(STALL_MS - 1);
  t.notOk(watch.signal.aborted);
  await clock.advance(1);
  t.ok(watch.signal.aborted);
  t.equal(stalled, 1);
});
