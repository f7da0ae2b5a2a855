// Why a source gives nothing, in an operator's words: real ffmpeg against servers that fail in real ways.
import { getEventListeners } from "node:events";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import t, { type Test } from "tap";
import { failureOf } from "../../daemon/sources/failure-words.js";
import { isReachable, whatAnswers } from "../../daemon/sources/doorstep.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { collect, mediaOptions, RememberedTelemetry, without } from "./support.js";

/** What a camera at this place is said to have, once it is alarmed. */
async function saidOf(location: string, credentials?: { user: string; password: string }): Promise<string> {
  const options = { ...without(mediaOptions(location, { mode: "live", ...(location.startsWith("/dev/") && { kind: "video_device" as const }) }), "sound"), ...(credentials && { credentials }) };
  const told = await collect(new MediaSource(options, new RememberedTelemetry()), (so_far) => so_far.states.includes("alarmed"));
  const last = told.signals.at(-1);
  return last?.kind === "state" ? (last.detail ?? "") : "";
}

async function listening(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

function rtsp(answer: string): (socket: Socket) => void {
  return (socket) => {
    socket.on("error", () => undefined).on("data", (data) => {
      for (const [, method, cseq] of data.toString().matchAll(/^(\w+) .*?CSeq: (\d+)/gms)) {
        socket.write(method === "OPTIONS" ? `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\nPublic: DESCRIBE\r\n\r\n` : `RTSP/1.0 ${answer}\r\nCSeq: ${cseq}\r\n\r\n`);
      }
    });
  };
}

void t.test("failures: a camera over RTSP that fails says why", async (t) => {
  const answers: readonly (readonly [string, RegExp])[] = [
    ['401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"', /^wrong user or password/],
    ["403 Forbidden", /^access denied/],
    ["404 Not Found", /^no such stream path/],
    ["453 Not Enough Bandwidth", /^it refuses what it is asked for \(453 Not Enough Bandwidth\)/],
    ["503 Service Unavailable", /^it has a fault of its own \(503 Service Unavailable\)/],
  ];
  for (const [answer, words] of answers) {
    const port = await listening(t, createServer(rtsp(answer)));
    const said = await saidOf(`rtsp://127.0.0.1:${port}/x`, { user: "viewer", password: "s3cret" });
    t.match(said, words, answer);
    t.notMatch(said, /s3cret|ffmpeg|pipe:|0x/);
  }
});

void t.test("failures: what is no camera at all is named", async (t) => {
  const page: RequestListener = (_request, response) => void response.writeHead(200, { "content-type": "text/html" }).end(`<html>${"login ".repeat(3000)}</html>`);
  const json: RequestListener = (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end('{"error":"no"}');
  const away: RequestListener = (_request, response) => void response.writeHead(404).end();
  const web = await listening(t, createHttp(page));
  t.match(await saidOf(`http://127.0.0.1:${web}/x`), /gives a web page instead of pictures/);
  t.match(await saidOf(`rtsp://127.0.0.1:${web}/x`), /^(not a camera but a web server|it hung up)/);
  t.match(await saidOf(`rtsps://127.0.0.1:${web}/x`), /^it does not speak TLS/);
  t.match(await saidOf(`http://127.0.0.1:${await listening(t, createHttp(json))}/x`), /gives text \(application\/json\) instead of pictures/);
  t.match(await saidOf(`http://127.0.0.1:${await listening(t, createHttp(away))}/x`), /^no such stream path \(404 Not Found\): is the URL right\?/);
  const mute = await listening(t, createServer((socket) => void socket.on("error", () => undefined).resume()));
  t.match(await saidOf(`rtsp://127.0.0.1:${mute}/x`), /^(no answer|it takes the connection but does not answer|no picture within)/);
  const gruff = await listening(t, createServer((socket) => void socket.destroy()));
  t.match(await saidOf(`rtsp://127.0.0.1:${gruff}/x`), /^it hung up|^what it gives/);
  t.match(await saidOf("rtsp://127.0.0.1:1/x"), /^connection refused/);
  t.match(await saidOf("rtsp://no-such-host.invalid/x"), /^no such host/);
  t.match(await saidOf("/dev/video99"), /^no such device \/dev\/video99/);
});

void t.test("failures: what programs say has words of ours", (t) => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["[v4l2] Cannot open video device /dev/video0: Permission denied", /^permission denied on \/dev\/video0/],
    ["[v4l2] ioctl(VIDIOC_STREAMON): Device or resource busy", /^device busy/],
    ["arecord: main:850: audio open error: Device or resource busy", /^device busy/],
    ["arecord: main:850: audio open error: No such file or directory", /^no such sound device/],
    ["arecord: main:850: audio open error: Connection refused", /sound server/],
    ["arecord: set_params:1358: Channels count non available", /plughw/],
    ["arecord: pcm_read:2221: read error: No such device", /unplugged/],
    ["Connection to tcp://10.0.0.7:554 failed: No route to host", /^no way to it/],
    ["Connection to tcp://10.0.0.7:554 failed: Connection timed out", /^no answer/],
    ["The certificate of the peer is not trusted", /certificate/],
    ["Decoding requested, but no decoder found for: vvc", /codec/],
  ];
  for (const [line, words] of table) t.match(failureOf(["something else", line])?.words, words, line);
  t.equal(failureOf(["error while decoding MB 3 4"]), undefined);
  for (const said of ["401 Unauthorized", "wrong user or password (401): see its credentials_file"]) t.equal(failureOf([said])?.isLocking, true, "not to be tried often");
  t.match(failureOf(["Server returned 401 Unauthorized (authorization failed)"], false)?.words, /^it asks for a user and a password \(401 Unauthorized\): name a credentials_file/);
  t.match(failureOf(["Server returned 4XX Client Error, but not one of 40{0,1,3,4}"])?.words, /^it refuses what it is asked for \(4XX Client Error\)/);
  t.end();
});

void t.test("doorstep: says whether something is there, and reaches for nothing else", async (t) => {
  const { signal } = new AbortController();
  const port = await listening(t, createServer((socket) => void socket.destroy()));
  t.equal(await isReachable(`rtsp://127.0.0.1:${port}/x`, signal), true);
  t.equal(await isReachable("rtsp://127.0.0.1:1/x", signal), false);
  t.equal(await isReachable("/dev/null", signal), true);
  t.equal(await isReachable("/dev/no-such-thing", signal), false);
  t.equal(await isReachable("plughw:1,0", signal), true, "one cannot know");
  t.equal(await isReachable(`rtsp://127.0.0.1:${port}/x`, AbortSignal.abort()), false);
  const mute = await listening(t, createServer((socket) => void socket.on("error", () => undefined).resume()));
  t.equal(await whatAnswers(`rtsp://127.0.0.1:${mute}/x`, signal), "it takes the connection but does not answer");
  t.same(getEventListeners(signal, "abort"), [], "and leaves nothing at the signal of a source that may wait for days");
});
