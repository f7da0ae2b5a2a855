// The fields of a report or of a journal's entry, read one by one: each is what it must be, or refuses the whole.
import { FusiondError } from "../../fusion/model/errors.js";

/** An id that can stand in a subject: of a site or source. */
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

/** Times, Unix ms: those that a date can have. */
const TIME_MS_MAX = 8.64e15;

/** The longest id of encoders or of a space, characters. */
const NAME_CHARS_MAX = 256;

/**
 * A map that was decoded and not yet believed.
 *
 * Errors: FusiondError "report_invalid" of every method, in one sentence; what is not asked for is ignored.
 */
export class ReportFields {
  readonly #map: ReadonlyMap<unknown, unknown>;

  constructor(map: ReadonlyMap<unknown, unknown>) {
    this.#map = map;
  }

  has(name: string): boolean {
    return this.#map.get(name) !== undefined && this.#map.get(name) !== null;
  }

  /** A whole number, both bounds included. */
  whole(name: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#map.get(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw this.invalid(name, `a whole number from ${min} to ${max}`);
  }

  /** Unix ms, whole. */
  time(name: string): number {
    return this.whole(name, -TIME_MS_MAX, TIME_MS_MAX);
  }

  /** A finite number, both bounds included. */
  number(name: string, min: number, max: number): number {
    const value = this.#map.get(name);
    if (isWithin(value, min, max)) return value;
    throw this.invalid(name, `a number from ${min} to ${max}`);
  }

  /** Finite numbers, so many, both bounds included. */
  numbers(name: string, count: number, min: number, max: number): readonly number[] {
    const value = this.#map.get(name);
    if (Array.isArray(value) && value.length === count && value.every((one): one is number => isWithin(one, min, max))) return value;
    throw this.invalid(name, `${count} numbers from ${min} to ${max}`);
  }

  boolean(name: string): boolean {
    const value = this.#map.get(name);
    if (typeof value === "boolean") return value;
    throw this.invalid(name, "true or false");
  }

  text(name: string, charsMax: number): string {
    const value = this.#map.get(name);
    if (typeof value === "string" && value.length <= charsMax) return value;
    throw this.invalid(name, `a text of at most ${charsMax} characters`);
  }

  /** The id of a site or source. */
  token(name: string): string {
    const value = this.#map.get(name);
    if (typeof value === "string" && TOKEN.test(value)) return value;
    throw this.invalid(name, "an id of letters, digits, - and _, at most 64");
  }

  /** The id of encoders or of a space. */
  name(name: string): string {
    const value = this.text(name, NAME_CHARS_MAX);
    if (value !== "") return value;
    throw this.invalid(name, "a name");
  }

  /** One of a closed set. */
  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#map.get(name);
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    throw this.invalid(name, `one of ${values.join(", ")}`);
  }

  /** Bytes, which belong to the caller. */
  bytes(name: string, countMin: number, countMax: number): Uint8Array {
    const value = this.#map.get(name);
    if (value instanceof Uint8Array && value.length >= countMin && value.length <= countMax) return value;
    throw this.invalid(name, `${countMin} to ${countMax} bytes`);
  }

  /** A map of texts. */
  texts(name: string, charsMax: number): ReadonlyMap<string, string> {
    const value = this.#map.get(name);
    if (value instanceof Map && [...value].every(([key, text]) => isText(key, charsMax) && isText(text, charsMax))) {
      return value as ReadonlyMap<string, string>;
    }
    throw this.invalid(name, `a map of texts of at most ${charsMax} characters`);
  }

  /** A list of maps. */
  maps(name: string, countMax: number): readonly ReportFields[] {
    const value = this.#map.get(name);
    if (Array.isArray(value) && value.length <= countMax && value.every((one) => one instanceof Map)) return value.map((one: Map<unknown, unknown>) => new ReportFields(one));
    throw this.invalid(name, `a list of at most ${countMax} maps`);
  }

  /** What is wrong with one of the fields. */
  invalid(name: string, expected: string): FusiondError {
    return reportInvalid(`its field ${name} must be ${expected}, not ${shown(this.#map.get(name))}`);
  }
}

/** A report that cannot be taken in, and what is to be done about it. */
export function reportInvalid(what: string, options?: ErrorOptions): FusiondError {
  return new FusiondError("report_invalid", `a report is not taken in, ${what}: see to it that every part of fusiond is of one release, and that nobody else sends reports`, options);
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && value >= min && value <= max;
}

function isText(value: unknown, charsMax: number): boolean {
  return typeof value === "string" && value.length <= charsMax;
}

/** What was found, short: it may be hostile. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  return value instanceof Map ? "a map" : Array.isArray(value) ? "a list" : "nothing";
}
