// A camera that sends the same picture again and again.
import { Sustained } from "./sustained.js";

/** Finds a frozen picture by the checksums of frames on the monotonic clock. */
export class FrozenPicture {
  readonly #frozen: Sustained;
  readonly #frozenMs: number;
  #checksum: string | undefined;
  #sinceMs = 0;
  #sinceTime = 0;
  #connectedMs: number | undefined;

  /** `frozenMs`: how long one picture may stay. */
  constructor(frozenMs: number) {
    this.#frozen = new Sustained(frozenMs, 0);
    this.#frozenMs = frozenMs;
  }

  /** Whether the picture is frozen. */
  get active(): boolean {
    return this.#frozen.active;
  }

  /** The event time from which on the picture has been the same, Unix ms. */
  get since(): number {
    return this.#sinceTime;
  }

  /** A new connection: the picture has its full time again before another one is due. */
  connecting(): void {
    this.#connectedMs = undefined;
  }

  /** Takes a frame's checksum, the monotonic time and the frame's event time. True: `active` changed. */
  observe(checksum: string, nowMs: number, time: number): boolean {
    this.#connectedMs ??= nowMs;
    const same = checksum === this.#checksum;
    if (!same) [this.#checksum, this.#sinceMs, this.#sinceTime] = [checksum, nowMs, time];
    return this.#frozen.observe(same, nowMs);
  }

  /** Whether connecting anew is worth a try. */
  reconnectDue(nowMs: number): boolean {
    return this.active && nowMs - Math.max(this.#sinceMs, this.#connectedMs ?? nowMs) >= this.#frozenMs;
  }
}
