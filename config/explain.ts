// What zod found wrong, as sentences: one finding for each mistake.
import type { z } from "zod";
import type { Part } from "./document.js";
import { didYouMean, nearest } from "./nearest.js";
import type { ConfigPath } from "./problem.js";
import { describe } from "./raw.js";
import { quotedList } from "./schema/common.js";

/** A mistake and the place in the configuration's tree. */
export interface Finding {
  readonly path: ConfigPath;
  /** "key": the key itself is wrong, not what stands behind it. */
  readonly part: Part;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a map of keys",
  record: "a map of ids",
};

/**
 * Zod's error map for the parse of a configuration: what is wrong with a value, as the rest of a sentence that starts
 * with its key. Messages of the schema itself go before it. Never repeats a text, except where only few are valid.
 */
export function predicateOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeMessage(issue.expected, issue.input);
    case "invalid_value":
      return valueMessage(issue.values, issue.input);
    case "too_small":
      return `must ${boundMessage(issue.origin, "at least", issue.minimum, issue.inclusive)}`;
    case "too_big":
      return `must ${boundMessage(issue.origin, "at most", issue.maximum, issue.inclusive)}`;
    default:
      return ""; // unions, maps and keys: told by what lies inside them
  }
}

/** One finding for each mistake, unions resolved to the member that was meant. */
export function findingsOf(error: z.ZodError): Finding[] {
  const findings = error.issues.flatMap((issue) => findingsOfIssue(issue, []));
  const meant = new Set(findings.flatMap((finding) => (finding.suggests === undefined ? [] : [finding.suggests])));
  return findings.filter((finding) => !(finding.missing && meant.has(pathKey(finding.path))));
}

/** A key as messages name it: `"fps"`, or `item 2 of "masks"`. */
export function nameOf(path: ConfigPath): string {
  const last = path.at(-1);
  if (last === undefined) return "the configuration";
  return typeof last === "number" ? `item ${last + 1} of ${nameOf(path.slice(0, -1))}` : `"${last}"`;
}

interface Found extends Finding {
  readonly missing: boolean;
  /** The key that an unknown key was meant to be. */
  readonly suggests?: string;
}

function findingsOfIssue(issue: Issue, parent: ConfigPath): Found[] {
  const path = [...parent, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(key, issue.message.split("\n"), path));
  if (issue.code === "invalid_union" && issue.message === "") {
    return meantMember(issue.errors).flatMap((inner) => findingsOfIssue(inner, path));
  }
  const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? "") : issue.message;
  return [{ path, part: issue.code === "invalid_key" ? "key" : "value", message: `${nameOf(path)} ${message}`, missing: isMissing(issue) }];
}

function unknownKey(key: string, valid: readonly string[], path: ConfigPath): Found {
  const [suggestion] = nearest(key, valid, 1);
  const hint = suggestion === undefined ? `; valid keys: ${valid.join(", ")}` : didYouMean(key, valid);
  return {
    path: [...path, key],
    part: "key",
    message: `unknown key "${key}"${hint}`,
    missing: false,
    ...(suggestion === undefined ? {} : { suggests: pathKey([...path, suggestion]) }),
  };
}

/** Of the members of a union the one whose own keys fit best; among equals the one with the fewest mistakes. */
function meantMember(members: readonly (readonly Issue[])[]): readonly Issue[] {
  const ranked = [...members].sort((a, b) => misfit(a) - misfit(b) || a.length - b.length);
  return ranked[0] ?? [];
}

/** How many of a member's issues say that the value is no such member at all: wrong type, unknown and missing keys. */
function misfit(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) return sum + issue.keys.length;
    if (issue.path.length === 0 && issue.code === "invalid_type") return sum + WRONG_TYPE;
    return issue.path.length === 1 && isMissing(issue) ? sum + 1 : sum;
  }, 0);
}

/** More than any number of wrong keys. */
const WRONG_TYPE = 1_000_000;

function isMissing(issue: Issue): boolean {
  return issue.input === undefined && (issue.code === "invalid_type" || issue.code === "invalid_value" || issue.code === "invalid_union");
}

function typeMessage(expected: string, found: unknown): string {
  if (found === undefined) return "is missing";
  if (found === null) return "is empty: give it a value or remove it";
  return `must be ${TYPES[expected] ?? expected}, not ${describe(found)}`;
}

function valueMessage(values: readonly unknown[], found: unknown): string {
  const valid = values.map(String);
  if (found === undefined) return "is missing";
  const hint = typeof found === "string" ? didYouMean(found, valid) : "";
  return `must be ${listOf(valid)}, not ${typeof found === "string" && found.length <= 32 ? `"${found}"` : describe(found)}${hint}`;
}

function boundMessage(origin: string, bound: string, limit: number | bigint, inclusive: boolean | undefined): string {
  if (origin === "array") return `hold ${bound} ${limit} ${limit === 1 ? "item" : "items"}`;
  if (origin === "string") return `have ${bound} ${limit} characters`;
  if (inclusive === false) return `be ${bound === "at least" ? "more" : "less"} than ${limit}`;
  return `be ${bound} ${limit}`;
}

/** `a, b or c`. */
function listOf(words: readonly string[]): string {
  return quotedList(words, "or").replaceAll('"', "");
}

function pathKey(path: ConfigPath): string {
  return JSON.stringify(path);
}
