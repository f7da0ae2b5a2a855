// What the daemon tells of its perception processes, beside what they tell themselves.
import type { Refusal } from "../report/check-report.js";
import type { LossReason } from "./loss-reasons.js";
import type { WaitingInput } from "./protocol.js";

/** What is told of the processes, each by its name. */
export interface HostTelemetry {
  /** Whether a process perceives: undefined, or why it does not. Told when it changes. `pid`: of the one that does. */
  perceiving(process: string, fault: string | undefined, pid?: number): void;
  /** A process was lost and is started again. */
  restarted(process: string, reason: LossReason): void;
  /** A report of a process cannot be taken in, and why: one that cannot be read at all costs the process its life. */
  refused(process: string, refusal: Refusal): void;
  /** Calls of telemetry that a process could not tell. */
  callsLost(process: string, count: number): void;
  /** What waits in a process for its towers, as it said last. */
  waiting(process: string, inputs: readonly WaitingInput[]): void;
}
