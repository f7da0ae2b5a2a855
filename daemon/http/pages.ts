// Pages on their way from the main thread: each is made once for all who ask for it, and one of a path at a time.
import { sentence, type HttpResponse, type HttpRoute } from "./route.js";

/** Makes a page; `query` in its canonical form. */
export type MakePage = (path: string, query: string) => Promise<HttpResponse>;

/**
 * Bound: the main thread makes at most one page of a path at a time and the same page at most once in `keepMs`, however
 * many ask. A page that takes longer than `timeoutMs` is answered with 503, and no longer waited for.
 */
export class Pages {
  readonly #make: MakePage;
  readonly #timeoutMs: number;
  readonly #kept = new Map<string, Promise<HttpResponse>>();
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(make: MakePage, timeoutMs: number) {
    this.#make = make;
    this.#timeoutMs = timeoutMs;
  }

  /** The page, as it is made now or was made just before. Never rejects. */
  page({ path, queryKeys, keepMs }: Pick<HttpRoute, "path" | "queryKeys" | "keepMs">, query: URLSearchParams): Promise<HttpResponse> {
    const known = new URLSearchParams(queryKeys.flatMap((key) => query.getAll(key).map((value): [string, string] => [key, value])));
    const key = `${path}?${known.toString()}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const before = this.#last.get(path) ?? Promise.resolve();
    const page = before.then(() => this.#within(this.#make(path, known.toString())));
    this.#kept.set(key, page);
    this.#last.set(path, page);
    void page.then(() => setTimeout(() => this.#kept.delete(key), keepMs).unref());
    return page;
  }

  async #within(made: Promise<HttpResponse>): Promise<HttpResponse> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<HttpResponse>((resolve) => {
      timer = setTimeout(() => resolve(sentence(503, "The page could not be made in time; try again.")), this.#timeoutMs);
    });
    return Promise.race([made, late]).finally(() => clearTimeout(timer));
  }
}
