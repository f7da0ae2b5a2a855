// Memory of a process tree in which a page that several processes share counts once: proportional set size, PSS.
import { readFileSync } from "node:fs";
import { readProcessTree, type ProcessRole } from "../../daemon/demo/process-usage.js";

/** Adds up PSS of a process tree and keeps the most that was seen. The kernel walks every page: ask every few seconds. */
export class PssMeter {
  readonly #rootPid: number;
  #peak: ReadonlyMap<ProcessRole, number> = new Map();
  #peakBytes = 0;

  constructor(rootPid: number) {
    this.#rootPid = rootPid;
  }

  /** Looks at all processes of the tree now. */
  sample(): void {
    const byRole = new Map<ProcessRole, number>();
    for (const { pid, role } of readProcessTree(this.#rootPid)) byRole.set(role, (byRole.get(role) ?? 0) + pssBytes(pid));
    const bytes = [...byRole.values()].reduce((sum, one) => sum + one, 0);
    if (bytes > this.#peakBytes) [this.#peak, this.#peakBytes] = [byRole, bytes];
  }

  /** What the roles had when all together had most, bytes; they add up. */
  get peak(): ReadonlyMap<ProcessRole, number> {
    return this.#peak;
  }
}

/** Of one process; 0 if it has ended. Source: proc_pid_smaps(5). */
export function pssBytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
