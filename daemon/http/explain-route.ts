// The page that says how a rule stands and why it was silent: /api/v1/explain?rule=ID.
import { sentence, type HttpRoute } from "./route.js";

/** Path of the page. */
export const EXPLAIN_PATH = "/api/v1/explain";

/** Nobody asks more often by hand, ms. */
const KEEP_MS = 200;

/** What is known of a rule, to be given as JSON; "starting": nothing yet; "unknown": there is no such rule. */
export type ExplainView = (ruleId: string) => object | "starting" | "unknown";

/** Answers 200 with JSON, 400 where no rule is named, 404 for one that does not run, 503 while the daemon starts. */
export function explainRoute(explain: ExplainView): HttpRoute {
  return {
    path: EXPLAIN_PATH,
    queryKeys: ["rule"],
    keepMs: KEEP_MS,
    respond: (query) => {
      const ruleId = query.get("rule");
      if (ruleId === null) return Promise.resolve(sentence(400, `Name a rule: ${EXPLAIN_PATH}?rule=ID.`));
      const answer = explain(ruleId);
      if (answer === "starting") return Promise.resolve(sentence(503, "fusiond is starting; ask again in a moment."));
      if (answer === "unknown") return Promise.resolve(sentence(404, "No such rule runs."));
      return Promise.resolve({ status: 200, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(answer, null, 2)}\n` });
    },
  };
}
