// The end of the daemon: stages stopped upstream first, under one deadline. Who calls it exits with the code it gives.
import { FusiondError } from "../../fusion/model/errors.js";
import type { Clock, Timer } from "./clock.js";

/** A part of the daemon that is stopped. */
export interface ShutdownStage {
  readonly name: string;
  /** Finishes what it has and stops. The signal aborts at the deadline or a second signal: then drop, kill and return. */
  stop(signal: AbortSignal): Promise<void>;
}

/** Where signals come from: `process`, or a test. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT" | "SIGQUIT", listener: () => void): unknown;
  off(signal: "SIGTERM" | "SIGINT" | "SIGQUIT", listener: () => void): unknown;
}

/** What the end tells. */
export interface ShutdownTelemetry {
  /** It begins, and why. */
  stopping(reason: string): void;
  /** Every few seconds: what is being stopped, and what comes after it. */
  stillRunning(stage: string, remaining: readonly string[], elapsedMs: number): void;
  /** A stage could not be stopped in order; the next one is stopped all the same. */
  stageFailed(stage: string, error: unknown): void;
  /** It ends at once, with what still ran named. */
  aborted(error: FusiondError): void;
}

/** What is stopped, in which order, and how long it may take. */
export interface ShutdownOptions {
  /** Upstream first. Asked when the end begins, and may wait for a start that is under way, so that only what was started is in it. */
  stages(): readonly ShutdownStage[] | Promise<readonly ShutdownStage[]>;
  /** For all of them together, ms. */
  readonly deadlineMs: number;
  readonly noteEveryMs?: number;
  readonly clock: Clock;
  readonly signals: SignalSource;
  readonly telemetry: ShutdownTelemetry;
}

const NOTE_EVERY_MS = 5000;
const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;

/** Waits for the reason to stop, then stops. Begins once, whoever asks first. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #abort = new AbortController();
  readonly #handlers = SIGNALS.map((signal) => ({ signal, listener: () => this.#onSignal(signal) }));
  #keepAlive: NodeJS.Timeout | undefined;
  #resolve: (exitCode: number) => void = () => undefined;
  #began = false;
  #current = "";
  #remaining: string[] = [];
  #deadline: Timer | undefined;
  #note: Timer | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the process's exit code once everything has stopped: 0, or the code given to `begin`, or 1 if a stage
   * failed, the deadline passed or a second signal came. From now on signals are handled here, and the process stays.
   */
  wait(): Promise<number> {
    // A stage whose handles are gone but whose promise is not would otherwise end the process before its deadline.
    this.#keepAlive = setInterval(() => undefined, 2 ** 30);
    for (const { signal, listener } of this.#handlers) this.#options.signals.on(signal, listener);
    return new Promise<number>((resolve) => (this.#resolve = resolve)).finally(() => this.#release());
  }

  /** Begins the end for a reason other than a signal: the input has ended (0), or nothing can work any more (1). */
  begin(reason: string, exitCode = 0): void {
    if (this.#began) return;
    this.#began = true;
    void this.#stopAll(reason, exitCode).then((code) => this.#resolve(code));
  }

  #onSignal(signal: string): void {
    if (this.#began) this.#giveUp(`a second signal (${signal}) came`);
    else this.begin(signal);
  }

  async #stopAll(reason: string, exitCode: number): Promise<number> {
    const { clock, deadlineMs, telemetry } = this.#options;
    telemetry.stopping(reason);
    this.#deadline = clock.after(deadlineMs, () => this.#giveUp(`${Math.round(deadlineMs / 1000)} s were not enough`));
    this.#noteRegularly(clock.monotonicNowMs());
    let code = exitCode;
    this.#current = "start";
    const asked = this.#options.stages();
    const stages = asked instanceof Promise ? await asked : asked;
    this.#remaining = stages.map((stage) => stage.name);
    for (const stage of stages) {
      this.#current = this.#remaining.shift() ?? stage.name;
      if (!(await this.#stopStage(stage))) code = 1;
    }
    return code;
  }

  async #stopStage(stage: ShutdownStage): Promise<boolean> {
    try {
      await stage.stop(this.#abort.signal);
      return true;
    } catch (error) {
      this.#options.telemetry.stageFailed(stage.name, error);
      return false;
    }
  }

  #noteRegularly(startedAtMs: number): void {
    const { clock, noteEveryMs = NOTE_EVERY_MS, telemetry } = this.#options;
    this.#note = clock.after(noteEveryMs, () => {
      telemetry.stillRunning(this.#current, this.#remaining, Math.round(clock.monotonicNowMs() - startedAtMs));
      this.#noteRegularly(startedAtMs);
    });
  }

  /** Ends now. Stages that heed the abort still run their last lines; nobody waits for them. */
  #giveUp(why: string): void {
    if (this.#abort.signal.aborted) return;
    const running = [this.#current, ...this.#remaining].join(", ");
    this.#options.telemetry.aborted(new FusiondError("shutdown_timeout", `stopped at once because ${why}, while these still ran: ${running}`));
    this.#cancelTimers();
    this.#abort.abort();
    this.#resolve(1);
  }

  #cancelTimers(): void {
    this.#deadline?.cancel();
    this.#note?.cancel();
  }

  #release(): void {
    clearInterval(this.#keepAlive);
    this.#cancelTimers();
    for (const { signal, listener } of this.#handlers) this.#options.signals.off(signal, listener);
  }
}
