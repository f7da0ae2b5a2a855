// Opens a web address: looks at what it gives, and hands it on in the form in which ffmpeg is to read it.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { delay, type Clock } from "../runtime/clock.js";
import { HttpClient, type HttpClientOptions } from "./http-client.js";
import { webContent, type WebContent } from "./web-content.js";

/** What is opened, and how often a single picture is fetched. */
export interface WebOpeningOptions extends HttpClientOptions {
  readonly snapshotsPerSecond: number;
}

/** An open address: `body` goes into ffmpeg; without one ffmpeg is to open `url` itself. */
export interface WebOpening {
  readonly content: Exclude<WebContent, "snapshot">;
  readonly url: string;
  readonly body?: Readable;
  /** The pictures come as often as was asked for: none is to be left out. */
  readonly paced: boolean;
}

/** Enough to tell what it is, bytes. */
const LOOK_BYTES = 64;
/** A larger picture is none that a camera gives, bytes. */
const SNAPSHOT_BYTES_MAX = 16 * 1024 * 1024;
/** A picture is fetched when the one before was taken. */
const ONE_AT_A_TIME = { objectMode: false, highWaterMark: 1 } as const;
/** Requests for a picture that may fail in a row: a camera that is busy answers the next. */
const FAILURES_MAX = 3;

/**
 * Opens it. A camera that gives one JPEG a request is asked again and again, one request at a time, and its pictures are
 * put into one stream. Errors: FusiondError "source_unavailable", a sentence without secrets.
 */
export async function openWeb(options: WebOpeningOptions, clock: Clock, signal: AbortSignal): Promise<WebOpening> {
  const client = new HttpClient(options);
  try {
    const { response, url } = await client.get(signal);
    const start = await startOf(response, options.timeoutMs);
    const content = webContent({ type: response.headers["content-type"] ?? "", hasLength: response.headers["content-length"] !== undefined, start });
    if (typeof content === "object") throw new FusiondError("source_unavailable", `the camera ${content.refused}`);
    if (content === "playlist" && !options.follow) {
      throw new FusiondError("source_unavailable", "the camera gives a playlist, which names further places: write follow: true if it may");
    }
    if (content === "snapshot") {
      return { content: "multipart", url, body: closing(Readable.from(snapshots(client, response, options, clock, signal), ONE_AT_A_TIME), client), paced: true };
    }
    const whole = content === "file" || content === "playlist";
    if (whole) response.destroy();
    return { content, url, paced: false, ...(whole ? {} : { body: closing(response, client) }) };
  } catch (error) {
    client.close();
    if (isNoHttp(error)) return { content: "file", url: options.url, paced: false }; // such as ICY: ffmpeg takes more liberties
    throw error;
  }
}

/** Reads until it can be told what it is, and puts that back. */
async function startOf(response: IncomingMessage, timeoutMs: number): Promise<Uint8Array> {
  const late = setTimeout(() => response.destroy(new Error("it gave nothing in time")), timeoutMs);
  let start = Buffer.alloc(0);
  try {
    for (;;) {
      const chunk = response.read() as Buffer | null;
      if (chunk !== null) start = Buffer.concat([start, chunk]);
      if (response.complete || start.length >= LOOK_BYTES) {
        if (start.length > 0) response.unshift(start); // only now: it makes the stream readable at once, for ever
        return start;
      }
      if (response.destroyed) throw new FusiondError("source_unavailable", "the camera closed the connection");
      await oneOf(response, "readable", "end", "close");
    }
  } catch (error) {
    throw error instanceof FusiondError ? error : new FusiondError("source_unavailable", `the camera: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(late);
  }
}

/** Resolves with the first of these events, and leaves nobody listening. Errors: the stream's own. */
async function oneOf(stream: Readable, ...events: readonly string[]): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race(events.map((event) => once(stream, event, { signal: over.signal })));
  } finally {
    over.abort();
  }
}

/** Pictures as parts of one multipart stream, the first of them on its way already. */
async function* snapshots(client: HttpClient, first: IncomingMessage, { snapshotsPerSecond }: WebOpeningOptions, clock: Clock, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  let failures = 0;
  let dueMs = clock.monotonicNowMs();
  for (let response: IncomingMessage | undefined = first; !signal.aborted; response = undefined) {
    try {
      response ??= (await client.get(signal)).response;
      const picture = await pictureOf(response);
      yield Buffer.concat([Buffer.from(`--picture\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`), picture, Buffer.from("\r\n")]);
      failures = 0;
    } catch (error) {
      if (++failures > FAILURES_MAX || signal.aborted) throw error;
    }
    const nowMs = clock.monotonicNowMs();
    dueMs = Math.max(nowMs, dueMs + 1000 / snapshotsPerSecond); // a slow camera gives what it can
    await delay(clock, dueMs - nowMs, signal);
  }
}

/** One whole JPEG. Errors: FusiondError "source_unavailable". */
async function pictureOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > SNAPSHOT_BYTES_MAX) throw new FusiondError("source_unavailable", `the camera gives a picture of more than ${SNAPSHOT_BYTES_MAX / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  const picture = Buffer.concat(chunks);
  if (picture[0] !== 0xff || picture[1] !== 0xd8) throw new FusiondError("source_unavailable", "the camera gives something else than the JPEG it gave before");
  return picture;
}

/** The client goes with the body. */
function closing(body: Readable, client: HttpClient): Readable {
  return body.once("close", () => client.close());
}

function isNoHttp(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code?.startsWith("HPE_") === true;
}
