// The bytes of a report: docs/reports.md says field by field what they hold.
import { toUSVString } from "node:util";
import { decodeMap, encodeMap, type MapValue } from "../codec/msgpack.js";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { MODALITIES } from "../../fusion/model/modality.js";
import { SOURCE_STATES, type ModalityWitness } from "../sources/source.js";
import { putObservation, takeObservation } from "./observation-fields.js";
import { ReportFields, reportInvalid } from "./report-fields.js";
import type { Report, ReportBase } from "./report.js";

/** The version of the format that is written; raised when a field changes its meaning or goes. New fields do not raise it. */
export const REPORT_VERSION = 1;

/** The longest report, bytes: the longest text with the most fields, and below what a broker takes as one message. */
export const REPORT_BYTES_MAX = 512 * 1024;

/** Lists and maps within one another: the report, its witnesses, each of those. */
const DEPTH_MAX = 3;

/** What an operator is told, characters; longer is cut. */
const WORDS_CHARS_MAX = 2_000;

/** How long a stage may take, ms: more is no time that a stage took. */
const STAGE_MS_MAX = 1e12;

const KINDS = ["observation", "scan", "progress", "witness", "health", "end"] as const satisfies readonly Report["kind"][];

/**
 * The bytes of a report.
 *
 * Owner: the result belongs to the caller. Errors: FusiondError "report_invalid" if it is longer than REPORT_BYTES_MAX.
 */
export function encodeReport(report: Report): Uint8Array {
  const map = new Map<string, MapValue>([
    ["v", REPORT_VERSION],
    ["kind", report.kind],
    ["site", report.site],
    ["encoders", report.encoders],
    ["source", report.sourceId],
    ["modality", report.modality],
    ["run", report.run],
    ["seq", report.seq],
  ]);
  putKind(map, report);
  const bytes = encodeMap(map);
  if (bytes.length > REPORT_BYTES_MAX) throw tooLong(bytes.length);
  return bytes;
}

/**
 * The report of bytes that `encodeReport` made, in whatever release; a field that it does not know is ignored.
 *
 * Owner: nothing of the bytes is kept. Errors, whatever the bytes are: FusiondError "report_version" if a version is theirs
 * that is not known here, else "report_invalid"; nothing half valid is ever returned.
 */
export function decodeReport(bytes: Uint8Array): Report {
  if (bytes.length > REPORT_BYTES_MAX) throw tooLong(bytes.length);
  const fields = new ReportFields(mapOf(bytes));
  const version = fields.whole("v");
  if (version !== REPORT_VERSION) {
    throw new FusiondError("report_version", `a report of format ${version} cannot be read, this fusiond knows ${REPORT_VERSION}: run the same release of fusiond everywhere`);
  }
  const kind = fields.oneOf("kind", KINDS);
  const base = {
    site: fields.token("site"),
    encoders: fields.name("encoders"),
    sourceId: fields.token("source"),
    modality: fields.oneOf("modality", MODALITIES),
    run: fields.whole("run"),
    seq: fields.whole("seq"),
  };
  return taken(kind, base, fields);
}

function mapOf(bytes: Uint8Array): ReadonlyMap<unknown, unknown> {
  try {
    return decodeMap(bytes, DEPTH_MAX);
  } catch (thrown) {
    throw reportInvalid(messageOf(thrown), { cause: thrown });
  }
}

function tooLong(bytes: number): FusiondError {
  return reportInvalid(`its ${bytes} bytes are more than ${REPORT_BYTES_MAX}`);
}

function putKind(map: Map<string, MapValue>, report: Report): void {
  switch (report.kind) {
    case "observation":
      putObservation(map, report.observation);
      map.set("capture_ms", report.captureMs);
      map.set("encode_ms", report.encodeMs);
      return;
    case "scan":
      map.set("from", report.from);
      map.set("to", report.to);
      return;
    case "progress":
      map.set("time", report.time);
      return;
    case "witness":
      map.set("at", report.at);
      map.set("healthy", report.healthy);
      if (report.why !== undefined) map.set("why", words(report.why));
      return;
    case "health":
      map.set("at", report.at);
      map.set("state", report.state);
      if (report.detail !== undefined) map.set("detail", words(report.detail));
      map.set("witnesses", report.witnesses.map(witnessMap));
      return;
    case "end":
  }
}

function taken(kind: Report["kind"], base: ReportBase, fields: ReportFields): Report {
  switch (kind) {
    case "observation":
      return {
        kind,
        ...base,
        observation: takeObservation(fields),
        captureMs: fields.number("capture_ms", -STAGE_MS_MAX, STAGE_MS_MAX),
        encodeMs: fields.number("encode_ms", -STAGE_MS_MAX, STAGE_MS_MAX),
      };
    case "scan": {
      const from = fields.time("from");
      const to = fields.time("to");
      if (from > to) throw fields.invalid("from", "no later than its field to");
      return { kind, ...base, from, to };
    }
    case "progress":
      return { kind, ...base, time: fields.time("time") };
    case "witness":
      return { kind, ...base, at: fields.time("at"), healthy: fields.boolean("healthy"), ...optionalWords(fields, "why") };
    case "health":
      return {
        kind,
        ...base,
        at: fields.time("at"),
        state: fields.oneOf("state", SOURCE_STATES),
        ...optionalWords(fields, "detail"),
        witnesses: witnesses(fields),
      };
    case "end":
      return { kind, ...base };
  }
}

function witnessMap({ modality, healthy, at, why }: ModalityWitness): ReadonlyMap<string, MapValue> {
  const map = new Map<string, MapValue>([["modality", modality], ["healthy", healthy], ["at", at]]);
  return why === undefined ? map : map.set("why", words(why));
}

function witnesses(fields: ReportFields): readonly ModalityWitness[] {
  const all = fields.maps("witnesses", MODALITIES.length).map((one) => ({
    modality: one.oneOf("modality", MODALITIES),
    healthy: one.boolean("healthy"),
    at: one.time("at"),
    ...optionalWords(one, "why"),
  }));
  if (new Set(all.map(({ modality }) => modality)).size !== all.length) throw fields.invalid("witnesses", "one of each modality");
  return all;
}

function words(text: string): string {
  return toUSVString(text.slice(0, WORDS_CHARS_MAX));
}

function optionalWords<Name extends string>(fields: ReportFields, name: Name): { readonly [K in Name]?: string } {
  return (fields.has(name) ? { [name]: fields.text(name, WORDS_CHARS_MAX) } : {}) as { readonly [K in Name]?: string };
}
