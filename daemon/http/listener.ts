// The thread that speaks HTTP: whatever a client does costs this thread, never the main one. Its host is server.ts.
import { fastify, type FastifyInstance } from "fastify";
import type { AddressInfo, Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { assertInvariant, messageOf } from "../../fusion/model/errors.js";
import { isAllowedHost } from "./allowed-hosts.js";
import { limitConnections } from "./connections.js";
import type { ListenerSaid, ListenerSettings, PageMade } from "./listener-protocol.js";
import { Pages } from "./pages.js";
import { sentence, type HttpResponse } from "./route.js";

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_URL_LENGTH = 2048;
const MAX_CONNECTIONS = 64;
/** For a client to take a page that was made, ms. */
const TAKE_WITHIN_MS = 10_000;

assertInvariant(parentPort !== null, "the HTTP listener runs in a thread");
const port = parentPort;
const settings = workerData as ListenerSettings;

const asked = new Map<number, (response: HttpResponse) => void>();
let lastId = 0;

function make(path: string, query: string): Promise<HttpResponse> {
  const id = ++lastId;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    say({ kind: "ask", id, path, query });
  });
}

function say(said: ListenerSaid): void {
  port.postMessage(said);
}

function build({ routes, allowedHosts, requestTimeoutMs }: ListenerSettings): FastifyInstance {
  const app = fastify({
    // One request a connection: who sends more at once is answered once, and none is kept open for nothing.
    maxRequestsPerSocket: 1,
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    },
    clientErrorHandler: refuseMalformed,
  });
  limitConnections(app.server, { max: MAX_CONNECTIONS, lifetimeMs: 2 * requestTimeoutMs + TAKE_WITHIN_MS });
  const pages = new Pages(make, requestTimeoutMs);
  const paths = routes.map(({ path }) => path);
  // Before anything of the request is read: no page takes a body.
  app.addHook("onRequest", async (request, reply) => {
    const refusal = refusalOf(request, paths, allowedHosts);
    void reply.headers({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", Connection: "close" });
    if (refusal === undefined) return;
    if (refusal.status === 405) void reply.header("Allow", "GET, HEAD");
    await reply.code(refusal.status).type(refusal.contentType).send(refusal.body);
  });
  for (const route of routes) {
    app.get(route.path, async (request, reply) => {
      const { status, contentType, body } = await pages.page(route, new URLSearchParams(request.url.split("?", 2)[1]));
      return reply.code(status).type(contentType).send(body);
    });
  }
  return app;
}

/** What is answered in the place of a page, or undefined. */
function refusalOf(request: { url: string; method: string; headers: { host?: string | undefined } }, paths: readonly string[], allowedHosts: readonly string[]): HttpResponse | undefined {
  if (!isAllowedHost(request.headers.host, allowedHosts)) {
    return sentence(421, "This is not the host that was asked for; if it is, add its name to http.allowed_hosts.");
  }
  if (request.url.length > MAX_URL_LENGTH) return sentence(414, "The address is too long.");
  const path = request.url.split("?", 1)[0] ?? "";
  if (!paths.includes(path)) return sentence(404, `There is nothing here; what there is: ${paths.join(", ")}.`);
  if (request.method !== "GET" && request.method !== "HEAD") return sentence(405, `${path} can only be read: use GET.`);
  return undefined;
}

/** Answers what is no HTTP, what is too long and what takes too long to be sent, each with its own status, and leaves. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const statuses: Readonly<Record<string, string>> = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  if (socket.writable) socket.write(`HTTP/1.1 ${statuses[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}

port.on("message", ({ id, response }: PageMade) => {
  asked.get(id)?.(response);
  asked.delete(id);
});
const app = build(settings);
try {
  await app.listen(settings.address);
  say({ kind: "listening", port: (app.server.address() as AddressInfo).port });
} catch (error) {
  say({ kind: "refused", code: (error as NodeJS.ErrnoException).code ?? "", reason: messageOf(error) });
}
