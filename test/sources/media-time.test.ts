// Streams whose own time is wrong: too slow, too fast, or far off in single pictures.
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { again } from "../support/eventually.js";
import { collect, makeMedia, mediaOptions, plainCoding, RememberedTelemetry, scratch, testPicture, without, type Told } from "./support.js";

const HOUR_MS = 3_600_000;

void t.test("sources: a stream whose stamps are five times too slow is noticed, and goes by the time of arrival", async (t) => {
  const clip = readFileSync(makeMedia(scratch(t), "clip.flv", ...testPicture, "-r", "5", "-t", "40", "-c:v", "flv1", "-g", "1", "-an"));
  const url = await serve(t, "video/x-flv", (response) => {
    const startedAt = Date.now();
    const tags = [...flvTags(clip)];
    const stop = again(20, () => {
      while (tags[0] !== undefined && tags[0].ms <= Date.now() - startedAt) {
        const { tag, ms } = tags.shift() as FlvTag;
        if (ms >= 0) stampFlv(tag, Math.round(ms / 5));
        response.write(tag);
      }
    });
    response.once("close", stop);
  });
  const telemetry = new RememberedTelemetry();
  const since = { index: 0 };
  const told = await collect(live(url, 60, telemetry), (so_far) => {
    if (telemetry.restarts.length === 0) since.index = so_far.captures.length;
    return so_far.captures.length >= since.index + 12;
  });
  t.same(telemetry.restarts, ["rate"]);
  t.match(telemetry.anomalies, ["rate true", "unwatched"]);
  const times = told.captures.slice(since.index).map((capture) => capture.capturedAt);
  const spanMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  t.ok(Math.abs(spanMs - 11 * 200) < 1000, `eleven pictures later are ${spanMs} ms later`);
  t.ok(Math.max(...agesMs(told).slice(since.index)) < 2000);
});

void t.test("sources: a file on a web server is read no faster than it plays", async (t) => {
  const clip = readFileSync(makeMedia(scratch(t), "clip.ts", ...testPicture, "-t", "12", ...plainCoding));
  const url = await serve(t, "video/mp2t", (response) => void response.end(clip));
  const telemetry = new RememberedTelemetry();
  let since = 0;
  const told = await collect(live(url, 5, telemetry), (so_far) => {
    if (telemetry.restarts.length === 0) since = so_far.captures.length;
    return so_far.captures.length >= since + 20;
  });
  t.same(telemetry.restarts, ["rate"]);
  const later = told.captures.slice(since);
  const [first, last] = [later[0], later.at(-1)];
  const tookMs = (last?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0);
  const spanMs = (last?.capturedAt ?? 0) - (first?.capturedAt ?? 0);
  t.ok(Math.abs(spanMs - 3800) < 600 && tookMs > 2500, `nineteen pictures of five a second: ${spanMs} ms, which took ${Math.round(tookMs)} ms`);
});

void t.test("sources: single pictures that are stamped far off cost only themselves, and are counted", async (t) => {
  for (const offMs of [HOUR_MS, 30_000, -HOUR_MS]) {
    const clip = readFileSync(makeMedia(scratch(t), "clip.flv", ...testPicture, "-r", "10", "-t", "8", "-c:v", "flv1", "-g", "1", "-an"));
    const url = await serve(t, "video/x-flv", (response) => {
      const startedAt = Date.now();
      const tags = [...flvTags(clip)];
      let pictures = 0;
      const stop = again(20, () => {
        while (tags[0] !== undefined && tags[0].ms <= Date.now() - startedAt) {
          const { tag, ms } = tags.shift() as FlvTag;
          if (ms >= 0 && ++pictures % 10 >= 8) stampFlv(tag, Math.max(0, ms + offMs));
          response.write(tag);
        }
      });
      response.once("close", stop);
    });
    const telemetry = new RememberedTelemetry();
    const told = await collect(live(url, 10, telemetry), (so_far) => so_far.captures.length >= 30 || telemetry.restarts.length > 0);
    t.same(telemetry.restarts, [], `${offMs} ms off`);
    const outliers = telemetry.drops.get("outlier") ?? 0;
    t.ok(outliers >= 4 && outliers <= 12, `${outliers} of some 37, two in a row each time`);
    t.notMatch(telemetry.notes.join(), /monoton/, "and no muxer minds");
    t.ok(Math.max(...agesMs(told).map(Math.abs)) < 3000, `all others have the time of their arrival: ${Math.max(...agesMs(told))}`);
  }
});

function live(url: string, fps: number, telemetry: RememberedTelemetry): MediaSource {
  const options = without(mediaOptions(url, { mode: "live" }), "sound");
  const patience = { ...options.patience, stallMs: 10_000 };
  return new MediaSource({ ...options, patience, picture: { fps, widthPx: 64 } }, telemetry);
}

/** How long before its arrival each capture is said to have been, ms. */
function agesMs(told: Told): readonly number[] {
  return told.captures.map((capture) => performance.timeOrigin + capture.receivedAtMs - capture.capturedAt);
}

async function serve(t: Test, type: string, body: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": type });
    body(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/cam`;
}

interface FlvTag {
  readonly tag: Buffer;
  readonly ms: number;
}

/** The header and the tags of an FLV file, each with its time; -1 for what is no picture. */
function* flvTags(file: Buffer): Generator<FlvTag> {
  yield { tag: Buffer.from(file.subarray(0, 13)), ms: -1 };
  for (let at = 13; at + 11 <= file.length; ) {
    const length = 11 + file.readUIntBE(at + 1, 3) + 4;
    const ms = file.readUIntBE(at + 4, 3) + (file[at + 7] ?? 0) * 2 ** 24;
    yield { tag: Buffer.from(file.subarray(at, at + length)), ms: file[at] === 9 ? ms : -1 };
    at += length;
  }
}

function stampFlv(tag: Buffer, ms: number): void {
  tag.writeUIntBE(ms % 2 ** 24, 4, 3);
  tag[7] = Math.floor(ms / 2 ** 24);
}
