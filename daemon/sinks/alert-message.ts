// One revision of an incident as the message that carries it: docs/alert.schema.json describes it to consumers.
import type { Evidence, Incident, IncidentRevision } from "../../rules/incident.js";
import type { OutboxMessage } from "../store/store.js";
import { parseBody, serialiseBody, shortened, timestamp, withoutUndefined, type BodyFormat } from "./message-body.js";
import { alertSubject } from "./subjects.js";

/** Version of the alert's fields; raised when a field changes its meaning or goes. */
export const ALERT_SCHEMA_VERSION = 1;

/** The longest body, bytes: far below a broker's usual max_payload of 1 MiB. */
export const ALERT_BYTES_MAX = 64 * 1024;

/** Older than this when it is made or delivered, an alert says `delayed`, ms. */
export const DELAYED_AFTER_MS = 60_000;

const EVIDENCE_MAX = 16;
const EVENTS_MAX = 100;
/** Longest summary and longest text of one evidence, characters. */
const TEXT_MAX = 1_000;

/** How long each stage took for the newest observation, ms; those that are known. */
export type StagesMs = Partial<Readonly<Record<"capture" | "decode" | "encode" | "fuse" | "rule" | "outbox", number>>>;

/** What an alert says beside the incident. */
export interface AlertContext {
  readonly site: string;
  readonly format: BodyFormat;
  /** End of the newest observation that made this revision true, Unix ms. */
  readonly causedAt: number;
  /** How long ago that was, ms. */
  readonly ageMs: number;
  readonly stagesMs?: StagesMs;
}

/** The message of one revision of a firing or resolved incident. Bound: its body is at most 64 KiB, the weakest evidence left out for it. */
export function alertMessage({ incident, revision }: IncidentRevision, context: AlertContext): OutboxMessage {
  const { site, format, causedAt } = context;
  const base = alertFields(incident, revision, context);
  const strongest = [...incident.evidence].sort((a, b) => b.confidence - a.confidence).slice(0, EVIDENCE_MAX);
  for (let kept = strongest.length; ; kept--) {
    const chosen = new Set(strongest.slice(0, kept));
    const evidence = incident.evidence.filter((item) => chosen.has(item)).map((item) => evidenceFields(item, incident));
    const body = serialiseBody({ ...base, evidence }, format);
    if (body.byteLength > ALERT_BYTES_MAX && kept > 0) continue;
    return {
      messageId: `${incident.id}.${revision}`,
      key: incident.id,
      subject: alertSubject({ site, groupId: incident.groupId, severity: incident.severity, ruleId: incident.ruleId }),
      class: "alert",
      causedAt,
      body,
    };
  }
}

/** The same alert with `delayed: true`, in the format that it has; its id does not change. */
export function markDelayed(body: Uint8Array): Uint8Array {
  const { fields, format } = parseBody(body);
  return serialiseBody({ ...fields, delayed: true }, format);
}

function alertFields(incident: Incident, revision: number, context: AlertContext) {
  return withoutUndefined({
    schema_version: ALERT_SCHEMA_VERSION,
    id: incident.id,
    revision,
    state: incident.state,
    site: context.site,
    group: incident.groupId,
    rule: incident.ruleId,
    severity: incident.severity,
    started_at: timestamp(incident.startedAt),
    updated_at: timestamp(incident.updatedAt),
    ended_at: incident.endedAt === undefined ? undefined : timestamp(incident.endedAt),
    confidence: incident.confidence,
    calibrated: incident.calibrated,
    delayed: context.ageMs > DELAYED_AFTER_MS,
    unwitnessed: incident.unwitnessed,
    reason: incident.reason,
    supersedes: incident.supersedes,
    summary: shortened(incident.summary, TEXT_MAX),
    events: incident.events.slice(0, EVENTS_MAX).map(({ id, revision: eventRevision }) => ({ id, revision: eventRevision })),
    stages_ms: context.stagesMs,
  });
}

function evidenceFields(evidence: Evidence, { lastScanAt }: Incident) {
  return withoutUndefined({
    condition: shortened(evidence.condition, TEXT_MAX),
    source: evidence.sourceId,
    modality: evidence.modality,
    observation: evidence.observationId,
    captured_at: timestamp(evidence.capturedAt),
    duration_ms: evidence.durationMs,
    offset_ms: evidence.offsetMs,
    confidence: evidence.confidence,
    region: evidence.region,
    text: evidence.text === undefined ? undefined : shortened(evidence.text, TEXT_MAX),
    last_scan_at: lastScanAt === undefined ? undefined : timestamp(lastScanAt),
  });
}
