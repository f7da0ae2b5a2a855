// One invalid configuration for each rule: the comments at its top are the problems that must be told, all and only they.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadConfig } from "../../config/load.js";
import { problemsOf } from "../../config/problem.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";

const folder = join(packageRoot, "test", "config", "invalid");

for (const name of readdirSync(folder).sort()) {
  void t.test(`config: tells exactly what is wrong in ${name}`, (t) => {
    const file = join(folder, name);
    const lines = readFileSync(file, "utf8").split("\n");
    const expected = lines.filter((line) => /^# \d+:\d+: /.test(line)).map((line) => line.slice(2));
    t.ok(expected.length > 0, "the file says what to expect");
    try {
      loadConfig(file);
      t.fail("loads");
    } catch (thrown) {
      t.strictSame(
        problemsOf(thrown).map(({ line, column, message }) => `${line}:${column}: ${message}`),
        expected,
      );
      t.notMatch(String(thrown), /hunter2/, "no secret is repeated");
    }
    t.end();
  });
}
