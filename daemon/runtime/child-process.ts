// Child processes that never outlive the daemon.
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { tryDescriptors } from "./descriptors.js";

/**
 * Starts a program that dies with the daemon, even when the daemon is killed with SIGKILL, and by nothing else that is
 * meant for the daemon: it is in a process group of its own, or Ctrl-C would end the broker before the last alerts.
 *
 * Must be called on the main thread: the kernel ties the signal to the thread that forked.
 * Errors: FusiondError "resources_exhausted" at once where it can be told at once; else like `spawn`, by the child's
 * "error" event, which `startError` explains; attach a handler in the same tick.
 * Source: prctl(2) PR_SET_PDEATHSIG through util-linux' setpriv.
 */
export function spawnBound(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return start(basename(command), [command, ...args], options);
}

function start(name: string, line: readonly string[], options: SpawnOptions): ChildProcess {
  requireDescriptors(name);
  try {
    return spawn("setpriv", ["--pdeathsig", "KILL", "--", ...line], { ...options, detached: true });
  } catch (cause) {
    throw startError(name, cause);
  }
}

/** What a child may take. */
export interface ChildLimits {
  /** Memory of its own: heap, stacks, anonymous mappings. Asking for more fails. */
  readonly dataBytes: number;
  /** It may give children of its own more than it has itself. Default: it may not. */
  readonly ofItselfOnly?: boolean;
}

/** Limits of ffmpeg: H.264 and H.265 of 3840 x 2160 pixels need a third of it. */
export const FFMPEG_LIMITS: ChildLimits = { dataBytes: 1024 ** 3 };

/** As `spawnBound`, but what the child may take is bounded, and it leaves no core dump. Source: setrlimit(2), RLIMIT_DATA. */
export function spawnLimited(command: string, args: readonly string[], options: SpawnOptions, limits: ChildLimits): ChildProcess {
  return start(basename(command), ["prlimit", `--data=${limits.dataBytes}${limits.ofItselfOnly === true ? ":" : ""}`, "--core=0", "--", command, ...args], options);
}

/** What a child needs for its pipes and its start, with some to spare. */
const DESCRIPTORS_OF_A_CHILD = 16;

/**
 * Returns if a child could be given its pipes. To be called right before a start: Node leaves a child that found no
 * descriptors half made, and tells of it by an event that nobody can hear yet.
 * Errors: FusiondError "resources_exhausted".
 */
export function requireDescriptors(command: string): void {
  try {
    tryDescriptors(DESCRIPTORS_OF_A_CHILD);
  } catch (cause) {
    throw startError(command, cause);
  }
}

/**
 * Why a program could not be started, in a sentence: "dependency_missing" if it is not there, "resources_exhausted" if
 * the machine or the unit allows no more processes, open files or memory, which a later try may find otherwise.
 */
export function startError(command: string, cause: unknown): FusiondError {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  if (isMissing(cause)) {
    return new FusiondError("dependency_missing", `cannot start ${command}: install it and see that it is on PATH`, { cause });
  }
  const limits = "the limits of the unit (LimitNOFILE=, TasksMax=, MemoryMax=) or of the shell (ulimit -n, ulimit -u)";
  return new FusiondError("resources_exhausted", `cannot start ${command}: no more open files, processes or memory are allowed (${code || messageOf(cause)}): raise ${limits}`, { cause });
}

function isMissing(cause: unknown): boolean {
  return ["ENOENT", "EACCES"].includes((cause as NodeJS.ErrnoException).code ?? "");
}

/**
 * Resolves with how a child ended. Errors: those of `startError` if it could not be started at all; what is missing then is
 * the program that was to start `command`.
 */
export function exitOf(child: ChildProcess, command: string): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(startError(isMissing(cause) ? child.spawnfile : command, cause)));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** Asks a child to end and kills it if it has not within the grace time. Resolves when it has gone. */
export async function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await gone;
  clearTimeout(killer);
}

/**
 * The full path of a program on PATH (or the path itself, if it has a slash).
 * Errors: FusiondError "dependency_missing", which names the Debian package that brings it.
 */
export function requireProgram(name: string, debianPackage: string): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = name.includes("/") ? [name] : folders.map((folder) => join(folder, name));
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue; // not there: the next folder of PATH
    }
  }
  throw new FusiondError("dependency_missing", `${name} was not found on PATH: install it with "apt-get install ${debianPackage}"`);
}
