// Room on the disk that is given up when the disk is full, so that alerts can still be written.
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from "node:fs";

const CHUNK_BYTES = 64 * 1024;

/** How long to wait before room is asked for again, ms: a full disk stays full for minutes. */
const RETRY_MS = 30_000;

/** A file of zeros that holds room on the disk. */
export class DiskReserve {
  readonly #path: string;
  readonly #bytes: number;
  readonly #monotonicNowMs: () => number;
  #held = false;
  #spent = false;
  #triedAtMs = -Infinity;

  constructor(path: string, bytes: number, monotonicNowMs: () => number) {
    this.#path = path;
    this.#bytes = bytes;
    this.#monotonicNowMs = monotonicNowMs;
  }

  /** Whether the room is held: while it is not, the disk is too full for all but alerts. */
  get held(): boolean {
    return this.#held;
  }

  /** "spent": it was given to alerts and there has been no room for it since. "missing": there never was. */
  get state(): "held" | "spent" | "missing" {
    if (this.#held) return "held";
    return this.#spent ? "spent" : "missing";
  }

  /** Notices that somebody took the file away, so that it can be taken again. */
  check(): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? -1;
    if (this.#held && size < this.#bytes) [this.#held, this.#triedAtMs] = [false, -Infinity];
  }

  /** Takes the room if it is not held and was not tried for a while. A disk without room is no error. */
  take(): void {
    const nowMs = this.#monotonicNowMs();
    if (this.#held || nowMs - this.#triedAtMs < RETRY_MS) return;
    this.#triedAtMs = nowMs;
    try {
      this.#fill();
      this.#held = true;
      this.#spent = false;
    } catch {
      this.#remove(); // half a reserve would only take room from the alerts
    }
  }

  /** Gives the room to whoever writes next. False: there was none left to give. */
  spend(): boolean {
    if (!this.#held) return false;
    this.#remove();
    this.#held = false;
    this.#spent = true;
    this.#triedAtMs = this.#monotonicNowMs();
    return true;
  }

  #remove(): void {
    rmSync(this.#path, { force: true, recursive: true }); // whatever somebody put there
  }

  #fill(): void {
    const fd = openSync(this.#path, "a", 0o600);
    try {
      const zeros = new Uint8Array(CHUNK_BYTES);
      for (let size = statSync(this.#path).size; size < this.#bytes; size += CHUNK_BYTES) writeSync(fd, zeros);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}
