// The way out of a perception process: reports, telemetry and signs of life, a turn of the event loop in one message.
import type { Report } from "../report/report.js";
import { encodeReport } from "../report/report-codec.js";
import { REPORTS_UNDER_WAY_MAX, type Beat, type TelemetryCall, type Told } from "./protocol.js";

/** Calls of telemetry that may wait for the channel; more are lost, and how many is told. */
const CALLS_MAX = 4096;

/**
 * Sends what a process tells, in order. Bound: REPORTS_UNDER_WAY_MAX reports that were not taken in yet, after which `report`
 * waits; CALLS_MAX calls. One message is on its way at a time.
 */
export class Outlet {
  readonly #send: (told: Told, sent: () => void) => void;
  #reports: Uint8Array[] = [];
  #calls: TelemetryCall[] = [];
  #callsLost = 0;
  #beat: Beat | undefined;
  #underWay = 0;
  #room: (() => void)[] = [];
  #isSending = false;
  #isPlanned = false;
  #idle: (() => void)[] = [];

  /** `send`: calls `sent` when the channel takes more. */
  constructor(send: (told: Told, sent: () => void) => void) {
    this.#send = send;
  }

  /** Tells a report; resolves when more may be told. */
  report(report: Report): void | Promise<void> {
    this.#reports.push(encodeReport(report));
    this.#underWay++;
    this.#plan();
    if (this.#underWay >= REPORTS_UNDER_WAY_MAX) return new Promise((resolve) => this.#room.push(resolve));
  }

  call(call: TelemetryCall): void {
    if (this.#calls.length >= CALLS_MAX) this.#callsLost++;
    else this.#calls.push(call);
    this.#plan();
  }

  /** The newest counts. */
  beat(beat: Beat): void {
    this.#beat = beat;
    this.#plan();
  }

  /** So many reports were taken in. */
  taken(reports: number): void {
    this.#underWay -= reports;
    if (this.#underWay >= REPORTS_UNDER_WAY_MAX) return;
    for (const resolve of this.#room.splice(0)) resolve();
  }

  /** Resolves when all that was told has left. */
  async flush(): Promise<void> {
    this.#plan();
    if (this.#isSending || this.#isPlanned) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #plan(): void {
    if (this.#isPlanned || this.#isSending) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#reports.length === 0 && this.#calls.length === 0 && this.#beat === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    const [reports, calls, callsLost, beat] = [this.#reports, this.#calls, this.#callsLost, this.#beat];
    [this.#reports, this.#calls, this.#callsLost, this.#beat] = [[], [], 0, undefined];
    this.#isSending = true;
    this.#send({ kind: "told", reports, calls, callsLost, ...(beat === undefined ? {} : { beat }) }, () => {
      this.#isSending = false;
      this.#plan();
    });
  }
}
