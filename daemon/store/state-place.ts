// Whether the place of the state is as it must be: the folder still there, and room on the disk held for alerts.
import { statSync } from "node:fs";
import { join } from "node:path";
import type { DiskReserve } from "./disk-reserve.js";
import { STATE_FILE } from "./state-file.js";
import type { StoreFault } from "./store.js";

/**
 * What is wrong with the state folder while the daemon works on it. A folder that is deleted or replaced takes nothing
 * from who has its files open: what waits can still be delivered to a broker elsewhere, so this is told and nothing ended.
 */
export class StatePlace {
  readonly #folder: string;
  readonly #reserveBytes: number;
  readonly #reserve: DiskReserve;
  readonly #opened: string | undefined;
  #told = "";

  /** Remembers the state file that is there now, which must be open. */
  constructor(folder: string, reserveBytes: number, reserve: DiskReserve) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
    this.#reserve = reserve;
    this.#opened = this.#identity();
  }

  /** What is wrong now, if it is not what the last call gave; takes the reserve up again where there is room. */
  changed(): readonly StoreFault[] | undefined {
    const faults = this.#look();
    const told = faults.map(({ reason }) => reason).join();
    if (told === this.#told) return undefined;
    this.#told = told;
    return faults;
  }

  #look(): StoreFault[] {
    if (this.#identity() !== this.#opened) {
      const detail = `the state folder ${this.#folder} was deleted or replaced while fusiond runs: it goes on, but what it writes does not survive a restart, and an embedded broker stores nothing; put the folder back, or start fusiond again`;
      return [{ reason: "folder_replaced", detail }];
    }
    this.#reserve.check();
    this.#reserve.take();
    const { state } = this.#reserve;
    if (state === "held") return [];
    if (state === "spent") return [{ reason: "disk_full", detail: `the disk of ${this.#folder} is full: alerts use their reserve, health messages are shed; free some room` }];
    const detail = `the disk of ${this.#folder} has no room for the reserve of ${this.#reserveBytes} bytes that alerts need when it is full: free some`;
    return [{ reason: "reserve_missing", detail }];
  }

  /** Device and inode of the state file; undefined if there is none. */
  #identity(): string | undefined {
    const stat = statSync(join(this.#folder, STATE_FILE), { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
  }
}
