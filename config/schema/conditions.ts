// Conditions of a rule: what must be heard, seen or read, and how that is combined.
import { z } from "zod";
import { isMap } from "../raw.js";
import { EVEN_IF_WRONG, exactlyOneOf, fraction, present, requireOneOf, strict, text } from "./common.js";

/** A condition over the events of one group. `confidence` 0..1; absent: the rule's. */
export type ConditionConfig =
  | { readonly kind: "hear" | "see" | "read"; readonly prompt: string; readonly confidence?: number }
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
  confidence: fraction.optional().describe("how sure it must be; default: the rule's"),
};

/** A condition as YAML writes it. */
interface ConditionInput {
  hear?: string | undefined;
  see?: string | undefined;
  read?: string | z.input<typeof field> | undefined;
  confidence?: number | undefined;
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
  .superRefine(confidenceFits, EVEN_IF_WRONG)
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
}): ConditionConfig {
  const { hear, see, read, confidence } = written;
  if (typeof read === "object") return { kind: "field", ...read };
  const kind = hear !== undefined ? "hear" : see !== undefined ? "see" : "read";
  return { kind, prompt: hear ?? see ?? read ?? "", ...present({ confidence }) };
}

/** A check that `confidence` stands only where something is compared. For `superRefine`. */
export function confidenceFits(value: { readonly read?: unknown; readonly confidence?: unknown }, context: z.RefinementCtx): void {
  const exact = !("hear" in value || "see" in value) && typeof value.read !== "string";
  if (value.confidence === undefined || !exact) return;
  context.addIssue({ code: "custom", path: ["confidence"], message: "only works beside hear, see or a phrase to read: remove it" });
}
