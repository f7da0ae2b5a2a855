// The real fusiond as a process of its own: what a user starts, with its output and all the processes below it.
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requireProgram } from "../../daemon/runtime/child-process.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { eventually } from "./eventually.js";

const MAIN = join(packageRoot, "dist/daemon/main.js");

/** By its full path, since a test may leave nothing on PATH: what a killed test has started dies with it. */
const SETPRIV = requireProgram("setpriv", "util-linux");

/** How a process ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started command of fusiond. */
export class Fusiond {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.#ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  /** Starts `fusiond ARGS` in a folder, with other variables than the test's own where given, as the head of its process group. */
  static start(args: readonly string[], { cwd, env = process.env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Fusiond {
    return new Fusiond(spawn(SETPRIV, ["--pdeathsig", "KILL", "--", process.execPath, MAIN, ...args], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] }));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Lines of stderr that are log entries. */
  get log(): readonly Readonly<Record<string, unknown>>[] {
    const lines = this.#stderr.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resolves with the port of metrics and health when `run` is up. Errors: what it said, if it ended instead. */
  async running(): Promise<number | undefined> {
    const entry = await eventually(() => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`fusiond ended: ${this.#stderr}`);
      return this.log.find(({ msg }) => msg === "fusiond is running");
    });
    return entry["http"] as number | undefined;
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ctrl-C on its terminal: every process of its group gets it. */
  interrupt(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** Resolves when it has ended and its output is whole. */
  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Kills it if it runs, for a test's teardown. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** Runs a command of fusiond to its end. */
export function runFusiond(args: readonly string[], options?: { cwd?: string; env?: NodeJS.ProcessEnv }): Promise<Ended> {
  return Fusiond.start(args, options).ended();
}

/** The processes below one, at any depth. */
export function descendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (one: number): readonly number[] => (children.get(one) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** Whether a process is there and is no zombie. */
export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z";
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** State, parent and what follows, of /proc/PID/stat. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  } catch {
    return undefined; // it has gone
  }
}
