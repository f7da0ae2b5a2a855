// The one HTTP listener as the daemon sees it: loopback, reading only. What its pages hold is the routes' business.
import { Worker } from "node:worker_threads";
import { FusiondError } from "../../fusion/model/errors.js";
import { formatListen, type ListenAddress } from "./listen-address.js";
import type { ListenerSaid, ListenerSettings, PageMade } from "./listener-protocol.js";
import { sentence, type HttpResponse, type HttpRoute } from "./route.js";

/** What the listener tells. */
export interface HttpTelemetry {
  /** A page threw; the client was told nothing of it. */
  failed(path: string, error: unknown): void;
  /** The listener ended by itself; it is started again. */
  listenerEnded(error: unknown): void;
}

/** Where the listener is and what it shows. */
export interface HttpServerOptions {
  readonly listen: ListenAddress;
  readonly routes: readonly HttpRoute[];
  readonly telemetry: HttpTelemetry;
  /** Names by which clients may ask for it, beside those of this machine itself; see isAllowedHost. */
  readonly allowedHosts?: readonly string[];
  /** Longest time for the client to send its request, and then for the page to be made, ms. */
  readonly requestTimeoutMs?: number;
}

/** How long to wait before a listener that ended is started again, ms. */
const RESTART_AFTER_MS = 1000;
/** What a thread of clients' requests may hold, MiB; when it is not enough it ends and is started again. */
const MEMORY_MAX = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

/**
 * The listener, in a thread of its own, so that no client can hold up an alert.
 * Bounds: 64 connections of one request each, 8 KiB of headers, 2048 characters of URL, no request bodies; see Pages.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #routes: ReadonlyMap<string, HttpRoute>;
  #worker: Worker | undefined;
  #starting: Promise<ListenAddress> | undefined;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#routes = new Map(options.routes.map((route) => [route.path, route]));
  }

  /**
   * Resolves with the real address once it answers. Idempotent.
   * Errors: FusiondError "address_in_use", or "config_invalid" for an address that this machine does not have.
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
    clearTimeout(this.#restart);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#starting = undefined;
    await worker?.terminate();
  }

  async #listen(): Promise<ListenAddress> {
    const { listen } = this.#options;
    return { host: listen.host, port: await this.#startWorker(listen) };
  }

  async #startWorker(address: ListenAddress): Promise<number> {
    const { allowedHosts = [], requestTimeoutMs = 5000, routes } = this.#options;
    const settings: ListenerSettings = {
      address,
      routes: routes.map(({ path, queryKeys, keepMs }) => ({ path, queryKeys, keepMs })),
      allowedHosts: [address.host, ...allowedHosts],
      requestTimeoutMs,
    };
    const worker = new Worker(new URL("./listener.js", import.meta.url), {
      workerData: settings,
      execArgv: [], // loaders that the process was started with would be loaded again
      resourceLimits: MEMORY_MAX,
    });
    try {
      const port = await this.#listening(worker);
      this.#worker = worker;
      this.#watch(worker, { host: address.host, port });
      return port;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  #listening(worker: Worker): Promise<number> {
    return new Promise((resolve, reject) => {
      worker.on("error", reject);
      worker.once("exit", () => reject(new Error("the HTTP listener ended while it started")));
      worker.on("message", (said: ListenerSaid) => {
        if (said.kind === "listening") resolve(said.port);
        else if (said.kind === "refused") reject(listenError(this.#options.listen, said));
        else void this.#page(said.path, said.query).then((response) => worker.postMessage({ id: said.id, response } satisfies PageMade));
      });
    });
  }

  /** Starts the listener again, on the same port, when it has ended by itself: its clients must not end the daemon. */
  #watch(worker: Worker, address: ListenAddress): void {
    let cause: unknown = new Error("it ended");
    worker.on("error", (error) => (cause = error));
    worker.once("exit", () => {
      if (this.#worker === worker) this.#startAgain(address, cause);
    });
  }

  #startAgain(address: ListenAddress, cause: unknown): void {
    this.#options.telemetry.listenerEnded(cause);
    this.#restart = setTimeout(() => {
      this.#starting = this.#startWorker(address).then(() => address);
      this.#starting.catch((error: unknown) => this.#startAgain(address, error));
    }, RESTART_AFTER_MS);
  }

  async #page(path: string, query: string): Promise<HttpResponse> {
    try {
      return (await this.#routes.get(path)?.respond(new URLSearchParams(query))) ?? sentence(404, "There is nothing here.");
    } catch (error) {
      this.#options.telemetry.failed(path, error);
      return sentence(500, "The page could not be made; the log says why.");
    }
  }
}

function listenError(address: ListenAddress, { code, reason }: { readonly code: string; readonly reason: string }): FusiondError {
  const listen = formatListen(address);
  if (code === "EADDRINUSE") {
    return new FusiondError("address_in_use", `http.listen: ${listen} is already in use, stop the program that uses it or choose another port`);
  }
  return new FusiondError("config_invalid", `http.listen: cannot listen on ${listen} (${reason}), choose another address or port`);
}
