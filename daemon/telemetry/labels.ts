// Label values: only from closed or configured sets, so that no input can make a new time series.
import { ERROR_CODES } from "../../fusion/model/errors.js";

/** What stands for a value outside its set. */
export const OTHER = "other";

/** The configured values of one label (source, group, rule); grows and shrinks at a reload. */
export class LabelValues {
  readonly #known: Set<string>;

  constructor(values: readonly string[]) {
    this.#known = new Set(values);
  }

  /** The value itself if it is configured, "other" if not. */
  of(value: string): string {
    return this.#known.has(value) ? value : OTHER;
  }

  add(value: string): void {
    this.#known.add(value);
  }

  remove(value: string): void {
    this.#known.delete(value);
  }
}

const errorCodes = new LabelValues(ERROR_CODES);

/** The code of an operating error, for the label `code`; "other" for whatever else was thrown. */
export function codeLabel(thrown: unknown): string {
  if (typeof thrown === "string") return errorCodes.of(thrown);
  const code: unknown = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" ? errorCodes.of(code) : OTHER;
}
