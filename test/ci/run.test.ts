// What continuous integration concludes from a run of npm test; npm itself is stood in for, its output is tap's.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";

/** How .ci/run ended, and its last line. */
interface Verdict {
  readonly code: number | null;
  readonly lastLine: string;
  readonly output: string;
}

/** Runs .ci/run in a folder where `npm test` prints these lines and exits so. */
function judged(t: Test, npmCode: number, lines: readonly string[], allowed = "", shared: readonly string[] = []): Verdict {
  const folder = t.testdir({ bin: {}, project: { ".ci": { "allowed-skips": `# names\n${allowed}\n` } } });
  const project = join(folder, "project");
  cpSync(join(packageRoot, ".ci", "run"), join(project, ".ci", "run"));
  for (const path of shared) mkdirSync(join(folder, "shared", path), { recursive: true });
  writeFileSync(join(folder, "lines"), lines.map((line) => `${line}\n`).join(""));
  const npm = join(folder, "bin", "npm");
  writeFileSync(npm, `#!/bin/sh\n[ "$*" = test ] || exit 9\ncat "${join(folder, "lines")}"\nexit ${npmCode}\n`);
  chmodSync(npm, 0o755);
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
  const { status, stdout } = spawnSync("bash", [join(project, ".ci", "run")], { env, encoding: "utf8" });
  return { code: status, lastLine: stdout.trimEnd().split("\n").at(-1) ?? "", output: stdout };
}

const skipped = (name: string): string => `    ok 2 - ${name} # SKIP`;

void t.test("ci: true counts and npm's code when all is well", (t) => {
  const { code, lastLine } = judged(t, 0, ["    ok 1 - a # time=3ms", "# { total: 12, pass: 12 }", "# time=9ms", "All files | 99 |"]);
  t.equal(code, 0);
  t.equal(lastLine, "12 passed, 0 failed, 0 skipped");
  t.end();
});

void t.test("ci: npm's code when a test failed", (t) => {
  const { code, lastLine } = judged(t, 7, ["# { total: 12, pass: 10, fail: 2 }"]);
  t.equal(code, 7);
  t.equal(lastLine, "10 passed, 2 failed, 0 skipped");
  t.end();
});

void t.test("ci: fails when a skip is not listed", (t) => {
  const { code, lastLine, output } = judged(t, 0, [skipped("a: b when c"), "# { total: 2, pass: 1, skip: 1 }"]);
  t.equal(code, 1);
  t.equal(lastLine, "1 passed, 0 failed, 1 skipped");
  t.match(output, "not listed in .ci/allowed-skips: a: b when c");
  t.equal(judged(t, 0, ["    ok 2 - d # TODO later", "# { total: 2, pass: 1, todo: 1 }"]).code, 1, "nor may a test be left for later");
  t.end();
});

void t.test("ci: lets a listed skip pass, by its whole name", (t) => {
  t.equal(judged(t, 0, [skipped("a: b when c"), "# { total: 2, pass: 1, skip: 1 }"], "a: b when c").code, 0);
  t.equal(judged(t, 0, [skipped("a: b"), "# { total: 2, pass: 1, skip: 1 }"], "a: b when c").code, 1);
  t.end();
});

void t.test("ci: lets a skip for shared data pass only while that data is absent", (t) => {
  const lines = [skipped("shared data is absent: ../shared/data/x"), "# { total: 2, pass: 1, skip: 1 }"];
  t.equal(judged(t, 0, lines).code, 0);
  t.equal(judged(t, 0, lines, "", [join("data", "x")]).code, 1);
  t.end();
});

void t.test("ci: fails when nothing ran", (t) => {
  const { code, lastLine } = judged(t, 0, ["nothing to see"]);
  t.equal(code, 1);
  t.equal(lastLine, "0 passed, 0 failed, 0 skipped");
  t.end();
});
