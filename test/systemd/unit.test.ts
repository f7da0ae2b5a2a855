// The systemd unit: systemd itself finds nothing wrong with it, and it stays as closed as it was measured to be.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";

const unit = readFileSync(join(packageRoot, "systemd", "fusiond.service"), "utf8");

/** What systemd-analyze says of the unit with these changes, or undefined, with a visible skip, without systemd. */
function analyze(t: Test, args: readonly string[], text: string): { readonly code: number | null; readonly words: string } | undefined {
  const folder = t.testdir({ "fusiond.service": text });
  const { status, stdout, stderr, error } = spawnSync("systemd-analyze", [...args, join(folder, "fusiond.service")], { encoding: "utf8" });
  if (error !== undefined) t.pass("systemd-analyze is not installed", { skip: true });
  return error === undefined ? { code: status, words: stdout + stderr } : undefined;
}

// The program's place is the package's business: any that exists will do here.
const runnable = unit.replace("/usr/bin/node", process.execPath);

void t.test("unit: systemd-analyze verify finds nothing", (t) => {
  t.match(analyze(t, ["verify"], runnable) ?? { code: 0 }, { code: 0 });
  t.end();
});

void t.test("unit: systemd-analyze verify would find a wrong value", (t) => {
  t.match(analyze(t, ["verify"], runnable.replace("Restart=on-failure", "Restart=perhaps")) ?? { words: "Restart=perhaps" }, { words: /perhaps/ });
  t.end();
});

void t.test("unit: its exposure is at most 1.5", (t) => {
  t.match(analyze(t, ["security", "--offline=true", "--threshold=15"], runnable) ?? { code: 0 }, { code: 0 });
  t.end();
});

void t.test("unit: does not restart on a wrong configuration and leaves the JIT alone", (t) => {
  t.match(unit, /^RestartPreventExitStatus=78$/m);
  t.notMatch(unit, /^MemoryDenyWriteExecute/m);
  t.end();
});
