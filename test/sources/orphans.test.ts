// A daemon that is killed leaves no child behind.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t from "tap";
import { eventually } from "../support/eventually.js";
import { VirtualMic, virtualMicMissing } from "../support/virtual-mic.js";
import { makeClip, scratch } from "./support.js";

const program = fileURLToPath(new URL("./orphan-child.js", import.meta.url));

void t.test("sources: no ffmpeg outlives a daemon that was killed", async (t) => {
  t.same(await orphansOf(["media", makeClip(scratch(t))], "ffmpeg"), { children: 1, left: 0 });
});

void t.test("sources: no arecord outlives a daemon that was killed", { skip: virtualMicMissing() }, async (t) => {
  const mic = await VirtualMic.start();
  t.teardown(() => mic.stop());
  t.same(await orphansOf(["microphone", mic.device], "arecord", mic.env), { children: 1, left: 0 });
});

/** Kills a process that uses a source; says how many children of that name it had, and how many are left. */
async function orphansOf(args: readonly string[], name: string, env = {}): Promise<{ children: number; left: number }> {
  const parent = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
  for await (const line of createInterface({ input: parent.stdout })) if (line === "healthy") break;
  const children = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isChild(pid, parent.pid ?? 0, name));
  const gone = new Promise((resolve) => parent.once("exit", resolve));
  parent.kill("SIGKILL");
  await gone;
  await eventually(() => !children.some(isAlive)); // the kernel's signal has to arrive
  return { children: children.length, left: children.filter(isAlive).length };
}

function isChild(pid: string, parent: number, name: string): boolean {
  try {
    const [, command, owner] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return command === name && Number(owner) === parent;
  } catch {
    return false; // it has gone
  }
}

function isAlive(pid: string): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false; // it has gone
  }
}
