// What a run came to, read from the metrics that operators see. Pure.
import type { RunStatistics } from "./report.js";

/** One sample of a scrape in the classic text format. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Observations, events and drops from a scrape; what the metrics do not know comes beside it. */
export function statisticsOf(scrape: string, beside: { readonly durationMs: number; readonly incidents: number }): RunStatistics {
  const samples = scrape.split("\n").flatMap((line) => parseSample(line) ?? []);
  const observations: Record<string, number> = {};
  for (const { labels, value } of samples.filter((one) => one.name === "fusiond_source_observations_total")) {
    const modality = labels["modality"] ?? "";
    observations[modality] = (observations[modality] ?? 0) + value;
  }
  const events = samples.filter((one) => one.name === "fusiond_events_total" && one.labels["outcome"] !== "merged");
  const drops = samples.filter((one) => one.name === "fusiond_source_dropped_total" && one.value > 0);
  return {
    ...beside,
    observations,
    events: events.reduce((sum, { value }) => sum + value, 0),
    drops: drops.map(({ labels, value }) => ({ source: labels["source"] ?? "", reason: labels["reason"] ?? "", count: value })),
    latenciesMs: [],
    usage: [],
  };
}

/** Our own metrics have no escaped quotes in their labels: ids are tokens. */
function parseSample(line: string): Sample | undefined {
  const match = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)$/.exec(line);
  if (match === null) return undefined;
  const labels = [...(match[2] ?? "").matchAll(/([a-z_]+)="([^"]*)"/g)].map((label) => [label[1] ?? "", label[2] ?? ""] as const);
  return { name: match[1] ?? "", labels: Object.fromEntries(labels), value: Number(match[3]) };
}
