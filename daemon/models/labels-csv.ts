// Reads labels.csv: which file shows what, and which recording it was cut from.
import { FusiondError } from "../../fusion/model/errors.js";
import { readCsv } from "./csv.js";

/** One line of labels.csv. `recording`: its source_id, or the file where there is none. */
export interface LabelRow {
  readonly file: string;
  readonly label: string;
  readonly recording: string;
}

/**
 * The rows of a table with a header line that names at least `file` and `label`; other columns but `source_id` are left alone.
 * Errors: FusiondError "media_invalid", which names the row.
 */
export function parseLabels(text: string, path: string): LabelRow[] {
  const { columns, rows } = readCsv(text);
  if (!columns.includes("file") || !columns.includes("label")) throw new FusiondError("media_invalid", `${path} must begin with a line that names the columns, among them file and label`);
  return rows.map((row, i) => {
    const [file, label, source] = ["file", "label", "source_id"].map((column) => row.cell(column).text) as [string, string, string];
    if (file === "" || label === "") throw new FusiondError("media_invalid", `${path}: row ${i + 2} has no file or no label: fill in both or remove the row`);
    return { file, label, recording: source || file };
  });
}
