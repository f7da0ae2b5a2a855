// What a line of a text feed says: itself, or the fields of a JSON object, their sentence and their time.
import { jsonFields } from "./json-fields.js";
import { fieldsOfTemplate, renderLine } from "./line-template.js";
import { timeReader, type TimeFormat, type TimeReader } from "./line-time.js";
import type { Said } from "./live-lines.js";
import type { LineFault } from "./source.js";

/** Where a line carries its time, and how. */
export interface LineTime {
  readonly field: string;
  readonly format: TimeFormat;
  /** Every line must carry one; false: a line without it is as good. */
  readonly required: boolean;
}

/** The time of lines where nothing else is said. */
export const defaultLineTime: LineTime = { field: "time", format: { kind: "rfc3339" }, required: false };

/** How lines are read. */
export interface LineReaderOptions {
  /** Lines are JSON objects. */
  readonly json: boolean;
  /** With `json`: "badge {result} at {door}"; absent: all values. */
  readonly template?: string;
  /** With `json`: fields that are kept however many a line has, as rules name them; those of the template are as well. */
  readonly fieldsAsked?: readonly string[];
  /** With `json`: where lines carry their time; absent: `defaultLineTime`. */
  readonly time?: LineTime;
}

/** A line that was read. `timeMs`: its own time, Unix ms. */
export interface ReadLine {
  readonly said: Said;
  readonly timeMs?: number;
}

/** Reads lines of one feed. `onFault`: a line is taken, but not wholly as it stands; `written` is what was wrong with it. */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #asked: ReadonlySet<string>;
  readonly #time: LineTime;
  readonly #timeOf: TimeReader;
  readonly #onFault: (fault: LineFault, written?: string) => void;

  constructor(options: LineReaderOptions, onFault: (fault: LineFault, written?: string) => void) {
    this.#options = options;
    this.#time = options.time ?? defaultLineTime;
    this.#timeOf = timeReader(this.#time.format);
    this.#asked = new Set([...(options.fieldsAsked ?? []), ...fieldsOfTemplate(options.template ?? ""), this.#time.field]);
    this.#onFault = onFault;
  }

  /** What a line says; nothing for one that should be a JSON object and is none. */
  read(line: string): ReadLine | undefined {
    if (!this.#options.json) return { said: { text: line } };
    const json = jsonFields(line, this.#asked);
    if (json === undefined) return undefined;
    if (json.cut > 0) this.#onFault("fields_cut");
    const said = { text: renderLine(this.#options.template, json.fields), fields: json.fields };
    const written = json.fields.get(this.#time.field);
    const timeMs = written === undefined ? undefined : this.#timeOf(written);
    if (timeMs !== undefined) return { said, timeMs };
    if (written !== undefined || this.#time.required) this.#onFault("time_unreadable", written);
    return { said };
  }
}
