// The one HTTP listener: loopback, reading only. What its pages hold is the routes' business.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { parseListen, type ListenAddress } from "./listen-address.js";

/** What a page answers. */
export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One page, for GET and HEAD. */
export interface HttpRoute {
  readonly path: string;
  respond(query: URLSearchParams): Promise<HttpResponse>;
}

/** What the listener tells. */
export interface HttpTelemetry {
  /** A page threw; the client was told nothing of it. */
  failed(path: string, error: unknown): void;
}

/** Where the listener is and what it shows. */
export interface HttpServerOptions {
  /** `host:port` of a loopback address; port 0 takes any free one. */
  readonly listen: string;
  readonly routes: readonly HttpRoute[];
  readonly telemetry: HttpTelemetry;
  /** Longest time for the client to send its request, and then for the page to be made, ms. */
  readonly requestTimeoutMs?: number;
}

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_URL_LENGTH = 2048;
const MAX_CONNECTIONS = 64;
const TEXT = "text/plain; charset=utf-8";

/** The listener. Bounds: 64 connections, 8 KiB of headers, 2048 characters of URL, no request bodies. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #timeoutMs: number;
  readonly #routes: ReadonlyMap<string, HttpRoute>;
  #server: Server | undefined;
  #starting: Promise<ListenAddress> | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? 5000;
    this.#routes = new Map(options.routes.map((route) => [route.path, route]));
  }

  /**
   * Resolves with the real address once it answers. Idempotent.
   * Errors: FusiondError "address_in_use", or "config_invalid" for an address that cannot be listened on.
   */
  start(): Promise<ListenAddress> {
    this.#starting ??= this.#listen().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** Resolves when nothing listens any more; what is being answered is cut. Idempotent. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // who started it was told
    const server = this.#server;
    this.#server = undefined;
    this.#starting = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #listen(): Promise<ListenAddress> {
    const { listen } = this.#options;
    const address = parseListen(listen);
    const server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        requestTimeout: this.#timeoutMs,
        headersTimeout: this.#timeoutMs,
        keepAliveTimeout: this.#timeoutMs,
        connectionsCheckingInterval: Math.min(1000, this.#timeoutMs),
      },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.on("clientError", refuseMalformed);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(listenError(listen, cause)));
      server.listen(address.port, address.host, resolve);
    });
    this.#server = server;
    return { host: address.host, port: (server.address() as AddressInfo).port };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#respond(request);
    const hasBody = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
    response.writeHead(answer.status, {
      "Content-Type": answer.contentType,
      "Content-Length": Buffer.byteLength(answer.body),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      ...(answer.status === 405 ? { Allow: "GET, HEAD" } : {}),
      // No page reads a body: what is left of one ends with its connection.
      ...(hasBody ? { Connection: "close" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  async #respond(request: IncomingMessage): Promise<HttpResponse> {
    const url = request.url ?? "/";
    if (url.length > MAX_URL_LENGTH) return sentence(414, "The address is too long.");
    const [path = "/", query = ""] = url.split("?", 2);
    const route = this.#routes.get(path);
    if (route === undefined) return sentence(404, `There is nothing here; what there is: ${[...this.#routes.keys()].join(", ")}.`);
    if (request.method !== "GET" && request.method !== "HEAD") return sentence(405, `${path} can only be read: use GET.`);
    return this.#within(path, () => route.respond(new URLSearchParams(query)));
  }

  /** What the page answers, or 503 and 500 if it takes too long or throws. */
  async #within(path: string, respond: () => Promise<HttpResponse>): Promise<HttpResponse> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<HttpResponse>((resolve) => {
      timer = setTimeout(() => resolve(sentence(503, "The page could not be made in time; try again.")), this.#timeoutMs).unref();
    });
    try {
      return await Promise.race([respond(), late]);
    } catch (error) {
      this.#options.telemetry.failed(path, error);
      return sentence(500, "The page could not be made; the log says why.");
    } finally {
      clearTimeout(timer);
    }
  }
}

function sentence(status: number, text: string): HttpResponse {
  return { status, contentType: TEXT, body: `${text}\n` };
}

/** Answers what is no HTTP, what is too long and what takes too long to be sent, each with its own status. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const statuses: Readonly<Record<string, string>> = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  socket.end(`HTTP/1.1 ${statuses[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function listenError(listen: string, cause: NodeJS.ErrnoException): FusiondError {
  if (cause.code === "EADDRINUSE") {
    return new FusiondError("address_in_use", `http.listen: ${listen} is already in use, stop the program that uses it or choose another port`, { cause });
  }
  return new FusiondError("config_invalid", `http.listen: cannot listen on ${listen} (${messageOf(cause)}), choose another address or port`, { cause });
}
