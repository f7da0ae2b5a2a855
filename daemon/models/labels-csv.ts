// Reads labels.csv: which file shows what, and which recording it was cut from.
import { FusiondError } from "../../fusion/model/errors.js";

/** One line of labels.csv. `recording`: its source_id, or the file where there is none. */
export interface LabelRow {
  readonly file: string;
  readonly label: string;
  readonly recording: string;
}

/**
 * The rows of a table with a header line that names at least `file` and `label`; other columns but `source_id` are left alone.
 * Quoted fields may hold commas, line ends and doubled quotes. Source: RFC 4180.
 * Errors: FusiondError "media_invalid", which names the line.
 */
export function parseLabels(text: string, path: string): LabelRow[] {
  const [header = [], ...rows] = csvRows(text.replace(/^\uFEFF/, ""));
  const columns = header.map((name) => name.trim());
  const [file, label, source] = ["file", "label", "source_id"].map((name) => columns.indexOf(name)) as [number, number, number];
  if (file < 0 || label < 0) throw new FusiondError("media_invalid", `${path} must begin with a line that names the columns, among them file and label`);
  return rows.map((row, i) => {
    const value = (column: number): string => row[column]?.trim() ?? "";
    if (value(file) === "" || value(label) === "") throw new FusiondError("media_invalid", `${path}: row ${i + 2} has no file or no label: fill in both or remove the row`);
    return { file: value(file), label: value(label), recording: value(source) || value(file) };
  });
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A field, quoted or plain, and what ends it.
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}
