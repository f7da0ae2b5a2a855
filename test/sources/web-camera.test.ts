// Cameras over HTTP: what they give is judged by what comes, not by how their address is written.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import t from "tap";
import { HttpAnswer } from "../../daemon/sources/http-auth.js";
import { MediaSource, type MediaSourceOptions } from "../../daemon/sources/media-source.js";
import { webContent } from "../../daemon/sources/web-content.js";
import { openWeb } from "../../daemon/sources/web-opening.js";
import { systemClock } from "../../daemon/runtime/clock.js";
import { again } from "../support/eventually.js";
import { motionJpeg, webCamera as camera } from "../support/web-camera.js";
import { collect, makeMedia, mediaOptions, plainCoding, RememberedTelemetry, scratch, testPicture, testTone, without, type Told } from "./support.js";

const folder = scratch(t);
const jpegs = Array.from({ length: 8 }, (_, i) => readFileSync(makeMedia(folder, `${i}.jpg`, "-f", "lavfi", "-i", `testsrc=s=320x240:r=1`, "-ss", String(i), "-frames:v", "1")));
const film = makeMedia(folder, "film.mp4", ...testPicture, "-t", "4", ...plainCoding);
const stream = readFileSync(makeMedia(folder, "cam.ts", ...testPicture, ...testTone, "-t", "4", ...plainCoding));

function source(url: string, telemetry: RememberedTelemetry, change: Partial<MediaSourceOptions> = {}): MediaSource {
  const options = without(mediaOptions(url, { mode: "live" }), "sound");
  return new MediaSource({ ...options, patience: { ...options.patience, startMs: 8000, stallMs: 5000 }, ...change }, telemetry);
}

/** What is told until it is `alarmed`, and the words of it. */
async function refusal(url: string, change: Partial<MediaSourceOptions> = {}): Promise<string> {
  const told = await collect(source(url, new RememberedTelemetry(), change), (so_far) => so_far.states.includes("alarmed") || so_far.captures.length > 0);
  const last = told.signals.at(-1);
  return last?.kind === "state" ? (last.detail ?? "") : `${told.captures.length} pictures`;
}

/** How long the event time of the pictures went on, against how long it took, ms. */
async function pace(url: string, telemetry: RememberedTelemetry, pictures: number): Promise<{ mediaMs: number; wallMs: number; told: Told }> {
  const arrivals: number[] = [];
  const told = await collect(source(url, telemetry), (so_far, signal) => {
    if (signal.kind === "capture") arrivals.push(Date.now());
    return so_far.captures.length >= pictures;
  });
  const times = told.captures.map(({ capturedAt }) => capturedAt);
  return { mediaMs: (times.at(-1) as number) - (times[0] as number), wallMs: (arrivals.at(-1) as number) - (arrivals[0] as number), told };
}

for (const [name, path, type] of [
  ["whose address says nothing", "/", undefined],
  ["with an odd address", "/cgi-bin/nph-zms?mode=jpeg&monitor=1", undefined],
  ["of no type", "/x", ""],
  ["of a type in capitals", "/x", "Multipart/X-Mixed-Replace;boundary=cam"],
] as const) {
  void t.test(`sources: motion JPEG ${name} goes on as fast as time does`, async (t) => {
    const { url } = await camera(t, motionJpeg(jpegs, 4, type));
    const telemetry = new RememberedTelemetry();
    const { mediaMs, wallMs, told } = await pace(url + path, telemetry, 10);
    t.ok(Math.abs(mediaMs - wallMs) < 700, `${mediaMs} ms of pictures in ${wallMs} ms`);
    t.same(told.states, ["starting", "healthy"]);
    t.same(telemetry.restarts, []);
  });
}

void t.test("sources: a camera that gives one JPEG a request is asked as often as pictures are wanted", async (t) => {
  let n = 0;
  const { url, asked } = await camera(t, (_request, response) => response.writeHead(200, { "content-type": "image/jpeg" }).end(jpegs[n++ % jpegs.length]));
  const telemetry = new RememberedTelemetry();
  const { mediaMs, wallMs, told } = await pace(`${url}/snap.cgi?chan=1`, telemetry, 12);
  t.ok(wallMs >= 1800, `11 intervals of 200 ms took ${wallMs} ms`);
  t.ok(Math.abs(mediaMs - wallMs) < 700, `${mediaMs} ms of pictures in ${wallMs} ms`);
  t.ok(asked.length <= 16, `asked ${asked.length} times`);
  t.same(told.states, ["starting", "healthy"]);
  t.same(telemetry.restarts, []);
  t.same(new Set(told.captures.map((capture) => capture.modality === "image" && capture.width)), new Set([160]));
});

void t.test("sources: a snapshot that fails once is asked for again, a camera that stays away is lost", async (t) => {
  let n = 0;
  const { url } = await camera(t, (_request, response) => {
    n += 1;
    if (n > 8 || n === 4) response.writeHead(503).end();
    else response.writeHead(200, { "content-type": "image/jpeg" }).end(jpegs[n % jpegs.length]);
  });
  const told = await collect(source(url, new RememberedTelemetry()), (so_far) => so_far.states.includes("alarmed"));
  t.equal(told.captures.length, 7);
  t.match(told.signals.at(-1), { state: "alarmed", detail: /it has a fault of its own \(503 Service Unavailable\): restart it/ });
});

void t.test("sources: a web stream and a web file are read, whichever end they have", async (t) => {
  const { url } = await camera(t, (request, response) => {
    if (request.url === "/live") {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      for (let i = 0; i < stream.length; i += 10_000) response.write(stream.subarray(i, i + 10_000));
    } else {
      const bytes = readFileSync(film);
      const [, from = "0"] = /bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
      const head = { "content-type": "video/mp4", "accept-ranges": "bytes", "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}`, "content-length": bytes.length - Number(from) };
      response.writeHead(request.headers.range === undefined ? 200 : 206, head).end(bytes.subarray(Number(from)));
    }
  });
  for (const path of ["/live", "/film"]) {
    const told = await collect(source(url + path, new RememberedTelemetry()), (so_far) => so_far.captures.length >= 5 || so_far.states.includes("alarmed"));
    t.same(told.states, ["starting", "healthy"], path);
  }
});

void t.test("sources: a camera that gives its first bytes one by one is read, and nobody is left listening", async (t) => {
  const part = Buffer.from(`--${"x".repeat(60)}\r\nContent-Type: image/jpeg\r\n\r\n`);
  const { url } = await camera(t, (_request, response) => {
    response.writeHead(200, { "content-type": "multipart/x-mixed-replace" });
    let sent = 0;
    response.on("close", again(5, () => response.write(part.subarray(sent, ++sent))));
  });
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", warn);
  t.teardown(() => process.off("warning", warn));
  const { body, content } = await openWeb({ url, follow: false, timeoutMs: 10_000, snapshotsPerSecond: 1 }, systemClock, new AbortController().signal);
  t.equal(content, "multipart");
  t.ok((body?.listenerCount("end") ?? 0) <= 1);
  body?.destroy();
  t.same(warnings, []);
});

void t.test("sources: what is no camera is refused in a sentence", async (t) => {
  const page = "<!DOCTYPE html><html><body>Log in</body></html>";
  const pages: Record<string, [string, string | Buffer, Record<string, string>?]> = {
    "/login": ["text/html", page],
    "/plain": ["text/plain", "nothing here"],
    "/json": ["application/json", '{"error":"no"}'],
    "/gzip": ["text/html", gzipSync(page), { "content-encoding": "gzip" }],
    "/lying": ["image/jpeg", page],
    "/png": ["image/png", Buffer.from("89504e470d0a1a0a0000000d", "hex")],
    "/list": ["application/vnd.apple.mpegurl", `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://${film}\n#EXT-X-ENDLIST\n`],
    "/list.txt": ["text/plain", `#EXTM3U\n#EXTINF:2,\nfile://${film}\n`],
    "/mpd": ["video/mp4", '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'],
    "/concat": ["video/mp4", `ffconcat version 1.0\nfile '${film}'\n`],
    "/nothing": ["image/jpeg", ""],
  };
  const { url, port, asked } = await camera(t, (request, response) => {
    const [type, body, more] = pages[request.url ?? ""] ?? ["", ""];
    if (request.url === "/away") response.writeHead(302, { location: `http://localhost:${port}/reached` }).end();
    else if (request.url === "/file") response.writeHead(302, { location: `file://${film}` }).end();
    else if (request.url === "/round") response.writeHead(307, { location: "/round" }).end();
    else if (type === "") response.writeHead(404).end();
    else response.writeHead(200, { "content-type": type, ...more }).end(body);
  });
  const expected: Record<string, RegExp> = {
    "/login": /^the camera gives a web page instead of pictures or sound: /,
    "/plain": /^the camera gives text \(text\/plain\)/,
    "/json": /^the camera gives text \(application\/json\)/,
    "/gzip": /^the camera gives a web page/,
    "/lying": /^the camera gives a web page/,
    "/png": /^the camera gives image\/png: of single pictures only JPEG is read/,
    "/list": /^the camera gives a playlist, .*follow: true/,
    "/list.txt": /^the camera gives a playlist/,
    "/mpd": /^the camera gives a playlist/,
    "/concat": /^the camera gives text/,
    "/nothing": /^the camera gave nothing/,
    "/away": /^the camera sends on to another host, localhost:\d+: name that address, or write follow: true/,
    "/file": /^the camera sends on to something that is no web address/,
    "/round": /^the camera sends on more than 5 times/,
    "/absent": /^no such stream path \(404 Not Found\): is the URL right\?/,
  };
  for (const [path, sentence] of Object.entries(expected)) t.match(await refusal(url + path), sentence, path);
  t.notOk(asked.includes("/reached"), "no other host was asked");
});

void t.test("sources: a camera may send on within its host, and elsewhere if it may be followed", async (t) => {
  const { url, port } = await camera(t, (request, response) => {
    if (request.url === "/away") response.writeHead(302, { location: `http://localhost:${port}/cam` }).end();
    else if (request.url === "/here") response.writeHead(301, { location: "/cam" }).end();
    else response.writeHead(200, { "content-type": "image/jpeg" }).end(jpegs[0]);
  });
  t.equal(await refusal(`${url}/here`), "1 pictures");
  t.equal(await refusal(`${url}/away`, { follow: true }), "1 pictures");
});

void t.test("sources: a camera that answers no HTTP is left to ffmpeg", async (t) => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("ICY 200 OK\r\ncontent-type: video/mp2t\r\n\r\n"), stream])));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  t.equal(await refusal(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), "1 pictures");
});

void t.test("sources: a snapshot behind a digest password is fetched with one nonce", async (t) => {
  const credentials = { user: "us\"er", password: "p'a:s/s wörd" };
  const md5 = (...parts: string[]): string => createHash("md5").update(parts.join(":")).digest("hex");
  let challenges = 0;
  const { url } = await camera(t, (request, response) => {
    const given = request.headers.authorization ?? "";
    const value = (key: string): string => (new RegExp(`\\b${key}="?((?:[^",\\\\]|\\\\.)*)`).exec(given)?.[1] ?? "").replaceAll(/\\(.)/g, "$1");
    const secret = md5(credentials.user, "a, \"cam\"".replaceAll('"', ""), credentials.password);
    const wanted = md5(secret, "n0nce", value("nc"), value("cnonce"), "auth", md5("GET", "/snap?x=1"));
    if (given !== "" && value("username") === credentials.user && value("response") === wanted) {
      response.writeHead(200, { "content-type": "image/jpeg" }).end(jpegs[0]);
    } else {
      challenges += 1;
      response.writeHead(401, { "www-authenticate": ['Digest realm="a, cam", qop="auth,auth-int", nonce="n0nce", algorithm=SHA-512-256', 'Digest realm="a, cam", qop="auth", nonce="n0nce", opaque="o"', 'Basic realm="x"'] }).end();
    }
  });
  const told = await collect(source(`${url}/snap?x=1`, new RememberedTelemetry(), { credentials }), (so_far) => so_far.captures.length >= 5 || so_far.states.includes("alarmed"));
  t.same(told.states, ["starting", "healthy"]);
  t.equal(challenges, 1);
  t.match(await refusal(`${url}/snap?x=1`, { credentials: { ...credentials, password: "guess" } }), /wrong user or password \(401/);
  t.match(await refusal(`${url}/snap?x=1`), /asks for a user and a password \(401 Unauthorized\): name a credentials_file/);
});

void t.test("sources: whatever a camera asks is answered or not, and never crashes", (t) => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      const answer = HttpAnswer.to(header, { user: "u", password: "p" });
      return answer === undefined || /^(Basic|Digest) /.test(answer.header("/"));
    }),
  );
  t.match(HttpAnswer.to('Digest realm="r", nonce="n", algorithm=MD5-sess, qop=auth', { user: "u", password: "p" })?.header("/x"), /algorithm=MD5-sess, qop=auth, nc=00000001$/);
  t.match(HttpAnswer.to('Digest realm="r", nonce="n"', { user: "u", password: "p" })?.header("/x"), /^Digest username="u", realm="r", nonce="n", uri="\/x", response="[0-9a-f]{32}"$/);
  t.equal(HttpAnswer.to("Negotiate", { user: "u", password: "p" }), undefined);
  const octets = (text: string): string => Buffer.from(text).toString("latin1");
  const polish = HttpAnswer.to(octets('Digest realm="Kamera północ", nonce="n"'), { user: "żółw", password: "gęś" })?.header("/x") ?? "";
  const md5 = (...parts: string[]): string => createHash("md5").update(parts.join(":")).digest("hex");
  const response = md5(md5("żółw", "Kamera północ", "gęś"), "n", md5("GET", "/x"));
  t.equal(polish, octets(`Digest username="żółw", realm="Kamera północ", nonce="n", uri="/x", response="${response}"`), "UTF-8, octet by octet");
  t.equal(HttpAnswer.to("Basic", { user: "ż", password: "ę" })?.header("/"), `Basic ${Buffer.from("ż:ę").toString("base64")}`);
  t.end();
});

void t.test("sources: any first bytes of any type are told apart without a crash", (t) => {
  fc.assert(
    fc.property(fc.string(), fc.boolean(), fc.uint8Array({ maxLength: 600 }), (type, hasLength, start) => {
      const content = webContent({ type, hasLength, start });
      return typeof content === "string" || content.refused.length > 0;
    }),
  );
  const binary = Uint8Array.of(0x47, 0x40, 0, 0x10);
  t.equal(webContent({ type: "text/plain", hasLength: false, start: binary }), "stream", "servers do not know every ending");
  t.equal(webContent({ type: "video/x-mjpeg", hasLength: false, start: Uint8Array.of(0xff, 0xd8, 0xff) }), "motion_jpeg");
  t.equal(webContent({ type: "", hasLength: true, start: binary }), "file");
  t.end();
});
