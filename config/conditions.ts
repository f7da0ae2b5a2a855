// The conditions of a rule as they stand in the file: for checks and prompts that need their places.
import { entriesOf, isMap, itemsOf, valueAt } from "./raw.js";
import type { ConfigPath } from "./problem.js";

/** One `hear`, `see` or `read` of a rule, wherever it is nested. */
export interface WrittenCondition {
  readonly kind: "hear" | "see" | "read";
  /** The phrase; absent where an exact field is read, or the value is of a wrong type. */
  readonly phrase?: string;
  /** An exact field is read. */
  readonly exact: boolean;
  /** Where the phrase or field stands. */
  readonly path: ConfigPath;
  /** The map that it stands in: it says how sure it must be. */
  readonly within: unknown;
  /** The outermost key around it that asks for an absence, if there is one: a `not` within it may turn that around. */
  readonly absence?: "not" | "unless";
}

/** Every `hear`, `see` and `read` of a rule, in the order of its keys. `path`: where the rule stands. */
export function* conditionsOf(rule: unknown, path: ConfigPath): Generator<WrittenCondition> {
  yield* walk(rule, path, undefined);
  const unless = valueAt(rule, "unless");
  yield* walk(unless, [...path, "unless"], "unless");
  for (const [index, one] of itemsOf(unless)) yield* walk(one, [...path, "unless", index], "unless");
}

/** What a source must be able to serve for a condition: an exact field is more than a phrase. */
export type Sense = "hear" | "see" | "read" | "field";

/** The sense that a condition needs. */
export function senseOf(condition: Pick<WrittenCondition, "kind" | "exact">): Sense {
  return condition.exact ? "field" : condition.kind;
}

/** The senses that a rule needs together, in one group: those of its `all`, however deep, but not of a choice or absence. */
export function neededTogether(rule: unknown): Set<Sense> {
  const all = itemsOf(valueAt(rule, "all")).map(([, item]) => item);
  return new Set(
    all.flatMap((item) => [
      ...neededTogether(item),
      ...entriesOf(item).flatMap(([key, value]) => (isPromptKey(key) ? [senseOf({ kind: key, exact: key === "read" && isMap(value) })] : [])),
    ]),
  );
}

function isPromptKey(key: string): key is WrittenCondition["kind"] {
  return key === "hear" || key === "see" || key === "read";
}

/** Whether something must be there for a condition to hold: an absence alone is no happening. Empty lists are told elsewhere. */
export function isGrounded(condition: unknown): boolean {
  return entriesOf(condition).every(([key, value]) => {
    const items = itemsOf(value);
    if (key === "all") return items.length === 0 || items.some(([, item]) => isGrounded(item));
    if (key === "any") return items.every(([, item]) => isGrounded(item));
    return key !== "not";
  });
}

function* walk(node: unknown, path: ConfigPath, absence: "not" | "unless" | undefined): Generator<WrittenCondition> {
  for (const [key, value] of entriesOf(node)) {
    const here = [...path, key];
    if (isPromptKey(key)) {
      yield {
        kind: key,
        path: here,
        exact: key === "read" && isMap(value),
        within: node,
        ...(typeof value === "string" ? { phrase: value } : {}),
        ...(absence === undefined ? {} : { absence }),
      };
    } else if (key === "not") {
      yield* walk(value, here, absence ?? "not");
    } else if (key === "all" || key === "any") {
      for (const [index, item] of itemsOf(value)) yield* walk(item, [...here, index], absence);
    }
  }
}
