// What a benchmark ran on, and how busy that machine was with other things.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** USER_HZ: 100 on every Linux that Node runs on. Source: proc(5), time(7). */
const TICKS_PER_SECOND = 100;

/** One line: cores, CPU model, memory, Node and kernel. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown CPU";
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  return `${availableParallelism()} cores (${model}), ${memoryGiB} GiB, Node ${process.version}, Linux ${kernel}`;
}

/** The load average of the last minute. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}

/** CPU time that all processes of the machine have taken since boot, time stolen by the host included, seconds. */
export function machineBusySeconds(): number {
  return busySeconds(readFileSync("/proc/stat", "utf8"));
}

/** The busy seconds in the text of /proc/stat: user, nice, system, irq, softirq and steal. Source: proc_stat(5). */
export function busySeconds(stat: string): number {
  const fields = (/^cpu +(.+)$/m.exec(stat)?.[1] ?? "").split(" ").map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
