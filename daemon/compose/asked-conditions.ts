// What each phrase of the configuration asks for, as the rule that it stands in is compiled.
import type { ConfigPrompt, LoadedConfig } from "../../config/load.js";
import { compileRule, plainTerms, type AskedCondition } from "../../rules/compile-rule.js";

/** A phrase, where it stands, and what is asked for by it: `asked.absent` decides whether that is its absence. */
export interface AskedPrompt {
  readonly prompt: ConfigPrompt;
  readonly asked: AskedCondition;
}

/** Every phrase of the rules that are not switched off, in the order in which they stand: that in which rules are compiled, too. */
export function askedPrompts({ config, prompts }: Pick<LoadedConfig, "config" | "prompts">): readonly AskedPrompt[] {
  return config.rules.filter((rule) => rule.enabled).flatMap((rule) => {
    const asked: AskedCondition[] = [];
    compileRule(rule, ANY_PRIOR, () => 0, (one) => (asked.push(one), plainTerms(one)));
    return prompts.filter(({ ruleId }) => ruleId === rule.id).map((prompt, i) => ({ prompt, asked: asked[i] as AskedCondition }));
  });
}

/** What is asked for does not depend on it. */
const ANY_PRIOR = 0.5;
