// What the HTTP benchmark prints. Pure.
import { percentile } from "../../daemon/demo/report.js";
import { renderTable } from "../table.js";
import type { Load } from "./hostile-clients.js";

/** What one load did to the daemon. */
export interface LoadResult {
  readonly load: Load;
  /** From a line to its alert at a subscriber, ms. */
  readonly alertMs: readonly number[];
  /** Lines whose alert did not come within a second after the load. */
  readonly missing: number;
  /** How long /livez took for a client that behaves, ms; those that got no answer in 5 s are left out. */
  readonly livezMs: readonly number[];
  readonly livezUnanswered: number;
  /** The daemon's own process, without its children. */
  readonly rssPeakBytes: number;
}

/** The same as numbers of one size, for programs. */
export function summaryOf(result: LoadResult) {
  const share = (values: readonly number[], of: number): number | null => rounded(percentile(values, of));
  return {
    load: result.load,
    alerts: result.alertMs.length,
    missing: result.missing,
    alert_p50_ms: share(result.alertMs, 0.5),
    alert_p99_ms: share(result.alertMs, 0.99),
    alert_max_ms: share(result.alertMs, 1),
    livez_answered: result.livezMs.length,
    livez_unanswered: result.livezUnanswered,
    livez_max_ms: share(result.livezMs, 1),
    rss_peak_mib: Math.round(result.rssPeakBytes / 2 ** 20),
  };
}

/** The table: one row a load. */
export function renderLoads(results: readonly LoadResult[]): string[] {
  const heading = ["load", "alerts", "missing", "alert p50", "p99", "max ms", "livez", "unanswered", "max ms", "RSS MiB"];
  const rows = results.map((result) => Object.values(summaryOf(result)).map((value) => (value === null ? "-" : String(value))));
  return renderTable([heading, ...rows]);
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 10) / 10;
}
