// Reads comma-separated tables: cells by the name of their column, and where each stands.

/** What stands in one cell, blanks around it removed. `line` and `column` count from 1: where it begins in the text. */
export interface CsvCell {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** A table: the names of its first line, and a row for each further line that is not blank. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/** One row. A cell that is missing at its end is empty, and stands where the row begins. */
export interface CsvRow {
  readonly line: number;
  cell(column: string): CsvCell;
}

/**
 * A table with a header line. Quoted fields may hold commas, line ends and doubled quotes; a byte order mark is left out.
 * Never throws: a text without a line has no columns. Source: RFC 4180.
 */
export function readCsv(text: string): CsvTable {
  const [header, ...rows] = rowsOf(text.replace(/^\uFEFF/, ""));
  const columns = (header ?? []).map((cell) => cell.text);
  return {
    columns,
    rows: rows.map((cells) => {
      const { line } = cells[0] as CsvCell;
      return { line, cell: (column) => cells[columns.indexOf(column)] ?? { text: "", line, column: 1 } };
    }),
  };
}

function rowsOf(text: string): CsvCell[][] {
  const rows: CsvCell[][] = [];
  let row: CsvCell[] = [];
  let [line, lineStart] = [1, 0];
  // A field, quoted or plain, and what ends it.
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
    const [whole, quoted, plain = "", end] = match;
    row.push({ text: (quoted?.replaceAll('""', '"') ?? plain).trim(), line, column: match.index - lineStart + 1 });
    const breaks = whole.split("\n").length - 1;
    if (breaks > 0) [line, lineStart] = [line + breaks, match.index + whole.lastIndexOf("\n") + 1];
    if (end === ",") continue;
    if (row.length > 1 || row[0]?.text !== "") rows.push(row);
    row = [];
  }
  return rows;
}
