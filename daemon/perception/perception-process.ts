// One perception process: started, watched, and killed when it does not live up to what it promised. Used once.
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FusiondError } from "../../fusion/model/errors.js";
import { startError } from "../runtime/child-process.js";
import type { LossReason } from "./loss-reasons.js";
import { BEAT_MS, type Command, type Configure, type Told } from "./protocol.js";
import { errorOf } from "./told-error.js";

/** Starts a program; the daemon gives one whose children die with it. */
export type Spawn = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

/** What a process answers to its start. */
type Answer = Extract<Told, { kind: "ready" | "refused" }>;

/** What one is made with. */
export interface PerceptionProcessOptions {
  readonly name: string;
  readonly spawn: Spawn;
  readonly configure: Configure;
  /** How long loading and proving may take, ms. */
  readonly startDeadlineMs: number;
  /** How long an inference may take, and how long the process may give no sign of life, ms. */
  readonly deadlineMs: number;
  /** What it tells beside its answer to the start. */
  readonly onTold: (told: Exclude<Told, Answer>) => void;
  /** Called once when it has gone after it was ready, unless it was stopped, and after all that it told. `how`: in an operator's words. */
  readonly onLost: (reason: LossReason, how: string) => void;
}

/** How much of a process's last words is kept for the error, characters. */
const STDERR_TAIL = 2000;

/** A child process that perceives. */
export class PerceptionProcess {
  readonly #options: PerceptionProcessOptions;
  #process: ChildProcess | undefined;
  #closed: Promise<void> = Promise.resolve();
  #stderr = "";
  #killedFor: Exclude<LossReason, "crash"> | undefined;
  #isReady = false;
  #isStopping = false;
  /** Ticks since it was last heard: a daemon that stood still itself counts none. */
  #silentTicks = 0;
  #watch: NodeJS.Timeout | undefined;
  #answer: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(options: PerceptionProcessOptions) {
    this.#options = options;
  }

  /** Its process id; undefined before the start. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when its towers are proved. Errors: FusiondError; the process has gone then. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const entry = fileURLToPath(new URL("./child/main.js", import.meta.url));
    const child = this.#options.spawn(process.execPath, [entry], { stdio: ["ignore", "ignore", "pipe", "ipc"], serialization: "advanced" });
    this.#process = child;
    if (child.pid === undefined) throw startError("a perception process", ((await once(child, "error")) as [Error])[0]);
    this.#listen(child);
    const abort = (): void => void child.kill("SIGKILL");
    signal.addEventListener("abort", abort);
    const timer = setTimeout(() => this.kill("deadline"), this.#options.startDeadlineMs);
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        this.#answer = { resolve, reject };
        this.#tell(this.#options.configure);
      });
      if (answer.kind === "refused") throw errorOf(answer.error);
      this.#isReady = true;
      this.#watch = setInterval(() => this.#look(), BEAT_MS);
    } catch (error) {
      child.kill("SIGKILL");
      await this.#closed;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Lets it start its sources. */
  begin(): void {
    this.#tell({ kind: "begin" });
  }

  /** So many reports were taken in. */
  taken(reports: number): void {
    this.#tell({ kind: "taken", reports });
  }

  /** Ends it at once; `onLost` tells why. */
  kill(reason: Exclude<LossReason, "crash">): void {
    this.#killedFor ??= reason;
    this.#process?.kill("SIGKILL");
  }

  /** Lets it tell what it has and go; kills it when the signal aborts. Resolves when it has gone. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    const kill = (): void => void this.#process?.kill("SIGKILL");
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill);
    this.#tell({ kind: "stop" });
    await this.#closed;
    signal.removeEventListener("abort", kill);
  }

  #tell(command: Command): void {
    if (this.#process?.connected === true) this.#process.send(command, () => undefined); // a closed channel needs no word of its own: the end follows
  }

  #listen(child: ChildProcess): void {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)));
    child.on("message", (message) => {
      this.#silentTicks = 0;
      this.#heard(message as Told);
    });
    child.on("error", () => undefined); // of a kill or a send that came too late
    this.#closed = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        clearInterval(this.#watch);
        this.#gone(this.#howItEnded(code, signal));
        resolve();
      });
    });
  }

  #heard(told: Told): void {
    if (told.kind === "ready" || told.kind === "refused") {
      this.#answer?.resolve(told);
      this.#answer = undefined;
      return;
    }
    if (told.kind === "told" && (told.beat?.oldestMs ?? 0) > this.#options.deadlineMs) this.kill("deadline");
    this.#options.onTold(told);
  }

  #look(): void {
    this.#silentTicks++;
    if (this.#silentTicks * BEAT_MS > this.#options.deadlineMs) this.kill("silence");
  }

  #gone(how: string): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer !== undefined) answer.reject(new FusiondError(this.#killedFor === undefined ? "encode_failed" : "encode_timeout", how));
    else if (this.#isReady && !this.#isStopping) this.#options.onLost(this.#killedFor ?? "crash", how);
  }

  #howItEnded(code: number | null, signal: string | null): string {
    const { name, deadlineMs } = this.#options;
    const seconds = deadlineMs / 1000;
    switch (this.#killedFor) {
      case "deadline":
        return `perception process ${name} did not answer in time and was killed`;
      case "silence":
        return `perception process ${name} gave no sign of life for ${seconds} s and was killed`;
      case "flood":
        return `perception process ${name} told more than was taken in and was killed`;
      case "garbled":
        return `perception process ${name} told what cannot be taken in and was killed`;
      case undefined: {
        const lastWords = this.#stderr.trim().split("\n").slice(-3).join(" | ");
        return `perception process ${name} ended by ${signal ?? `exit code ${code ?? "unknown"}`}${lastWords === "" ? "" : `: ${lastWords}`}`;
      }
    }
  }
}
