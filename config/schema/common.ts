// Pieces that every section of the schema is made of. Messages are predicates: the loader puts the key before them.
import { z } from "zod";
import { assertInvariant } from "../../fusion/model/errors.js";
import { nearest } from "../nearest.js";
import { DURATION_PATTERN, parseDurationMs, parseRatePerHour, parseSizeBytes, RATE_PATTERN, SIZE_PATTERN } from "../units.js";
import { describe, isMap, valueAt } from "../raw.js";

/** An id: part of NATS subjects and metric labels. */
const TOKEN_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

const TOKEN_MESSAGE = "must be 1 to 64 letters, digits, _ or -: it becomes a part of NATS subjects";

/** An id: letters, digits, `_` and `-`, at most 64. */
export const token = z.string({ error: missing("give it an id such as plant-7") }).regex(TOKEN_PATTERN, { error: TOKEN_MESSAGE });

/** A text that is not empty, surrounding blanks removed. */
export const text = z.string().trim().min(1, { error: "must not be empty", abort: true });

/** A number from 0 to 1. */
export const fraction = z.number().min(0).max(1);

/** The error of a key that must be there: says what to write. */
export function missing(advice: string) {
  return (issue: { readonly input?: unknown }): string | undefined => (issue.input === undefined ? `is missing: ${advice}` : undefined);
}

/** A count from `min` to `max`. */
export function whole(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}

/** Whole milliseconds, written with a unit; bounds are written like values: `"10m"`. */
export function duration(min: string, max = "3650d"): z.ZodType<number, string> {
  return quantity(DURATION_PATTERN, parseDurationMs, [min, max], "is a duration and needs a unit: write 250ms, 5s, 10m, 2h or 7d");
}

/** Whole bytes, written with a unit; bounds are written like values: `"1MiB"`. */
export function size(min: string, max = "1024TiB"): z.ZodType<number, string> {
  return quantity(SIZE_PATTERN, parseSizeBytes, [min, max], "is a size and needs a unit: write 64KiB, 20MiB or 1GiB (also kB, MB, GB)");
}

const RATE_MESSAGE = "is how often it may be wrong: write 0.5/h or 2/d";

/** How often an hour, more than never: written `0.5/h` or `2/d`. */
export const ratePerHour: z.ZodType<number, string> = z
  .string({ error: (issue) => (issue.input === undefined || issue.input === null ? undefined : RATE_MESSAGE) })
  .regex(RATE_PATTERN, { error: RATE_MESSAGE })
  .transform((written, context) => {
    const value = parseRatePerHour(written) ?? 0;
    if (value <= 0) context.addIssue({ code: "custom", message: "must be more than 0: nothing is never wrong" });
    return value;
  });

function quantity(
  pattern: RegExp,
  parse: (text: string) => number | undefined,
  [min, max]: readonly [string, string],
  error: string,
): z.ZodType<number, string> {
  const least = parse(min);
  const most = parse(max);
  assertInvariant(least !== undefined && most !== undefined, `bounds ${min} and ${max} have units`);
  return z
    .string({ error: (issue) => (issue.input === undefined || issue.input === null ? undefined : error) })
    .regex(pattern, { error })
    .transform((written, context) => {
      const value = parse(written) ?? Infinity;
      if (value < least || value > most) context.addIssue({ code: "custom", message: `must be ${min} to ${max}` });
      return value;
    });
}

/**
 * A map that knows all its keys, and names them to who writes something else in its place.
 *
 * Its `unrecognized_keys` issue has the valid keys as its message, one a line: the loader makes sentences of them.
 */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") return Object.keys(shape).join("\n");
      const { input } = issue;
      return issue.code !== "invalid_type" || input === undefined || input === null ? undefined : `must be a map of keys (${Object.keys(shape).join(", ")}), not ${describe(input)}`;
    },
  });
}

/** Options of a check that must run although values in the same map are wrong; not if keys are, or it is no map at all. */
export const EVEN_IF_WRONG = {
  when: (payload: { readonly value: unknown; readonly issues: readonly { readonly code?: string | undefined }[] }): boolean =>
    isMap(payload.value) && payload.issues.every((issue) => issue.code !== "unrecognized_keys"),
};

/** A check that a map has exactly one of some keys; the keys must not have defaults. For `superRefine`, with `EVEN_IF_WRONG`. */
export function exactlyOneOf(keys: readonly string[]) {
  return (value: unknown, context: z.RefinementCtx): void => {
    const message = notExactlyOne(value, keys);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  };
}

/** For JSON Schema: exactly one of the keys is required. */
export function requireOneOf(keys: readonly string[]): { oneOf: { required: string[] }[] } {
  return { oneOf: keys.map((key) => ({ required: [key] })) };
}

/**
 * The error of a union whose members are told apart by which of some keys they have: says so if it has none or several
 * of them, and leaves the rest to the member's own errors.
 */
export function kinds(keys: readonly string[]) {
  return (issue: { readonly input?: unknown }): string | undefined => {
    const { input } = issue;
    if (input === undefined || input === null) return `is ${input === null ? "empty" : "missing"}: give it ${quotedList(keys, "or")}`;
    if (!isMap(input)) return `must be a map with ${quotedList(keys, "or")}`;
    const misspelt = Object.keys(input).some((key) => !keys.includes(key) && nearest(key, keys, 1).length > 0);
    return misspelt ? undefined : notExactlyOne(input, keys);
  };
}

function notExactlyOne(value: unknown, keys: readonly string[]): string | undefined {
  const present = keys.filter((key) => valueAt(value, key) !== undefined);
  if (present.length === 1) return undefined;
  const found = present.length === 0 ? "" : `, not ${quotedList(present, "and")} together`;
  return `needs exactly one of ${quotedList(keys, "and")}${found}`;
}

/** `"a", "b" and "c"`. */
export function quotedList(words: readonly string[], conjunction: "and" | "or"): string {
  const quoted = words.map((word) => `"${word}"`);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} ${conjunction} ${last}`;
}

/** Keys that may be undefined become optional keys. */
export type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same object without the keys whose value is undefined. */
export function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Present<T>;
}
