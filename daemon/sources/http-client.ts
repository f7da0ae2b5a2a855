// GET requests to one camera: its password, its redirects, its failures in words.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { failureOf, refusalOf } from "./failure-words.js";
import { HttpAnswer } from "./http-auth.js";
import type { Credentials } from "./redact.js";

/** One camera that is asked over HTTP. */
export interface HttpClientOptions {
  /** An http or https URL without credentials. */
  readonly url: string;
  readonly credentials?: Credentials;
  /** Whether it may send us on to other hosts. */
  readonly follow: boolean;
  /** How long it may be silent before it answers, ms. */
  readonly timeoutMs: number;
}

/** An answer: its body is to be read or destroyed. */
export interface HttpAnswered {
  readonly response: IncomingMessage;
  /** Where it came from in the end. */
  readonly url: string;
}

/** Redirects that are followed one after another. */
const REDIRECTS_MAX = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Asks one camera, one request at a time, on one connection where it allows that. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agents = { "http:": new HttpAgent({ keepAlive: true, maxSockets: 1 }), "https:": new HttpsAgent({ keepAlive: true, maxSockets: 1 }) };
  #answer: HttpAnswer | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * The answer to a GET, status 200. Errors: FusiondError "source_unavailable" whose message may be shown; its cause has
   * the code of Node's HTTP parser where what came was no HTTP.
   */
  async get(signal: AbortSignal): Promise<HttpAnswered> {
    let url = new URL(this.#options.url);
    let asked = false;
    for (let hops = 0; hops <= REDIRECTS_MAX; ) {
      const response = await this.#request(url, signal);
      const status = response.statusCode ?? 0;
      if (status === 200) return { response, url: url.href };
      response.resume(); // or the connection cannot be used again
      const { location, "www-authenticate": challenge } = response.headers;
      if (status === 401 && !asked && this.#isOurs(url)) {
        asked = true;
        this.#answer = this.#options.credentials && HttpAnswer.to(challenge ?? "", this.#options.credentials);
        if (this.#answer !== undefined) continue;
      }
      if (!REDIRECTS.includes(status) || location === undefined) throw unavailable(this.#refusal(`${status} ${response.statusMessage ?? ""}`.trim()));
      url = this.#next(url, location);
      hops += 1;
    }
    throw unavailable(`the camera sends on more than ${REDIRECTS_MAX} times: name the address where it ends`);
  }

  /** Lets go of the connection. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #request(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const { timeoutMs } = this.#options;
    const secure = url.protocol === "https:";
    const authorization = this.#isOurs(url) ? this.#answer?.header(url.pathname + url.search) : undefined;
    const options: RequestOptions = {
      agent: this.#agents[secure ? "https:" : "http:"],
      headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "fusiond", ...(authorization === undefined ? {} : { authorization }) },
      insecureHTTPParser: true, // cameras take liberties
      rejectUnauthorized: false, // as ffmpeg: hardly a camera has a certificate that anybody signed
      signal,
    };
    return new Promise((resolve, reject) => {
      const asking = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
        clearTimeout(late);
        resolve(response);
      });
      const late = setTimeout(() => asking.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })), timeoutMs);
      late.unref();
      asking.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(late);
        reject(unavailable(failureOf([error.code ?? "", messageOf(error)])?.words ?? messageOf(error), error));
      });
      asking.end();
    });
  }

  /** Credentials are for the host that the operator named. */
  #isOurs(url: URL): boolean {
    return url.hostname === new URL(this.#options.url).hostname;
  }

  #next(from: URL, location: string): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    if (to === undefined || !["http:", "https:"].includes(to.protocol)) {
      throw unavailable("the camera sends on to something that is no web address: name the address of its stream");
    }
    if (to.hostname !== from.hostname && !this.#options.follow) {
      throw unavailable(`the camera sends on to another host, ${to.host}: name that address, or write follow: true if it may`);
    }
    [to.username, to.password] = ["", ""];
    return to;
  }

  #refusal(said: string): string {
    return /^[45]/.test(said) ? refusalOf(said, this.#options.credentials !== undefined).words : `the camera answers ${said}`;
  }
}

function unavailable(message: string, cause?: unknown): FusiondError {
  return new FusiondError("source_unavailable", message, cause === undefined ? {} : { cause });
}
