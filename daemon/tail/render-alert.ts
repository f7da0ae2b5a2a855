// One alert as lines for people. Pure.
import { probabilityText } from "../../fusion/model/likelihood.js";
import type { Severity } from "../../rules/incident.js";
import type { AlertView, EvidenceView } from "./alert-view.js";
import { columnsOf, fitText, padText, painter, plainText, type TextStyle } from "./terminal-text.js";

/** How an alert is shown. */
export interface RenderAlertOptions {
  readonly colour: boolean;
  /** Columns of the terminal; no line is wider. At least 20. */
  readonly columns: number;
  /** IANA name; the machine's own zone unless given. */
  readonly timeZone?: string;
}

const SEVERITY_STYLE: Readonly<Record<Severity, TextStyle>> = { info: "dim", warning: "yellow", critical: "red" };
const INDENT = "          ";
const VERBS: Readonly<Record<string, string>> = { hear: "heard", see: "saw", read: "read" };

/**
 * The lines of one alert: state, local time, severity, rule, group and confidence; what happened; the evidence.
 * Texts of the alert come from outside: they are neutralised and never break out of their line.
 */
export function renderAlert(alert: AlertView, options: RenderAlertOptions): string[] {
  const paint = painter(options.colour);
  const stateStyle: TextStyle = alert.state === "firing" ? "red" : "green";
  const head = [
    { text: padText(alert.state.toUpperCase(), INDENT.length - 2), style: stateStyle },
    { text: localTime(alert.state === "resolved" ? (alert.endedAt ?? alert.updatedAt) : alert.startedAt, options.timeZone) },
    { text: alert.severity, style: SEVERITY_STYLE[alert.severity] },
    { text: `${plainText(alert.rule)} in ${plainText(alert.group)}`, style: "bold" as const },
    { text: probabilityText(alert.confidence) },
    { text: remarks(alert, options.timeZone).join(", "), style: "dim" as const },
  ];
  return [
    joinFitted(head, options.columns, paint),
    fitText(INDENT + plainText(alert.summary), options.columns),
    ...evidenceLines(alert.evidence).map((line) => fitText(INDENT + line, options.columns)),
  ];
}

/** `2026-11-23 14:03:27` in the given zone or the machine's own. */
export function localTime(atMs: number, timeZone?: string): string {
  const format = new Intl.DateTimeFormat("en", {
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return `${part["year"]}-${part["month"]}-${part["day"]} ${part["hour"]}:${part["minute"]}:${part["second"]}`;
}

/** A condition in the words of a report: `hear: dog` becomes "heard dog". */
export function conditionWords(condition: string): string {
  const match = /^(hear|see|read):\s*(.*)$/su.exec(condition);
  return plainText(match === null ? condition : `${VERBS[match[1] as string]} ${match[2]}`);
}

function remarks(alert: AlertView, timeZone: string | undefined): string[] {
  return [
    ...(alert.reason === undefined ? [] : [plainText(alert.reason)]),
    ...(alert.calibrated ? [] : ["not calibrated yet"]),
    ...(alert.delayed ? ["delayed"] : []),
    ...(alert.unwitnessed ? ["unwitnessed"] : []),
    ...(alert.unwitnessed && alert.lastScanAt !== undefined ? [`last complete look ${localTime(alert.lastScanAt, timeZone)}`] : []),
    ...(alert.supersedes === undefined ? [] : [`instead of ${plainText(alert.supersedes)}`]),
  ];
}

function evidenceLines(evidence: readonly EvidenceView[]): string[] {
  const rows = evidence.map((item) => {
    const quoted = item.text === undefined ? "" : `"${plainText(item.text)}"`;
    return [conditionWords(item.condition), plainText(item.source), probabilityText(item.confidence), offsetWords(item.offsetMs), quoted];
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => columnsOf(row[column] as string))));
  return rows.map((row) => row.map((cell, i) => padText(cell, widths[i] ?? 0)).join("  ").trimEnd());
}

function offsetWords(offsetMs: number): string {
  const tenths = Math.round(offsetMs / 100);
  return `${tenths < 0 ? "-" : "+"}${(Math.abs(tenths) / 10).toFixed(1)} s`;
}

/** Cells with two spaces between, cut before they are painted, so that no escape sequence is cut. */
function joinFitted(
  cells: readonly { readonly text: string; readonly style?: TextStyle }[],
  columns: number,
  paint: (style: TextStyle, text: string) => string,
): string {
  let left = columns;
  const shown: string[] = [];
  for (const { text, style } of cells) {
    if (text === "" || left < 1) continue;
    const fitted = fitText(text, left);
    left -= columnsOf(fitted) + 2;
    shown.push(style === undefined ? fitted : paint(style, fitted));
  }
  return shown.join("  ").trimEnd();
}
