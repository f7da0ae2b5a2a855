// An alert as a reader of the stream needs it, taken from a message that anybody may have written.
import { SEVERITIES, type Severity } from "../../rules/incident.js";

/** One line of an alert's evidence. Times are Unix ms. */
export interface EvidenceView {
  readonly condition: string;
  readonly source: string;
  readonly modality: string;
  readonly capturedAt: number;
  readonly durationMs: number;
  readonly offsetMs: number;
  readonly confidence: number;
  readonly text?: string;
}

/** One revision of an incident. Times are Unix ms. */
export interface AlertView {
  readonly id: string;
  readonly revision: number;
  readonly state: "firing" | "resolved";
  readonly group: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly confidence: number;
  readonly calibrated: boolean;
  readonly delayed: boolean;
  readonly unwitnessed: boolean;
  /** When a camera had last looked at all of its picture, where an absence was concluded from that. */
  readonly lastScanAt?: number;
  readonly reason?: string;
  readonly supersedes?: string;
  readonly summary: string;
  readonly eventIds: readonly string[];
  /** At most 16. */
  readonly evidence: readonly EvidenceView[];
}

/** More than an alert has: the bound on what a foreign message can make us hold. */
const EVIDENCE_MAX = 16;

/** The alert that a decoded message holds (JSON or msgpack, DESIGN's fields), or undefined if it is none. Ignores unknown fields. */
export function readAlert(message: unknown): AlertView | undefined {
  if (!isRecord(message)) return undefined;
  const { id, revision, state, group, rule, severity, confidence, summary } = message;
  const startedAt = time(message["started_at"]);
  const updatedAt = time(message["updated_at"]);
  if (!isText(id) || !isText(group) || !isText(rule) || !isText(summary)) return undefined;
  if (!isNumber(revision) || !isNumber(confidence) || (state !== "firing" && state !== "resolved")) return undefined;
  if (!isSeverity(severity) || startedAt === undefined || updatedAt === undefined) return undefined;
  const events = Array.isArray(message["events"]) ? (message["events"] as unknown[]) : [];
  const evidence = Array.isArray(message["evidence"]) ? (message["evidence"] as unknown[]) : [];
  const endedAt = time(message["ended_at"]);
  const lastScanAt = evidence.slice(0, EVIDENCE_MAX).flatMap((one) => (isRecord(one) ? (time(one["last_scan_at"]) ?? []) : []))[0];
  return {
    ...{ id, revision, state, group, rule, severity, startedAt, updatedAt, confidence, summary },
    ...(endedAt === undefined ? {} : { endedAt }),
    calibrated: message["calibrated"] === true,
    delayed: message["delayed"] === true,
    unwitnessed: message["unwitnessed"] === true,
    ...(lastScanAt === undefined ? {} : { lastScanAt }),
    ...optionalText("reason", message["reason"]),
    ...optionalText("supersedes", message["supersedes"]),
    eventIds: events.flatMap((event) => (isRecord(event) && isText(event["id"]) ? [event["id"]] : [])),
    evidence: evidence.slice(0, EVIDENCE_MAX).flatMap(readEvidence),
  };
}

function readEvidence(value: unknown): EvidenceView[] {
  if (!isRecord(value)) return [];
  const { condition, source, modality, confidence } = value;
  const capturedAt = time(value["captured_at"]);
  const durationMs = value["duration_ms"];
  const offsetMs = value["offset_ms"];
  if (!isText(condition) || !isText(source) || !isText(modality) || capturedAt === undefined) return [];
  if (!isNumber(confidence) || !isNumber(durationMs) || !isNumber(offsetMs)) return [];
  return [{ condition, source, modality, capturedAt, durationMs, offsetMs, confidence, ...optionalText("text", value["text"]) }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isSeverity(value: unknown): value is Severity {
  return SEVERITIES.some((severity) => severity === value);
}

function time(value: unknown): number | undefined {
  const at = isText(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function optionalText<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  return (isText(value) ? { [key]: value } : {}) as { readonly [P in K]?: string };
}
