// Programs that cannot be started: what is missing, and what the machine does not give.
import { closeSync, openSync } from "node:fs";
import { execFileSync, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import t from "tap";
import { exitOf, requireDescriptors, spawnBound, startError } from "../../daemon/runtime/child-process.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";

void t.test("child process: a program that is not there is another thing than a machine that has no more to give", (t) => {
  for (const code of ["ENOENT", "EACCES"]) t.match(startError("ffmpeg", Object.assign(new Error(), { code })), { code: "dependency_missing", message: /install it/ }, code);
  for (const code of ["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]) {
    t.match(startError("ffmpeg", Object.assign(new Error(), { code })), { code: "resources_exhausted", message: new RegExp(`^cannot start ffmpeg: .*\\(${code}\\): raise `) }, code);
  }
  t.end();
});

void t.test("child process: what is not started is named, not what was to start it, unless that is what is missing", async (t) => {
  for (const [code, named] of [["EAGAIN", "ffmpeg"], ["ENOENT", "setpriv"]] as const) {
    const child = Object.assign(new EventEmitter(), { spawnfile: "setpriv" }) as ChildProcess;
    const exit = exitOf(child, "ffmpeg");
    child.emit("error", Object.assign(new Error(), { code }));
    await t.rejects(exit, { message: new RegExp(`^cannot start ${named}: `) }, code);
  }
});

void t.test("child process: no child is started half when descriptors have run out, and all goes on when they are back", (t) => {
  // In a process of its own: a test runner without descriptors could not say how it went.
  const script = `
    const { openSync, closeSync } = await import("node:fs");
    const { spawnBound, exitOf } = await import("${packageRoot}/dist/daemon/runtime/child-process.js");
    await exitOf(spawnBound("true", [], { stdio: "pipe" }), "true");
    const held = [];
    try { for (;;) held.push(openSync("/dev/null")); } catch {}
    let said = "";
    try { spawnBound("true", [], { stdio: "pipe" }); } catch (error) { said = error.code; }
    held.forEach(closeSync);
    const { code } = await exitOf(spawnBound("true", [], { stdio: "pipe" }), "true");
    console.log(said, code);`;
  t.equal(execFileSync("prlimit", ["--nofile=256", process.execPath, "--input-type=module", "-e", script], { encoding: "utf8" }), "resources_exhausted 0\n");
  t.end();
});

void t.test("child process: asking for descriptors keeps none", async (t) => {
  const before = openSync("/dev/null", "r");
  closeSync(before);
  requireDescriptors("true");
  const after = openSync("/dev/null", "r");
  closeSync(after);
  t.equal(after, before);
  t.match(await exitOf(spawnBound("true", [], { stdio: "ignore" }), "true"), { code: 0 });
});
