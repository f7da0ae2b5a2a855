// The HTTP benchmark on a real daemon and a real broker, too short to measure anything.
import t from "tap";
import { delimiter, dirname } from "node:path";
import { benchHttp } from "../../bench/http/bench-http.js";
import { programs } from "../support/debian.js";

void t.test("bench http: alerts and health come while clients misuse the pages", { timeout: 120_000 }, async (t) => {
  process.env["PATH"] = [dirname(programs.natsServer()), process.env["PATH"]].join(delimiter);
  const printed: string[] = [];
  const output = { print: (text: string) => void printed.push(text), note: (text: string) => t.comment(text) };
  const results = await benchHttp({ loads: ["pipeline-16", "half-sent", "slow-readers"], measureMs: 2_000, json: true }, output);
  for (const { load, alertMs, livezMs, rssPeakBytes } of results) {
    t.ok(alertMs.length > 0, `${load}: alerts came`);
    t.ok(livezMs.length > 0, `${load}: health was answered`);
    t.ok(rssPeakBytes < 400 * 2 ** 20, `${load}: ${rssPeakBytes} bytes`);
  }
  t.match(JSON.parse(printed.join("\n")), { loads: [{ load: "pipeline-16" }, { load: "half-sent" }, { load: "slow-readers" }] });
});
