// Conditions of a rule: what must be heard, seen or read, and how that is combined.
import { z } from "zod";
import { isMap } from "../raw.js";
import { EVEN_IF_WRONG, exactlyOneOf, fraction, present, ratePerHour, requireOneOf, strict, text } from "./common.js";

/** A condition over the events of one group: at most one of `confidence`, 0..1, and `atMostPerHour`; neither: the rule's. */
export type ConditionConfig =
  | { readonly kind: "hear" | "see" | "read"; readonly prompt: string; readonly confidence?: number; readonly atMostPerHour?: number }
  /** A field of a JSON text line that equals a value exactly. */
  | { readonly kind: "field"; readonly field: string; readonly equals: string }
  | { readonly kind: "all" | "any"; readonly of: readonly ConditionConfig[] }
  | { readonly kind: "not"; readonly of: ConditionConfig };

/** The keys of a condition that looks for something itself. */
export const PROMPT_KINDS = ["hear", "see", "read"];
const CONDITION_KINDS = [...PROMPT_KINDS, "all", "any", "not"];

const prompt = text.max(200);

const field = strict({
  field: text.describe("the name of a field of a JSON line"),
  equals: z
    .string({ error: (issue) => (issue.input == null ? undefined : "must be a text, a number, or true or false") })
    .meta({ type: ["string", "number", "boolean"] })
    .describe("the value it must have, exactly: a number as the line writes it, so that 1.0 is not 1"),
});

/** The keys that look for something. */
export const prompts = {
  hear: prompt.optional().describe("what must be heard"),
  see: prompt.optional().describe("what must be seen"),
  read: z
    .union([prompt, field], { error: (issue) => (isMap(issue.input) ? undefined : "must be a phrase or {field: …, equals: …}") })
    .optional()
    .describe("what must be read: a phrase, or {field, equals} for an exact field of a JSON line"),
  confidence: fraction.optional().describe("how sure it must be, from 0 to 1; default: the rule's, or what the pack knows to be sure enough"),
  at_most: ratePerHour.optional().describe("instead of confidence: how often it may be wrong, such as 0.5/h; for hear and see, not in an absence"),
};

/** A condition as YAML writes it. */
interface ConditionInput {
  hear?: string | undefined;
  see?: string | undefined;
  read?: string | z.input<typeof field> | undefined;
  confidence?: number | undefined;
  at_most?: string | undefined;
  all?: ConditionInput[] | undefined;
  any?: ConditionInput[] | undefined;
  not?: ConditionInput | undefined;
}

/** One condition. */
export const conditionSchema: z.ZodType<ConditionConfig, ConditionInput> = z
  .lazy(() => condition)
  .meta({ id: "condition" });

const condition: z.ZodType<ConditionConfig, ConditionInput> = strict({
  ...prompts,
  all: z.array(conditionSchema).min(1).optional().describe("conditions that must all be met"),
  any: z.array(conditionSchema).min(1).optional().describe("conditions of which one must be met"),
  not: conditionSchema.optional().describe("a condition that must not be met"),
})
  .meta(requireOneOf(CONDITION_KINDS))
  .superRefine(exactlyOneOf(CONDITION_KINDS), EVEN_IF_WRONG)
  .superRefine(surenessFits, EVEN_IF_WRONG)
  .transform(({ all, any, not, ...rest }): ConditionConfig => {
    if (all !== undefined) return { kind: "all", of: all };
    if (any !== undefined) return { kind: "any", of: any };
    return not === undefined ? promptOf(rest) : { kind: "not", of: not };
  });

/** The condition of a map that has exactly one of hear, see and read. */
export function promptOf(written: {
  readonly hear?: string | undefined;
  readonly see?: string | undefined;
  readonly read?: string | z.output<typeof field> | undefined;
  readonly confidence?: number | undefined;
  readonly at_most?: number | undefined;
}): ConditionConfig {
  const { hear, see, read, confidence, at_most: atMostPerHour } = written;
  if (typeof read === "object") return { kind: "field", ...read };
  const kind = hear !== undefined ? "hear" : see !== undefined ? "see" : "read";
  return { kind, prompt: hear ?? see ?? read ?? "", ...present({ confidence, atMostPerHour }) };
}

interface WrittenSureness {
  readonly read?: unknown;
  readonly confidence?: unknown;
  readonly at_most?: unknown;
}

/** A check that `confidence` and `at_most` stand only where something is compared, and not both. For `superRefine`. */
export function surenessFits(value: WrittenSureness, context: z.RefinementCtx): void {
  const sensed = "hear" in value || "see" in value;
  if (value.confidence !== undefined && !sensed && typeof value.read !== "string") {
    context.addIssue({ code: "custom", path: ["confidence"], message: "only works beside hear, see or a phrase to read: remove it" });
  }
  if (value.at_most !== undefined && !sensed) {
    context.addIssue({ code: "custom", path: ["at_most"], message: "only works beside hear or see: remove it" });
  }
  onlyOneSureness(value, context);
}

/** A check that not both of `confidence` and `at_most` stand there. For `superRefine`. */
export function onlyOneSureness({ confidence, at_most }: Omit<WrittenSureness, "read">, context: z.RefinementCtx): void {
  if (confidence === undefined || at_most === undefined) return;
  context.addIssue({ code: "custom", path: ["at_most"], message: 'says the same as "confidence" in another way: remove one of them' });
}
