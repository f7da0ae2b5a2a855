// Values of a pack's JSON, read with their place: whatever is wrong is told in one sentence.
import { FusiondError } from "../fusion/model/errors.js";

/** Reads values of an unknown object and knows their place. Every method throws FusiondError "model_invalid", one sentence, for what is not as it must be. */
export class JsonReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #path: string;

  constructor(value: unknown, where: string, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw JsonReader.invalid(where, path === "" ? "the file" : path, "must be an object");
    }
    this.#values = value as Record<string, unknown>;
    this.#where = where;
    this.#path = path;
  }

  /** What is wrong at a place of a file, to be thrown. */
  static invalid(where: string, path: string, what: string): FusiondError {
    return new FusiondError("model_invalid", `${where}: ${path} ${what}`);
  }

  /** What is wrong with one of its values, to be thrown. */
  invalid(key: string, what: string): FusiondError {
    return JsonReader.invalid(this.#where, this.#place(key), what);
  }

  /** The keys that there are. */
  keys(): readonly string[] {
    return Object.keys(this.#values);
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  object(key: string): JsonReader {
    return new JsonReader(this.#values[key], this.#where, this.#place(key));
  }

  values(key: string): readonly unknown[] {
    const value = this.#values[key];
    if (!Array.isArray(value)) throw this.invalid(key, "must be a list");
    return value;
  }

  list(key: string, least: number, most: number): readonly JsonReader[] {
    const values = this.values(key);
    if (values.length < least || values.length > most) throw this.invalid(key, `must have ${least} to ${most} entries`);
    return values.map((value, i) => new JsonReader(value, this.#where, `${this.#place(key)}[${i}]`));
  }

  /** Exactly `count` numbers from `least` to `most`. */
  numbers(key: string, count: number, least: number, most: number): readonly number[] {
    const values = this.values(key);
    if (values.length !== count || !values.every((value): value is number => typeof value === "number" && value >= least && value <= most)) {
      throw this.invalid(key, `must be ${count} numbers from ${least} to ${most}`);
    }
    return values;
  }

  text(key: string): string {
    const value = this.#values[key];
    if (typeof value !== "string" || value === "") throw this.invalid(key, "must be a text");
    return value;
  }

  number(key: string, least: number, most: number): number {
    const value = this.#values[key];
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      throw this.invalid(key, `must be a number from ${least} to ${most}`);
    }
    return value;
  }

  integer(key: string, least: number, most: number): number {
    const value = this.number(key, least, most);
    if (!Number.isInteger(value)) throw this.invalid(key, "must be a whole number");
    return value;
  }

  #place(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }
}
