// The listener over real connections.
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import type { Worker } from "node:worker_threads";
import t, { type Test } from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import type { HttpResponse, HttpRoute } from "../../daemon/http/route.js";
import { HttpServer } from "../../daemon/http/server.js";
import { operatorRoutes, type HealthView } from "../../daemon/http/operator-routes.js";
import { livez, readyz } from "../../daemon/telemetry/health.js";
import { eventually } from "../support/eventually.js";
import { daemonTelemetry, tellEverything } from "../telemetry/daemon-telemetry.js";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(port: number, path: string, options: { method?: string; headers?: Record<string, string>; send?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: options.headers ?? {}, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on("error", reject);
    request.end(options.send);
  });
}

/** What the server says to bytes, until it hangs up. */
async function said(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  let heard = "";
  socket.on("data", (data: Buffer) => (heard += data.toString()));
  socket.write(bytes);
  await once(socket, "close");
  return heard;
}

/** How many connections the kernel holds open on the server's side of a port. */
function connectionsTo(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/self/net/tcp", "utf8").split("\n").map((row) => row.trim().split(/\s+/));
  return rows.filter(([, from, , state]) => from?.endsWith(local) && state === "01").length;
}

/** A started server on a free port, stopped when the test ends. */
async function serve(t: Test, routes: readonly HttpRoute[], requestTimeoutMs = 5000, allowedHosts: readonly string[] = []) {
  const failures: [string, unknown][] = [];
  const server = new HttpServer({ listen: { host: "127.0.0.1", port: 0 }, routes, requestTimeoutMs, allowedHosts, telemetry: { failed: (path, error) => void failures.push([path, error]), listenerEnded: (error) => void failures.push(["", error]) } });
  t.teardown(() => server.stop());
  const { port } = await server.start();
  return { server, port, failures };
}

const silent = { failed: () => undefined, listenerEnded: () => undefined };
const hello: HttpRoute = { path: "/hello", queryKeys: ["name"], keepMs: 0, respond: (query) => Promise.resolve({ status: 200, contentType: "text/plain", body: `hello ${query.get("name") ?? ""}\n` }) };

void t.test("http: the operator's pages over a real registry and board", async (t) => {
  const daemon = daemonTelemetry();
  tellEverything(daemon);
  const { metrics, health } = daemon;
  const { port } = await serve(t, operatorRoutes({ metrics, livez: () => livez(health.snapshot()), readyz: () => readyz(health.snapshot()) }));

  const page = await ask(port, "/metrics");
  t.equal(page.status, 200);
  t.equal(page.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  t.match(page.body, /^fusiond_source_up\{source="dock-cam"\} 1$/m);
  t.notMatch(page.body, /hunter2/);

  t.match(await ask(port, "/livez"), { status: 200, body: "ok\n" });
  t.match(await ask(port, "/readyz"), { status: 503, body: /^failed; towers: audio of p1 failed/ });
  health.towerProved("audio of p1");
  health.perception("p1", undefined);
  health.brokerMissing("refused by nats://fusiond:hunter2@broker");
  const degraded = await ask(port, "/readyz?verbose");
  t.equal(degraded.status, 200, "a missing broker is degraded");
  t.notMatch(degraded.body, /hunter2/);
  const report = JSON.parse(degraded.body) as HealthView;
  t.match(report.checks.find(({ name }) => name === "broker"), { status: "degraded" });
  t.notOk(report.checks.some(({ status }) => status === "failed"));
});

void t.test("http: health is 200 unless failed", async (t) => {
  for (const [status, code] of [["ok", 200], ["degraded", 200], ["failed", 503]] as const) {
    const view = (): HealthView => ({ status, line: status, checks: [] });
    const [, live] = operatorRoutes({ metrics: { contentType: "", scrape: () => Promise.resolve("") }, livez: view, readyz: view });
    t.match(await live?.respond(new URLSearchParams()), { status: code, body: `${status}\n` });
  }
});

void t.test("http: what is not there, cannot be written or is too long gets a status and a sentence", async (t) => {
  const { port } = await serve(t, [hello]);
  t.match(await ask(port, "/hello?name=x"), { status: 200, body: "hello x\n" });
  t.match(await ask(port, "/nowhere"), { status: 404, body: "There is nothing here; what there is: /hello.\n" });
  t.match(await ask(port, "/hello/../../etc/passwd"), { status: 404 });
  t.match(await ask(port, "/hello", { method: "POST", send: "x".repeat(100_000) }), { status: 405, headers: { allow: "GET, HEAD", connection: "close" } });
  t.match(await ask(port, `/hello?${"x".repeat(3000)}`), { status: 414 });
  t.match(await ask(port, "/hello", { headers: { "X-Long": "x".repeat(20_000) } }), { status: 431 });
  const head = await ask(port, "/hello", { method: "HEAD" });
  t.match(head, { status: 200, body: "" });
  t.equal(head.headers["content-length"], "7");
});

void t.test("http: a page that throws or hangs is told to the log, not to the client", async (t) => {
  const { port, failures } = await serve(
    t,
    [
      { path: "/throws", queryKeys: [], keepMs: 0, respond: () => Promise.reject(new Error("password hunter2")) },
      { path: "/throws-at-once", queryKeys: [], keepMs: 0, respond: () => { throw new Error("password hunter2"); } },
      { path: "/hangs", queryKeys: [], keepMs: 0, respond: () => new Promise(() => undefined) },
    ],
    200,
  );
  for (const path of ["/throws", "/throws-at-once"]) {
    const answer = await ask(port, path);
    t.equal(answer.status, 500);
    t.notMatch(answer.body, /hunter2/);
  }
  t.strictSame(failures.map(([path]) => path), ["/throws", "/throws-at-once"]);
  t.match(await ask(port, "/hangs"), { status: 503 });
});

void t.test("http: a client that does not finish its request is cut off, one that speaks no HTTP is refused", async (t) => {
  const { port } = await serve(t, [hello], 100);
  for (const [said, status] of [["GET /hello HTTP/1.1\r\nHost: x\r\n", /^HTTP\/1.1 408 /], ["\u0016\u0003\u0001 hello\r\n\r\n", /^HTTP\/1.1 400 /]] as const) {
    const socket = connect(port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data: Buffer) => (heard += data.toString()));
    socket.write(said);
    await once(socket, "close");
    t.match(heard, status);
  }
});

void t.test("http: only who asks for this machine by a name of its own is answered", async (t) => {
  const { port } = await serve(t, [hello], 5000, ["fusiond.plant.example", "10.0.0.7"]);
  const own = ["127.0.0.1", "127.0.0.1:80", "127.3.2.1", "localhost", "LOCALHOST:9464", "localhost.", "[::1]:9464", hostname(), `${hostname().toUpperCase()}:1`];
  for (const host of [...own, "fusiond.plant.example", "Fusiond.Plant.Example:443", "10.0.0.7:9464"]) {
    t.match(await ask(port, "/hello", { headers: { host } }), { status: 200 }, host);
  }
  const strange = ["evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example", "evil-localhost", "10.0.0.8", "0.0.0.0", "[::]", "2130706433", "[::1", "::1", "127.0.0.1:80:80", "a@127.0.0.1", " "];
  for (const host of strange) {
    t.match(await ask(port, "/hello", { headers: { host } }), { status: 421, body: /http\.allowed_hosts/ }, host);
  }
  t.match(await ask(port, "/nowhere", { headers: { host: "evil.example" } }), { status: 421 });
  t.match(await said(port, "GET /hello HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /, "a scraper without the header is no browser");
  t.match(await said(port, "GET /hello HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
});

void t.test("http: one connection gets one answer, however many requests it sends at once", async (t) => {
  let made = 0;
  const big: HttpRoute = { path: "/big", queryKeys: [], keepMs: 60_000, respond: () => Promise.resolve({ status: 200, contentType: "text/plain", body: "x".repeat(100_000 + made++) }) };
  const { port } = await serve(t, [big]);
  const heard = await said(port, "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3000));
  t.equal(heard.match(/HTTP\/1\.1 200 /g)?.length, 1);
  t.ok(heard.length < 1_000_000, `${heard.length} bytes`);
  t.match(await ask(port, "/big"), { status: 200, headers: { connection: "close" } });
  t.equal(made, 1);
});

void t.test("http: a page is made once for all who ask for it, and one of a path at a time", async (t) => {
  const making: string[] = [];
  const pages = new Map<string, (response: HttpResponse) => void>();
  const slow: HttpRoute = {
    path: "/slow",
    queryKeys: ["of"],
    keepMs: 0,
    respond: (query) => {
      making.push(query.toString());
      return new Promise((resolve) => pages.set(query.toString(), resolve));
    },
  };
  const { port } = await serve(t, [slow, hello]);
  const asking = ["/slow?of=a", "/slow?x=1&of=a", "/slow?of=a&x=2", "/slow?of=b"].map((path) => ask(port, path));
  await eventually(() => pages.has("of=a"));
  t.match(await ask(port, "/hello"), { status: 200 }, "another page does not wait");
  t.same(making, ["of=a"]);
  pages.get("of=a")?.({ status: 200, contentType: "text/plain", body: "a" });
  t.same((await Promise.all(asking.slice(0, 3))).map(({ body }) => body), ["a", "a", "a"]);
  await eventually(() => pages.has("of=b"));
  pages.get("of=b")?.({ status: 200, contentType: "text/plain", body: "b" });
  t.match(await asking[3], { body: "b" });
  t.same(making, ["of=a", "of=b"]);
});

void t.test("http: connections that ask for nothing make room for those that do", async (t) => {
  const { port } = await serve(t, [hello], 60_000);
  const idle: Socket[] = [];
  let gone = 0;
  for (let i = 0; i < 200; i += 1) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined).on("close", () => (gone += 1)).resume();
    socket.write("GET /hello HTTP/1.1\r\nHost: loc");
    idle.push(socket);
  }
  t.teardown(() => idle.forEach((socket) => socket.destroy()));
  await eventually(() => gone >= 200 - 64);
  for (let i = 0; i < 5; i += 1) t.match(await ask(port, "/hello"), { status: 200 });
  t.equal(idle.slice(-50).filter((socket) => socket.destroyed).length, 0, "the oldest went");
});

void t.test("http: a client that takes nothing is cut off", { timeout: 30_000 }, async (t) => {
  const huge: HttpRoute = { path: "/huge", queryKeys: [], keepMs: 0, respond: () => Promise.resolve({ status: 200, contentType: "text/plain", body: "x".repeat(20_000_000) }) };
  const { port } = await serve(t, [huge], 100);
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.pause();
  socket.write("GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "connect");
  t.ok(await eventually(() => connectionsTo(port) === 0)); // the kernel says so; a paused socket is told nothing
  socket.destroy();
});

void t.test("http: a listener that ends by itself is started again on the same port", async (t) => {
  const threads: Worker[] = [];
  const onThread = (message: unknown): void => void threads.push((message as { worker: Worker }).worker);
  subscribe("worker_threads", onThread);
  const { port, failures } = await serve(t, [hello]);
  unsubscribe("worker_threads", onThread);
  await threads[0]?.terminate();
  await eventually(() => ask(port, "/hello").then(({ status }) => status === 200, () => false));
  t.match(failures, [["", new Error("it ended")]]);
});

void t.test("http: a port in use is one sentence that names the key", async (t) => {
  const { port } = await serve(t, [hello]);
  const second = new HttpServer({ listen: { host: "127.0.0.1", port }, routes: [hello], telemetry: silent });
  await t.rejects(second.start(), new FusiondError("address_in_use", `http.listen: 127.0.0.1:${port} is already in use, stop the program that uses it or choose another port`));
  await second.stop();
});

void t.test("http: an address that this machine does not have is refused by name", async (t) => {
  const server = new HttpServer({ listen: { host: "127.0.0.1", port: 65_536 }, routes: [], telemetry: silent });
  await t.rejects(server.start(), { code: "config_invalid", message: /^http\.listen: cannot listen on 127\.0\.0\.1:65536 \(/ });
});

void t.test("http: start and stop are idempotent, and it can be started again", async (t) => {
  const { server, port } = await serve(t, [hello]);
  t.equal((await server.start()).port, port);
  await Promise.all([server.stop(), server.stop()]);
  await t.rejects(ask(port, "/hello"), { code: "ECONNREFUSED" });
  const again = await server.start();
  t.match(await ask(again.port, "/hello"), { status: 200 });
});

void t.test("http: stopping does not wait for clients that keep their connection or their page", async (t) => {
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const hangs: HttpRoute = {
    path: "/hangs",
    queryKeys: [],
    keepMs: 0,
    respond: () => {
      asked();
      return new Promise(() => undefined);
    },
  };
  const { server, port } = await serve(t, [hangs]);
  const idle = connect(port, "127.0.0.1");
  idle.on("error", () => undefined);
  await once(idle, "connect");
  const answer = ask(port, "/hangs");
  const cut = t.rejects(answer, { code: "ECONNRESET" });
  await isAsked;
  await server.stop();
  await cut;
  idle.destroy();
});
