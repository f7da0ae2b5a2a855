// The benchmark of the start opens an outbox of the size that it was asked for.
import t from "tap";
import { benchStart } from "../../bench/start/bench-start.js";

await t.test("bench start: prints a row for each size, or JSON", async (t) => {
  const printed: string[] = [];
  const output = { print: (text: string) => void printed.push(text), note: () => undefined };
  const [small] = await benchStart({ rows: [600], times: 1, json: false }, output);
  t.match(printed[0], /rows\s+MB\s+ms\n600\s/);
  t.ok(small!.megabytes > 1.5 && small!.openMs > 0);
  await benchStart({ rows: [10], times: 1, json: true }, output);
  t.match(JSON.parse(printed[1]!), [{ rows: 10 }]);
});
