// The table at the end of the demo: what was expected, found and false, and what the run took. Pure.
import { probabilityText } from "../../fusion/model/likelihood.js";
import { columnsOf, padText, painter, plainText, type TextStyle } from "../tail/terminal-text.js";
import type { ReportedIncident, RowResult, RowScore, StrayIncident } from "./match-rows.js";
import type { RoleUsage } from "./process-usage.js";

/** What a run took. */
export interface RunStatistics {
  /** How long it ran, ms. */
  readonly durationMs: number;
  /** Observations per modality, in the order in which they are shown. */
  readonly observations: Readonly<Record<string, number>>;
  readonly events: number;
  readonly incidents: number;
  /** What was lost on the way, by source and reason; zeros are left out. */
  readonly drops: readonly { readonly source: string; readonly reason: string; readonly count: number }[];
  /** Capture to acknowledgement of every alert, ms, in any order. */
  readonly latenciesMs: readonly number[];
  readonly usage: readonly RoleUsage[];
}

/** What the report shows. */
export interface ReportInput {
  /** Rows and incidents compared, or for one's own media, of which nothing is expected, the incidents alone. */
  readonly outcome: RowScore | readonly ReportedIncident[];
  readonly run: RunStatistics;
}

interface Cell {
  readonly text: string;
  readonly style?: TextStyle;
  /** Its column stands to the right, as numbers do. */
  readonly right?: boolean;
}

type Outcome = RowResult["outcome"] | StrayIncident["outcome"];

const OUTCOMES: Readonly<Record<Outcome, { readonly word: string; readonly style: TextStyle }>> = {
  found: { word: "found", style: "green" },
  missed: { word: "MISSED", style: "red" },
  also_found: { word: "found too", style: "green" },
  not_reported: { word: "-", style: "dim" },
  quiet: { word: "nothing", style: "dim" },
  false: { word: "FALSE", style: "red" },
  repeated: { word: "REPEATED", style: "yellow" },
  withdrawn: { word: "withdrawn", style: "yellow" },
};

/** The report's lines. Colour is for terminals only; without it the lines are plain text. */
export function renderReport(input: ReportInput, options: { readonly colour: boolean }): string[] {
  const paint = painter(options.colour);
  const { outcome, run } = input;
  const score = "results" in outcome ? outcome : undefined;
  const incidents = score === undefined ? (outcome as readonly ReportedIncident[]) : [];
  return [
    ...renderTable(score === undefined ? foundTable(incidents) : scoreTable(score), paint),
    ...(score === undefined && incidents.length === 0 ? ["nothing was found"] : []),
    "",
    ...(score === undefined ? [] : [scoreLine(score), ""]),
    ...runLines(run),
    "",
    ...renderTable(usageTable(run), paint),
  ];
}

/** The nearest-rank percentile of values in any order; undefined if there are none. `share`: 0..1. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function scoreTable(score: RowScore): Cell[][] {
  const expected = score.results.flatMap((result) => resultRows(result).map((cells) => ({ atMs: result.row.fromMs, cells })));
  const strays = score.strays.map(({ incident, outcome }) => ({ atMs: incident.onsetMs, cells: row("-", "-", outcome, incident, incident.onsetMs) }));
  const rows = [...expected, ...strays].sort((a, b) => a.atMs - b.atMs).map(({ cells }) => cells);
  return [heading("at", "what happens", "expected", "reported", "", "latency", "confidence", "evidence"), ...rows];
}

function resultRows({ row: expected, outcome, incidents }: RowResult): Cell[][] {
  const wanted = expected.expect === "nothing" ? "nothing" : expected.expect === "either" ? `(${expected.ruleId})` : (expected.ruleId ?? "");
  if (incidents.length === 0) return [row(expected.label, wanted, outcome, undefined, expected.fromMs)];
  return incidents.map((incident) => row(expected.label, wanted, outcome, incident, expected.fromMs));
}

function row(label: string, wanted: string, outcome: Outcome, incident: ReportedIncident | undefined, atMs: number): Cell[] {
  const { word, style } = OUTCOMES[outcome];
  const unlooked = incident !== undefined && incident.ruleId !== wanted && `(${incident.ruleId})` !== wanted;
  return [
    { text: sceneTime(atMs), right: true },
    { text: label },
    { text: wanted },
    { text: word, style },
    { text: unlooked ? plainText(incident.ruleId) : "" },
    ...incidentCells(incident),
  ];
}

function foundTable(incidents: readonly ReportedIncident[]): Cell[][] {
  if (incidents.length === 0) return [];
  const rows = incidents.map((incident): Cell[] => [
    { text: sceneTime(incident.onsetMs), right: true },
    { text: plainText(incident.ruleId) },
    incident.withdrawn ? { text: OUTCOMES.withdrawn.word, style: OUTCOMES.withdrawn.style } : { text: OUTCOMES.found.word, style: OUTCOMES.found.style },
    ...incidentCells(incident),
  ]);
  return [heading("at", "rule", "reported", "latency", "confidence", "evidence"), ...rows];
}

function incidentCells(incident: ReportedIncident | undefined): Cell[] {
  if (incident === undefined) return [];
  const events = `${incident.eventCount} event${incident.eventCount === 1 ? "" : "s"}`;
  return [
    { text: milliseconds(incident.latencyMs), right: true },
    { text: probabilityText(incident.confidence), right: true },
    { text: `${incident.modalities.map(plainText).join(" + ")} of ${events}` },
  ];
}

function scoreLine(score: RowScore): string {
  const parts = [`${score.found} of ${score.expected} expected found`, `${score.missed} missed`, `${score.falseCount} false`];
  if (score.repeated > 0) parts.push(`${score.repeated} repeated`);
  if (score.withdrawn > 0) parts.push(`${score.withdrawn} withdrawn`);
  return parts.join(", ");
}

function runLines(run: RunStatistics): string[] {
  const observations = Object.entries(run.observations).map(([modality, count]) => `${count} ${modality}`);
  const drops = run.drops.filter((drop) => drop.count > 0).map((drop) => `${plainText(drop.source)} ${drop.reason} ${drop.count}`);
  const latencies = [0.5, 0.95, 0.99].map((share) => [`p${share * 100}`, percentile(run.latenciesMs, share)] as const);
  const latency = latencies.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${milliseconds(ms)}`])).join(", ");
  return [
    ["ran for", `${(run.durationMs / 1_000).toFixed(0)} s`],
    ["observations", observations.join(", ")],
    ["events", String(run.events)],
    ["incidents", String(run.incidents)],
    ["drops", drops.length === 0 ? "none" : drops.join(", ")],
    ["capture to ack", latency === "" ? "no alerts" : `${latency} (${run.latenciesMs.length} alerts)`],
  ].map(([name, value]) => `${padText(name as string, 16)}${value}`);
}

function usageTable(run: RunStatistics): Cell[][] {
  const total = run.usage.reduce((sum, use) => ({ cpu: sum.cpu + use.cpuSeconds, rss: sum.rss + use.rssPeakBytes }), { cpu: 0, rss: 0 });
  const line = (role: string, cpuSeconds: number, rssPeakBytes: number): Cell[] => [
    { text: role },
    { text: `${cpuSeconds.toFixed(1)} s`, right: true },
    { text: run.durationMs === 0 ? "-" : `${((cpuSeconds / run.durationMs) * 100_000).toFixed(1)} %`, right: true },
    { text: `${(rssPeakBytes / 2 ** 20).toFixed(0)} MiB`, right: true },
  ];
  const rows = run.usage.map((use) => line(use.role, use.cpuSeconds, use.rssPeakBytes));
  return [heading("process", "CPU time", "of one core", "memory, peak"), ...rows, line("all", total.cpu, total.rss)];
}

function heading(...titles: string[]): Cell[] {
  return titles.map((text) => ({ text, style: "bold" }));
}

function renderTable(rows: readonly (readonly Cell[])[], paint: (style: TextStyle, text: string) => string): string[] {
  const columns = Math.max(0, ...rows.map((cells) => cells.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(0, ...rows.map((cells) => columnsOf(cells[i]?.text ?? ""))));
  const used = widths.flatMap((width, i) => (width > 0 ? [i] : []));
  const right = widths.map((_, i) => rows.some((cells) => cells[i]?.right === true));
  return rows.map((cells) => {
    const last = cells.findLastIndex((cell) => cell.text !== "");
    const shown = used.filter((i) => i <= last).map((i) => {
      const { text, style } = cells[i] as Cell;
      const painted = style === undefined ? text : paint(style, text);
      const space = " ".repeat((widths[i] as number) - columnsOf(text));
      if (right[i] === true) return space + painted;
      return i === last ? painted : painted + space;
    });
    return shown.join("  ");
  });
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

/** `1:08.8`: minutes, seconds and tenths of the scene. */
function sceneTime(ms: number): string {
  const tenths = Math.round(Math.abs(ms) / 100);
  const seconds = String(Math.floor(tenths / 10) % 60).padStart(2, "0");
  return `${ms < 0 ? "-" : ""}${Math.floor(tenths / 600)}:${seconds}.${tenths % 10}`;
}
