// The pure parts behind media: arguments, framecrc, windows, secrets, complaints.
import { Readable } from "node:stream";
import fc from "fast-check";
import t from "tap";
import { ExactReader } from "../../daemon/sources/exact-reader.js";
import { ffmpegCommand, type MediaInput } from "../../daemon/sources/ffmpeg-args.js";
import { FramecrcParser } from "../../daemon/sources/framecrc.js";
import { PcmWindows, type PcmWindow } from "../../daemon/sources/pcm-windows.js";
import { redactor, shownLocation } from "../../daemon/sources/redact.js";
import { StderrNotes } from "../../daemon/sources/stderr-notes.js";

const input = (location: string, change: Partial<MediaInput> = {}): MediaInput => ({
  kind: "url",
  location,
  follow: false,
  mode: "live",
  networkTimeoutMs: 3000,
  ...change,
});
const picture = { fps: 5, widthPx: 320 };

void t.test("sources: ffmpeg is asked for what each kind of place needs", (t) => {
  const argsOf = (given: MediaInput): string => ffmpegCommand(given, picture, undefined).args.join(" ");
  t.match(argsOf(input("rtsp://cam/1")), /-f concat -safe 0 -protocol_whitelist \S+ -i pipe:0/);
  t.notMatch(argsOf(input("https://cam/1.m3u8")), /whitelist \S*file/, "a playlist cannot read this machine's files");
  t.notMatch(argsOf(input("http://cam/video.mjpg")), /wallclock/, "an address says nothing of what is there");
  t.match(argsOf(input("http://cam/", { flow: "multipart" })), /-use_wallclock_as_timestamps 1 -f mpjpeg -protocol_whitelist pipe .*-i pipe:0/);
  t.match(argsOf(input("http://cam/", { flow: "stream" })), /-format_whitelist \S+ -protocol_whitelist pipe .*-i pipe:0/);
  t.match(ffmpegCommand(input("http://cam/"), picture, undefined).stdin, /option max_redirects 0\n/);
  t.notMatch(ffmpegCommand(input("http://cam/", { follow: true }), picture, undefined).stdin, /max_redirects/);
  t.match(argsOf(input("/dev/cam-door", { kind: "video_device" })), /-f v4l2 -i \/dev\/cam-door/);
  const file = (change: Partial<MediaInput>): MediaInput => input("a %d.mp4", { kind: "file", ...change });
  t.match(argsOf(file({ mode: "replay" })), /-threads 1 -format_whitelist \S+ -protocol_whitelist file -i file:\/dev\/fd\/6 /);
  t.equal(ffmpegCommand(file({}), picture, undefined).file, "a %d.mp4", "opened for ffmpeg, which does not see its name");
  t.match(argsOf(file({ mode: "realtime_file", loop: true })), /-re -stream_loop -1 /);
  t.notMatch(argsOf(file({ mode: "realtime_file" })), /stream_loop/);
  t.notMatch(ffmpegCommand(file({}), undefined, { sampleRateHz: 8000 }).args.join(" "), /0:v:0/);
  t.end();
});

void t.test("sources: credentials and network options go through stdin alone", (t) => {
  const credentials = { user: "us@er", password: "p'a:s/s word#?" };
  const { args, stdin } = ffmpegCommand(input("rtsp://old:gone@cam:554/a?b=1", { credentials }), picture, undefined);
  t.same(stdin.split("\n").slice(0, 4), [
    "ffconcat version 1.0",
    "file 'rtsp://us%40er:p%27a%3As%2Fs%20word%23%3F@cam:554/a?b=1'",
    "option rtsp_transport tcp",
    "option timeout 3000000",
  ]);
  t.notMatch(args.join(" "), /cam|us@er|word/);
  t.match(ffmpegCommand(input("http://cam/it's"), picture, undefined).stdin, /file 'http:\/\/cam\/it%27s'\n/);
  t.throws(() => ffmpegCommand(input("rtsp://u:p@cam/a\noption x y"), picture, undefined), { code: "config_invalid", message: /rtsp:\/\/\*\*\*@cam/ });
  t.end();
});

void t.test("sources: framecrc is read, and what is no entry is passed over", (t) => {
  const parser = new FramecrcParser();
  for (const line of ["#tb 0: 1/1000", "#dimensions 0: 160x120", "", "0, 1,", "nonsense"]) t.equal(parser.parse(line), undefined);
  t.same(parser.parse("0,        120,        120,       40,    57600, 0x4b7f5333"), {
    ptsMs: 120,
    sizeBytes: 57600,
    checksum: "0x4b7f5333",
    width: 160,
    height: 120,
  });
  const audio = new FramecrcParser();
  audio.parse("#tb 0: 1/16000");
  t.match(audio.parse("0,  -1600,  -1600,     1600,     6400, 0xc7270c33"), { ptsMs: -100, sizeBytes: 6400, width: 0 });
  t.end();
});

void t.test("sources: pieces come out of a pipe whole, however it was cut", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 })), fc.array(fc.integer({ min: 1, max: 30 })), async (chunks, sizes) => {
      const all = Buffer.concat(chunks);
      const reader = new ExactReader(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
      let from = 0;
      for (const size of sizes) {
        const piece = await reader.read(size);
        if (from + size > all.length) return piece === undefined;
        if (piece === undefined || !all.subarray(from, from + size).equals(piece)) return false;
        from += size;
      }
      return true;
    }),
  );
  t.pass("any chunks, any sizes");
});

void t.test("sources: a pipe is read ahead, but not without bound", async (t) => {
  let given = 0;
  const stream = new Readable({
    highWaterMark: 1024,
    read() {
      given += 1024;
      this.push(Buffer.alloc(1024));
    },
  });
  const reader = new ExactReader(stream);
  t.equal((await reader.read(100_000))?.length, 100_000, "what was read before it was asked for is kept");
  await new Promise((resolve) => setImmediate(resolve));
  await reader.read(1);
  const before = given;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.ok(given - before < 1_000_000 && given < 64 * 1024 * 1024, `${given} bytes`);
  stream.destroy();
});

void t.test("sources: windows are the same however sound was cut into pieces", (t) => {
  const rate = 1000;
  const samples = Float32Array.from({ length: 5500 }, (_, i) => i);
  const cut = (sizes: readonly number[]): PcmWindow[] => {
    const windows = new PcmWindows({ sampleRateHz: rate, windowMs: 2000, hopMs: 700 });
    const out: PcmWindow[] = [];
    for (let from = 0, i = 0; from < samples.length; i++) {
      const size = sizes[i % sizes.length] as number;
      out.push(...windows.push(samples.subarray(from, from + size), from).windows);
      from += size;
    }
    return out;
  };
  const expected = [0, 700, 1400, 2100, 2800, 3500];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1 }), (sizes) => {
      const windows = cut(sizes);
      t.same(windows.map(({ ptsMs }) => ptsMs), expected);
      return windows.every((window) => window.samples[0] === window.ptsMs && window.samples.length === 2000);
    }),
    { numRuns: 50 },
  );
  t.end();
});

void t.test("sources: no window spans a gap, and jitter is no gap", (t) => {
  const windows = new PcmWindows({ sampleRateHz: 1000, windowMs: 200, hopMs: 100 });
  const piece = new Float32Array(100);
  t.same(windows.push(piece, 40), { windows: [], gap: false });
  t.match(windows.push(piece, 190), { windows: [{ ptsMs: 40 }], gap: false });
  t.match(windows.push(piece, 900), { windows: [], gap: true });
  t.match(windows.push(piece, 1000), { windows: [{ ptsMs: 900, durationMs: 200 }], gap: false });
  t.equal(windows.flush(), undefined, "all of it was told");
  windows.reset();
  windows.push(piece.fill(1).subarray(0, 30), 5000);
  t.match(windows.flush(), { ptsMs: 5000, durationMs: 30, samples: { length: 200 } });
  t.end();
});

void t.test("sources: no form of a secret is shown", (t) => {
  const hide = redactor({ user: "bob", password: "pä ss'#" });
  const base64 = Buffer.from("bob:pä ss'#").toString("base64");
  for (const text of ["rtsp://bob:x@cam/1", "http://cam/x?user=bob&pwd=pä", "say pä ss'# now", "p%C3%A4%20ss%27%23", "p%C3%A4%20ss'%23", `Basic ${base64}`]) {
    t.notMatch(hide(text), /bob|pä|%C3|pwd|Ym9i/, text);
  }
  t.equal(hide("plain words"), "plain words");
  t.equal(redactor({ user: "bob", password: "" })("a text"), "a text");
  t.equal(shownLocation("rtsp://u:p@cam:554/path?token=1"), "rtsp://***@cam:554/path?***");
  t.end();
});

void t.test("sources: complaints are told a few times, then counted", (t) => {
  let nowMs = 0;
  const told: string[] = [];
  const notes = new StderrNotes(redactor(), () => nowMs, (line, suppressed) => told.push(`${line} ${suppressed}`));
  for (let i = 0; i < 12; i++) t.equal(notes.take(`[h264 @ 0x55f0] bad frame ${i}`), `bad frame ${i}`);
  t.equal(told.length, 5);
  nowMs = 60_000;
  notes.take("again");
  t.equal(told.at(-1), "again 7");
  t.end();
});
