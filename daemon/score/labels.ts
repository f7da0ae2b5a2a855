// What is truly there, as a person can write it down: a table of what is heard and seen when, and by which sources.
import { FusiondError } from "../../fusion/model/errors.js";
import { readCsv, type CsvCell, type CsvRow } from "../models/csv.js";

/** Something that is truly there. */
export interface Label {
  /** A phrase as in a rule; underscores are spaces. */
  readonly what: string;
  /** When, event time, Unix ms; absent: all the time. */
  readonly span?: { readonly fromMs: number; readonly toMs: number };
  /** Ids of the sources that it reaches; empty: all. */
  readonly sources: readonly string[];
}

/** A row of a table: a label, or a file of which nothing is said but where it belongs. */
export interface LabelTableRow {
  /** Which file it is about, as the table writes it; absent in the table of one recording. */
  readonly file?: string;
  /** The recording that the file was cut from, or the camera that took it: files of one belong together. */
  readonly recording?: string;
  readonly label?: Label;
}

/** The columns that say what is there: the first of them that a table has. */
const WHAT = ["what", "label", "scene_or_label"];
/** The columns that say what a file was cut from: the first of them that a table has. */
const RECORDING = ["recording", "source_id", "camera"];

/** Whether a table with these columns says something of files. */
export function isFileTable(columns: readonly string[]): boolean {
  return columns.includes("file") && columns.some((column) => WHAT.includes(column) || RECORDING.includes(column));
}

/**
 * The rows of a table: `start,end,what,sources` for one recording, the same with `file` for a folder. `start` and `end` are
 * seconds from the recording's start (at `startsAtMs`, Unix ms), to the millisecond, or RFC 3339; a row without both holds all the time.
 * `sources`: ids, separated by blanks. `label` or `scene_or_label` may stand for `what`; other columns are left alone.
 * Errors: FusiondError "media_invalid" with file, line and column, one sentence.
 */
export function parseLabelTable(text: string, path: string, startsAtMs = 0): LabelTableRow[] {
  const { columns, rows } = readCsv(text);
  const what = WHAT.find((column) => columns.includes(column));
  const recording = RECORDING.find((column) => columns.includes(column));
  if (what === undefined && !isFileTable(columns)) {
    throw new FusiondError("media_invalid", `${path}:1:1: the table must begin with a line that names its columns: start, end, what, sources, and file where it is about several`);
  }
  return rows.map((row) => rowOf(row, path, { startsAtMs, what, recording, ofFiles: columns.includes("file") }));
}

/** What the rows of a table of one recording say is there. Errors: as `parseLabelTable`. */
export function parseRecordingLabels(text: string, path: string, startsAtMs = 0): Label[] {
  return parseLabelTable(text, path, startsAtMs).flatMap(({ label }) => (label === undefined ? [] : [label]));
}

interface TableForm {
  readonly startsAtMs: number;
  readonly what: string | undefined;
  readonly recording: string | undefined;
  readonly ofFiles: boolean;
}

function rowOf(row: CsvRow, path: string, { startsAtMs, what: whatColumn, recording: recordingColumn, ofFiles }: TableForm): LabelTableRow {
  const file = row.cell("file");
  if (ofFiles && file.text === "") throw invalid(path, file, "the row names no file: fill it in or remove the row");
  const what = whatColumn === undefined ? undefined : row.cell(whatColumn);
  if (!ofFiles && what?.text === "") throw invalid(path, what, "the row does not say what is there: write a phrase as in a rule, or remove the row");
  const span = spanOf(row, path, startsAtMs);
  const recording = recordingColumn === undefined ? "" : row.cell(recordingColumn).text;
  const sources = row.cell("sources").text.split(/\s+/).filter((id) => id !== "");
  return {
    ...(ofFiles ? { file: file.text } : {}),
    ...(recording === "" ? {} : { recording }),
    ...(what === undefined || what.text === "" ? {} : { label: { what: what.text.replaceAll("_", " "), ...(span === undefined ? {} : { span }), sources } }),
  };
}

function spanOf(row: CsvRow, path: string, startsAtMs: number): Label["span"] {
  const [start, end] = [row.cell("start"), row.cell("end")];
  if (start.text === "" && end.text === "") return undefined;
  const [fromMs, toMs] = [timeOf(start, path, startsAtMs), timeOf(end, path, startsAtMs)];
  if (toMs < fromMs) throw invalid(path, end, `end ${end.text} lies before start ${start.text}: correct one of them`);
  return { fromMs, toMs };
}

function timeOf(cell: CsvCell, path: string, startsAtMs: number): number {
  if (cell.text === "") throw invalid(path, cell, "the row has only one of start and end: fill in both, or neither for what is there all the time");
  const seconds = Number(cell.text);
  const time = Number.isFinite(seconds) ? Math.round(startsAtMs + seconds * 1000) : /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(cell.text) ? Date.parse(cell.text) : NaN;
  if (Number.isNaN(time)) throw invalid(path, cell, `"${cell.text}" is no time: write seconds from the start such as 12.5, or 2026-01-01T00:00:12.5Z`);
  return time;
}

function invalid(path: string, { line, column }: CsvCell, message: string): FusiondError {
  return new FusiondError("media_invalid", `${path}:${line}:${column}: ${message}`);
}
