// Whether a live source is healthy: a pure state machine, judged by what it produces, not by bytes or connections.
import type { SourceState } from "./source.js";

/** How patient the judgement is, ms. */
export interface LivenessOptions {
  /** How long a source that came back must produce before it counts as healthy. */
  readonly steadyMs: number;
  /** Staying healthy for so long makes the next return quick again; before, each loss doubles the time asked for. */
  readonly coolDownMs: number;
  /** Unhealthy for so long: escalated. */
  readonly escalateMs: number;
  /** Unhealthy for so long: failed. It is tried on all the same. */
  readonly failMs: number;
}

/** A transition: `at` is event time (Unix ms), and may lie before what was told already, since losses are seen late. */
export interface StateChange {
  readonly state: SourceState;
  readonly at: number;
}

/** Flapping never asks for more than this many times `steadyMs`. */
const STEADY_FACTOR_MAX = 32;

/** The life of one source. Times called `nowMs` are monotonic, `time` is event time. */
export class Liveness {
  readonly #options: LivenessOptions;
  #state: SourceState = "starting";
  #unhealthySinceMs: number;
  #recoveringSinceMs = 0;
  #healthySinceMs = 0;
  #steadyFactor = 1;
  /** Event time of the last thing it produced: from there on it is blind when it is lost. */
  #producedTime: number;

  constructor(options: LivenessOptions, nowMs: number, time: number) {
    this.#options = options;
    this.#unhealthySinceMs = nowMs;
    this.#producedTime = time;
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Everything that it should give is being given. */
  produced(nowMs: number, time: number): StateChange | undefined {
    this.#producedTime = time;
    switch (this.#state) {
      case "starting":
        return this.#becomeHealthy(nowMs, time);
      case "alarmed":
      case "escalated":
      case "failed":
        this.#recoveringSinceMs = nowMs;
        return this.#become("recovering", time);
      case "recovering":
        if (nowMs - this.#recoveringSinceMs < this.#options.steadyMs * this.#steadyFactor) return undefined;
        return this.#becomeHealthy(nowMs, time);
      case "healthy":
      case "ended":
        return undefined;
    }
  }

  /** It gives nothing, or nothing true, since the event time `since` (default: since what it produced last). */
  lost(nowMs: number, time: number, since: number = this.#producedTime): StateChange | undefined {
    switch (this.#state) {
      case "healthy": {
        const calm = nowMs - this.#healthySinceMs >= this.#options.coolDownMs;
        this.#steadyFactor = calm ? 1 : Math.min(this.#steadyFactor * 2, STEADY_FACTOR_MAX);
        this.#unhealthySinceMs = nowMs;
        return this.#become("alarmed", since);
      }
      case "starting":
        return this.#become("alarmed", since);
      case "recovering":
        return this.#become(this.#levelAt(nowMs), time);
      case "alarmed":
      case "escalated":
      case "failed":
      case "ended":
        return undefined;
    }
  }

  /** Time has passed; to be called about once a second. */
  tick(nowMs: number, time: number): StateChange | undefined {
    if (this.#state !== "alarmed" && this.#state !== "escalated") return undefined;
    const level = this.#levelAt(nowMs);
    return level === this.#state ? undefined : this.#become(level, time);
  }

  #levelAt(nowMs: number): "alarmed" | "escalated" | "failed" {
    const ageMs = nowMs - this.#unhealthySinceMs;
    if (ageMs >= this.#options.failMs) return "failed";
    return ageMs >= this.#options.escalateMs ? "escalated" : "alarmed";
  }

  #becomeHealthy(nowMs: number, time: number): StateChange {
    this.#healthySinceMs = this.#state === "starting" ? -Infinity : nowMs; // a first loss is no flapping
    return this.#become("healthy", time);
  }

  #become(state: SourceState, at: number): StateChange {
    this.#state = state;
    return { state, at: Math.round(at) };
  }
}
