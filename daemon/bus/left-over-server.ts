// A broker of the last run that has not ended yet: two on one store would share it without complaint.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { FusiondError } from "../../fusion/model/errors.js";

/** How long a dying one is waited for, ms, before it is killed. */
const WAIT_MS = 2_000;
const LOOK_EVERY_MS = 20;

/**
 * Resolves when no nats-server runs with this configuration file; one that does not end by itself is killed.
 * Does nothing without /proc. Errors: FusiondError "store_locked" if it cannot be got rid of.
 */
export async function endLeftOverServer(configFile: string): Promise<void> {
  if (await isGone(configFile)) return;
  const pid = find(configFile);
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  if (await isGone(configFile)) return;
  throw new FusiondError("store_locked", `a nats-server of an earlier run still uses ${configFile}: end process ${find(configFile) ?? "it"}`);
}

async function isGone(configFile: string): Promise<boolean> {
  const until = performance.now() + WAIT_MS;
  while (find(configFile) !== undefined) {
    if (performance.now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}

function find(configFile: string): number | undefined {
  for (const name of processIds()) {
    const [program, ...args] = commandLine(name);
    if (program?.endsWith("nats-server") === true && args.includes(configFile)) return Number(name);
  }
  return undefined;
}

function processIds(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no /proc: not Linux, and no left-over that pdeathsig would explain
  }
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it ended while we looked
  }
}
