// fusiond explain: why a rule stays silent, asked of the daemon that runs the configuration.
import { loadConfig } from "../../config/load.js";
import { nearest } from "../../config/nearest.js";
import type { Config } from "../../config/schema.js";
import { plainText } from "../tail/terminal-text.js";
import { askRule } from "./ask-rule.js";
import { EXIT } from "./exit-codes.js";
import { write } from "./output.js";

/** How many rules a mistyped one is likened to. */
const SUGGESTIONS = 3;

/**
 * Prints how the rule stands in each group; `json`: the daemon's answer as it is, on one line. Resolves with 0; 1 if the
 * daemon cannot be asked, and 2 if the configuration has no such rule, both with one sentence on stderr.
 */
export async function explain(ruleId: string, file: string, json: boolean): Promise<number> {
  const { config } = loadConfig(file);
  const rule = config.rules.find(({ id }) => id === ruleId);
  if (rule === undefined) return refuse(`${file} has no rule "${ruleId}"; ${suggestion(ruleId, config)}`, EXIT.usage);
  if (!rule.enabled) return refuse(`the rule "${ruleId}" is switched off: take "enabled: false" out of it and restart fusiond`, EXIT.failure);
  if (!config.http.enabled) return refuse("http is switched off, by which a running fusiond is asked: set http.enabled to true and restart it", EXIT.failure);
  if (config.http.port === 0) return refuse("http.listen takes any free port (0), so nobody knows where to ask: give it a port and restart fusiond", EXIT.failure);
  const asked = await askRule(config.http, ruleId, json);
  if ("why" in asked) return refuse(asked.why, EXIT.failure);
  await write(asked.text);
  return EXIT.ok;
}

function suggestion(ruleId: string, { rules }: Config): string {
  const ids = rules.map(({ id }) => id);
  const near = nearest(ruleId, ids, SUGGESTIONS);
  if (near.length > 0) return `the nearest it has: ${near.join(", ")}`;
  return ids.length === 0 ? "it has none" : `it has: ${ids.slice(0, 2 * SUGGESTIONS).join(", ")}${ids.length > 2 * SUGGESTIONS ? ", …" : ""}`;
}

function refuse(sentence: string, exitCode: number): number {
  process.stderr.write(`${plainText(sentence)}\n`);
  return exitCode;
}
