// Rules of the configuration, compiled against the prompts that the pack knows.
import type { ConfigParts, LoadedConfig } from "../../config/load.js";
import { configInvalid, type ConfigProblem } from "../../config/problem.js";
import { nearest } from "../../config/nearest.js";
import type { Pack } from "../../encoders/pack.js";
import { compileRule, promptsOfRules } from "../../rules/compile-rule.js";
import type { Rule } from "../../rules/rule.js";
import { termsOf, unmeasuredCosts } from "./condition-terms.js";
import { unknowableAbsences } from "./picture-absences.js";

/** Compiled rules, the vectors that their prompts stand for, in the order of their indices, and the fields that they name. */
export interface CompiledRules {
  readonly rules: readonly Rule[];
  readonly prompts: readonly Float32Array[];
  readonly fields: readonly string[];
}

/** How many near words a refused prompt is told. */
const SUGGESTIONS = 3;

/** Every prompt that the pack does not know, with the nearest words that it does. */
export function unknownPrompts(loaded: Pick<ConfigParts, "prompts" | "problem">, pack: Pack): ConfigProblem[] {
  return loaded.prompts
    .filter((prompt) => pack.vocabulary.vector(prompt.text) === undefined)
    .map((prompt) => {
      const words = nearest(prompt.text.toLowerCase(), pack.vocabulary.phrases, SUGGESTIONS);
      const hint = words.length === 0 ? '"fusiond models words" lists what it knows' : `the nearest it knows: ${words.join(", ")}`;
      return loaded.problem(prompt.path, `the pack "${pack.manifest.id}" does not know "${prompt.text}"; ${hint}`);
    });
}

/** Compiles the enabled rules. Errors: FusiondError "config_invalid" for prompts that the pack does not know, costs that it was not measured for and absences that nobody could know. */
export function compileRules(loaded: LoadedConfig, pack: Pack): CompiledRules {
  const problems = [...unknownPrompts(loaded, pack), ...unmeasuredCosts(loaded, pack), ...unknowableAbsences(loaded)];
  if (problems.length > 0) throw configInvalid(problems);
  const enabled = loaded.config.rules.filter((rule) => rule.enabled);
  const words = promptsOfRules(enabled);
  const rules = enabled.map((rule) => compileRule(rule, pack.space.prior, (prompt) => words.indexOf(prompt), termsOf(pack)));
  return {
    rules,
    prompts: words.map((prompt) => pack.vocabulary.vector(prompt) as Float32Array),
    fields: rules.flatMap(({ leaves }) => leaves.flatMap((leaf) => (leaf.kind === "field" ? [leaf.field] : []))),
  };
}
