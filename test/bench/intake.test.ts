import t from "tap";
import { benchIntake } from "../../bench/intake/bench-intake.js";

void t.test("bench intake: reads and takes every report, and prints one line", (t) => {
  const printed: string[] = [];
  const output = { print: (text: string) => void printed.push(text), note: () => undefined };
  const result = benchIntake({ reports: 2000, times: 2, json: true }, output);
  t.match(result, { reports: 2000, perSecond: Number, bytes: Number });
  t.ok(result.perSecond > 0 && result.bytes > 200);
  t.strictSame(printed.map((line) => JSON.parse(line) as unknown), [result]);
  benchIntake({ reports: 2000, times: 1, json: false }, output);
  t.match(printed[1], /reports\/s +bytes +decode us/);
  t.end();
});
