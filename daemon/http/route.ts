// A page of the daemon: what its author writes, and what a client gets.

/** What a page answers. */
export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One page, for GET and HEAD. It is made on the main thread, so it must not work long in one go. */
export interface HttpRoute {
  readonly path: string;
  /** Keys of the query that change the page; others never reach it. */
  readonly queryKeys: readonly string[];
  /** For so long a page that was made is given to whoever asks for the same, ms. */
  readonly keepMs: number;
  respond(query: URLSearchParams): Promise<HttpResponse>;
}

/** A plain sentence as a page. */
export function sentence(status: number, text: string): HttpResponse {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}
