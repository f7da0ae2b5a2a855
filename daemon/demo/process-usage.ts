// CPU time and memory of the daemon and its children, by what they are for, read from /proc.
import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";

/** What a process of fusiond is for. */
export type ProcessRole = "daemon" | "perception" | "ffmpeg" | "arecord" | "nats-server" | "other";

/** What all processes of one role took. */
export interface RoleUsage {
  readonly role: ProcessRole;
  /** User and system time since the meter started, those that ended included. */
  readonly cpuSeconds: number;
  /** The most resident memory that they had together at any sample, bytes. Shared pages count in each. */
  readonly rssPeakBytes: number;
}

/** One process at one moment. */
export interface ProcessSample {
  readonly pid: number;
  readonly parentPid: number;
  readonly role: ProcessRole;
  /** Ticks after boot: tells a process from a later one with the same pid. */
  readonly startTicks: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

const ROLES: readonly ProcessRole[] = ["daemon", "perception", "ffmpeg", "arecord", "nats-server", "other"];
/** USER_HZ: 100 on every Linux that Node runs on. Source: proc(5), time(7). */
const TICKS_PER_SECOND = 100;

/** Adds up samples of a process tree. The caller calls `sample` about once a second, and once at the end. */
export class ProcessUsageMeter {
  readonly #rootPid: number;
  readonly #cpuSeconds = new Map<string, { readonly role: ProcessRole; readonly first: number; last: number }>();
  readonly #rssPeakBytes = new Map<ProcessRole, number>();
  #sampled = false;

  constructor(rootPid: number = process.pid) {
    this.#rootPid = rootPid;
  }

  /** Looks at all processes of the tree now. What a process used before the first sample does not count. */
  sample(): void {
    const rss = new Map<ProcessRole, number>();
    for (const process of readProcessTree(this.#rootPid)) {
      rss.set(process.role, (rss.get(process.role) ?? 0) + process.rssBytes);
      const key = `${process.pid}.${process.startTicks}`;
      const known = this.#cpuSeconds.get(key);
      if (known !== undefined) known.last = process.cpuSeconds;
      else this.#cpuSeconds.set(key, { role: process.role, first: this.#sampled ? 0 : process.cpuSeconds, last: process.cpuSeconds });
    }
    for (const [role, bytes] of rss) this.#rssPeakBytes.set(role, Math.max(bytes, this.#rssPeakBytes.get(role) ?? 0));
    this.#sampled = true;
  }

  /** What each role took until the last sample; roles that never ran are left out. */
  usage(): RoleUsage[] {
    return ROLES.filter((role) => this.#rssPeakBytes.has(role)).map((role) => {
      const uses = [...this.#cpuSeconds.values()].filter((use) => use.role === role);
      const cpuSeconds = uses.reduce((sum, use) => sum + use.last - use.first, 0);
      return { role, cpuSeconds, rssPeakBytes: this.#rssPeakBytes.get(role) ?? 0 };
    });
  }
}

/** A process and all that descend from it, itself first; processes that end meanwhile are left out. */
export function readProcessTree(rootPid: number): ProcessSample[] {
  const children = new Map<number, ProcessStat[]>();
  const stats = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? unlessEnded(() => readStat(Number(name))) : []));
  for (const stat of stats) children.set(stat.parentPid, [...(children.get(stat.parentPid) ?? []), stat]);
  const tree = stats.filter((stat) => stat.pid === rootPid);
  for (const stat of tree) tree.push(...(children.get(stat.pid) ?? [])); // grows while it is walked
  return tree.flatMap((stat) => unlessEnded(() => readDetails(stat, rootPid)));
}

type ProcessStat = Pick<ProcessSample, "pid" | "parentPid" | "startTicks" | "cpuSeconds">;

function readStat(pid: number): ProcessStat {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name may hold spaces and brackets; the fields after it are numbered from 3. Source: proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parentPid: field(4), startTicks: field(22), cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND };
}

function readDetails(stat: ProcessStat, rootPid: number): ProcessSample {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${stat.pid}/status`, "utf8"))?.[1];
  const command = readFileSync(`/proc/${stat.pid}/cmdline`, "utf8").split("\0");
  return { ...stat, role: stat.pid === rootPid ? "daemon" : roleOf(command), rssBytes: Number(resident ?? 0) * 1024 };
}

function unlessEnded<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return [];
    throw thrown;
  }
}

/** What a command line is for, by the program's name: whatever else runs on Node is there to perceive. */
export function roleOf(command: readonly string[]): ProcessRole {
  const program = command[0]?.split("/").at(-1) ?? "";
  if (program === "ffmpeg" || program === "arecord" || program === "nats-server") return program;
  return program === "node" || program === basename(process.execPath) ? "perception" : "other";
}
