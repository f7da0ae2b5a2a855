// The pages that operators and their tools read: /metrics, /livez, /readyz.
import type { HttpResponse, HttpRoute } from "./route.js";

/** Where the text of /metrics comes from. */
export interface ScrapeView {
  readonly contentType: string;
  scrape(): Promise<string>;
}

/** A judgement on the daemon's health. */
export interface HealthView {
  readonly status: "ok" | "degraded" | "failed";
  /** The same on one line. */
  readonly line: string;
  readonly checks: readonly { readonly name: string; readonly status: string; readonly reason: string }[];
}

/** What the pages show. */
export interface OperatorViews {
  readonly metrics: ScrapeView;
  livez(): HealthView;
  readyz(): HealthView;
}

/** A scrape costs milliseconds of the main thread; nobody needs it twice in this time, ms. */
const KEEP_METRICS_MS = 500;
const KEEP_HEALTH_MS = 50;

/** The three pages. Health answers 200 when ok or degraded, 503 when failed; `?verbose` gives JSON with every check. */
export function operatorRoutes(views: OperatorViews): readonly HttpRoute[] {
  const { metrics } = views;
  return [
    {
      path: "/metrics",
      queryKeys: [],
      keepMs: KEEP_METRICS_MS,
      respond: async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.scrape() }),
    },
    { path: "/livez", queryKeys: ["verbose"], keepMs: KEEP_HEALTH_MS, respond: (query) => Promise.resolve(healthPage(views.livez(), query)) },
    { path: "/readyz", queryKeys: ["verbose"], keepMs: KEEP_HEALTH_MS, respond: (query) => Promise.resolve(healthPage(views.readyz(), query)) },
  ];
}

function healthPage(health: HealthView, query: URLSearchParams): HttpResponse {
  const status = health.status === "failed" ? 503 : 200;
  if (!query.has("verbose")) return { status, contentType: "text/plain; charset=utf-8", body: `${health.line}\n` };
  const body = `${JSON.stringify({ status: health.status, checks: health.checks }, null, 2)}\n`;
  return { status, contentType: "application/json; charset=utf-8", body };
}
