// The page behind fusiond explain.
import t from "tap";
import { explainRoute } from "../../daemon/http/explain-route.js";

void t.test("explain page: JSON of a rule, or what is the matter", async (t) => {
  const route = explainRoute((ruleId) => (ruleId === "break-in" ? { ruleId } : ruleId === "" ? "starting" : "unknown"));
  t.strictSame([route.path, route.queryKeys], ["/api/v1/explain", ["rule"]]);
  t.match(await route.respond(new URLSearchParams("rule=break-in")), { status: 200, contentType: /^application\/json/, body: '{\n  "ruleId": "break-in"\n}\n' });
  t.match(await route.respond(new URLSearchParams("rule=other")), { status: 404, body: "No such rule runs.\n" });
  t.match(await route.respond(new URLSearchParams("rule=")), { status: 503, body: "fusiond is starting; ask again in a moment.\n" });
  t.match(await route.respond(new URLSearchParams()), { status: 400, body: "Name a rule: /api/v1/explain?rule=ID.\n" });
});
