// Asks a running daemon how a rule stands, over its HTTP pages.
import type { HttpConfig } from "../../config/schema/settings.js";
import { messageOf } from "../../fusion/model/errors.js";
import type { RuleAnswer } from "../compose/explain.js";
import { EXPLAIN_PATH } from "../http/explain-route.js";
import { plainJson, plainText } from "../tail/terminal-text.js";
import { explanationLines } from "./explanation-lines.js";

/** How long the daemon may take to answer, ms. */
const ANSWER_WITHIN_MS = 5000;

/** The answer as it is printed, nothing in it that could steer a terminal; or why there is none, in one sentence. Never rejects. */
export async function askRule(http: Pick<HttpConfig, "host" | "port">, ruleId: string, json: boolean): Promise<{ readonly text: string } | { readonly why: string }> {
  const place = `${http.host.includes(":") ? `[${http.host}]` : http.host}:${http.port}`;
  const url = `http://${place}${EXPLAIN_PATH}?${new URLSearchParams({ rule: ruleId }).toString()}`;
  let status: number;
  let body: string;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS), redirect: "error" });
    status = response.status;
    body = await response.text();
  } catch (error) {
    return { why: `fusiond does not answer on ${place} (${reasonOf(error)}): start it, or see http.listen` };
  }
  if (status === 404) return { why: `what runs on ${place} does not know the rule "${ruleId}": restart fusiond with this configuration` };
  if (status !== 200) return { why: `fusiond on ${place} cannot answer: ${body.trim().split("\n", 1)[0]}` };
  try {
    const answer = JSON.parse(body) as RuleAnswer;
    return { text: json ? `${plainJson(answer)}\n` : `${explanationLines(answer).map(plainText).join("\n")}\n` };
  } catch {
    return { why: `what runs on ${place} is no fusiond: see http.listen` }; // no JSON, or not of this shape
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return `nothing came within ${ANSWER_WITHIN_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? messageOf(error);
}
