// The table of the return benchmark. Pure.
import { percentile } from "../../daemon/demo/report.js";
import { renderTable } from "../table.js";

/** One outage, and how long after the camera was back it was seen, ms. */
export interface Return {
  readonly outageMs: number;
  readonly pictureMs: number;
  readonly observationMs: number;
}

/** Of all rounds, ms. */
export interface ReturnSummary {
  readonly picture: Readonly<Record<"p50" | "p95" | "max", number>>;
  readonly observation: Readonly<Record<"p50" | "p95" | "max", number>>;
}

/** The middle and the ends. At least one round. */
export function summaryOf(rounds: readonly Return[]): ReturnSummary {
  const of = (values: readonly number[]) => ({ p50: percentile(values, 0.5) ?? 0, p95: percentile(values, 0.95) ?? 0, max: Math.max(...values) });
  return { picture: of(rounds.map(({ pictureMs }) => pictureMs)), observation: of(rounds.map(({ observationMs }) => observationMs)) };
}

/** The lines of the table. */
export function renderReturns(rounds: readonly Return[]): string[] {
  const { picture, observation } = summaryOf(rounds);
  const row = (name: string, of: ReturnSummary["picture"]): string[] => [name, ...[of.p50, of.p95, of.max].map((ms) => ms.toFixed(0))];
  return [
    `${rounds.length} outages of a camera over RTSP; ms from its server listening again`,
    ...renderTable([["until", "p50", "p95", "max"], row("first picture", picture), row("first observation", observation)]),
  ];
}
