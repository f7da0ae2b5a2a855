// One child process of a tower: started, asked one thing at a time, and killed when it does not answer.
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FusiondError } from "../fusion/model/errors.js";
import type { CaptureResult, ChildMessage, StartMessage } from "./host-protocol.js";
import type { ModelCapture } from "./tower-spec.js";

/** Starts a program; the daemon gives one whose children die with it. */
export type Spawn = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

/** What a child needs. */
export interface TowerChildOptions {
  readonly spawn: Spawn;
  readonly start: StartMessage;
  readonly startDeadlineMs: number;
  readonly deadlineMs: number;
  /** Called once when the child has gone, unless it was stopped. */
  readonly onLost: (reason: "crash" | "deadline") => void;
}

/** What a child says when it is proved. */
export type Ready = Extract<ChildMessage, { kind: "ready" }>;

/** How much of a child's last words is kept for the error, characters. */
const STDERR_TAIL = 2000;
/** How long a child may take to release its model and go, ms. */
const STOP_GRACE_MS = 3000;

/** What is awaited from the child: the answer to the start or to a request. */
interface Waiting {
  readonly resolve: (message: ChildMessage) => void;
  readonly reject: (error: FusiondError) => void;
  readonly timer: NodeJS.Timeout;
}

/** A process that runs one tower. Used once: a lost child is replaced by a new object. */
export class TowerChild {
  readonly #options: TowerChildOptions;
  #process: ChildProcess | undefined;
  #waiting: Waiting | undefined;
  #stderr = "";
  #deadlinePassed = false;
  #ready = false;
  #stopping = false;

  constructor(options: TowerChildOptions) {
    this.#options = options;
  }

  /** Resolves when the tower is proved. Errors: FusiondError; the child has gone then. */
  async start(signal: AbortSignal): Promise<Ready> {
    const entry = fileURLToPath(new URL("./child/main.js", import.meta.url));
    const child = this.#options.spawn(process.execPath, [entry], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
    });
    this.#process = child;
    this.#listen(child);
    if (child.pid === undefined) throw startError(((await once(child, "error")) as [Error])[0]);
    const abort = (): void => void child.kill("SIGKILL");
    signal.addEventListener("abort", abort);
    try {
      const message = await this.#ask(this.#options.start, this.#options.startDeadlineMs);
      if (message.kind === "refused") throw new FusiondError(message.code, message.message);
      if (message.kind !== "ready") throw new FusiondError("encode_failed", `a tower's child answered ${message.kind} to its start`);
      this.#ready = true;
      return message;
    } catch (error) {
      await this.#kill();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Encodes captures of which none else is under way; `isBusy`: what can wait is put off. Errors: FusiondError "encode_failed", "encode_timeout": the child has gone. */
  async encode(captures: readonly ModelCapture[], isBusy: boolean): Promise<readonly CaptureResult[]> {
    const message = await this.#ask({ kind: "encode", captures: captures.map(plain), isBusy }, this.#options.deadlineMs);
    if (message.kind !== "encoded") throw new FusiondError("encode_failed", `a tower's child answered ${message.kind} to a capture`);
    return message.results;
  }

  /** Lets the child release its model and go; kills it if it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#process;
    if (child === undefined || hasGone(child)) return;
    child.send({ kind: "stop" }, ignoreSendError);
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    await gone(child);
    clearTimeout(killer);
  }

  #listen(child: ChildProcess): void {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)));
    child.on("message", (message) => {
      const waiting = this.#takeWaiting();
      waiting?.resolve(message as ChildMessage);
    });
    child.once("error", (cause) => this.#lost(startError(cause)));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `exit code ${code ?? "unknown"}` : signal;
      const lastWords = this.#stderr.trim().split("\n").slice(-3).join(" | ");
      const what = `the ${this.#options.start.tower.modality} tower's child ended by ${how}${lastWords === "" ? "" : `: ${lastWords}`}`;
      this.#lost(
        this.#deadlinePassed
          ? new FusiondError("encode_timeout", `the ${this.#options.start.tower.modality} tower did not answer in time and its child was killed`)
          : new FusiondError("encode_failed", what),
      );
    });
  }

  #lost(error: FusiondError): void {
    this.#takeWaiting()?.reject(error);
    if (!this.#ready || this.#stopping) return;
    this.#stopping = true;
    this.#options.onLost(this.#deadlinePassed ? "deadline" : "crash");
  }

  #ask(message: object, deadlineMs: number): Promise<ChildMessage> {
    return new Promise((resolve, reject) => {
      const child = this.#process;
      if (child === undefined || hasGone(child) || this.#waiting !== undefined) {
        reject(new FusiondError("encode_failed", "a tower's child was asked when it could not answer"));
        return;
      }
      const timer = setTimeout(() => {
        this.#deadlinePassed = true;
        child.kill("SIGKILL");
      }, deadlineMs);
      this.#waiting = { resolve, reject, timer };
      child.send(message, ignoreSendError);
    });
  }

  #takeWaiting(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(waiting?.timer);
    return waiting;
  }

  async #kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || hasGone(child)) return;
    child.kill("SIGKILL");
    await gone(child);
  }
}

/** As it can cross the channel. */
function plain(capture: ModelCapture): ModelCapture {
  if (capture.modality !== "image") return capture;
  const copy = { ...capture };
  delete copy.release;
  return copy;
}

function startError(cause: NodeJS.ErrnoException): FusiondError {
  if (cause.code === "ENOENT") return new FusiondError("dependency_missing", `a tower's child cannot be started: ${cause.message}`, { cause });
  return new FusiondError("resources_exhausted", `a tower's child cannot be started (${cause.message}): raise the limits of open files, processes and memory`, { cause });
}

function hasGone(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function gone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** A closed channel needs no word of its own: the child's exit follows. */
function ignoreSendError(): void {
  return undefined;
}
