// A camera that sends the same picture again and again.
import { Anomaly } from "./anomaly.js";
import { compareGrids, type GreyGrid } from "./grey-grid.js";

/** A frame, as far as this judgement goes; `grid` for some frames a second only. */
export interface SeenFrame {
  readonly checksum: string;
  readonly grid?: GreyGrid;
}

/** Pictures that are remembered: more than a live encoder makes between two key frames, at five a second. */
const REMEMBERED_MAX = 64;

/** What is a little different must stay so for this long to count as alive, ms: compression also breathes now and then. */
const RELEASE_MS = 3000;

/** A reconnect that showed the same picture again makes the next one wait twice as long, up to this, ms. */
const RECONNECT_MAX_MS = 1_800_000;

/**
 * Finds a frozen picture: for so long every frame had been shown before, bit for bit or but for its compression. What a
 * sensor sees is new each time, be it only by noise.
 */
export class FrozenPicture {
  readonly #frozenMs: number;
  #frozen: Anomaly;
  #remembered: GreyGrid[] = [];
  #checksum: string | undefined;
  #isRepeated = false;
  /** When something new was shown last: event time. */
  #newTime = 0;
  #connectedMs: number | undefined;
  #reconnectMs: number;

  /** `frozenMs`: for how long nothing new may be shown; Infinity: for ever. */
  constructor(frozenMs: number) {
    this.#frozenMs = frozenMs;
    this.#reconnectMs = frozenMs;
    this.#frozen = new Anomaly(frozenMs, RELEASE_MS);
  }

  /** Whether the picture is frozen. */
  get active(): boolean {
    return this.#frozen.active;
  }

  /** The event time from which on nothing new has been shown, Unix ms. */
  get since(): number {
    return this.#frozen.since;
  }

  /** A new connection: the picture has its full time again before another one is due, and longer each time. */
  connecting(): void {
    if (this.active) this.#reconnectMs = Math.min(2 * this.#reconnectMs, RECONNECT_MAX_MS);
    this.#connectedMs = undefined;
  }

  /** Takes a frame, the monotonic time and the frame's event time. True: `active` changed. */
  observe(frame: SeenFrame, nowMs: number, time: number): boolean {
    this.#connectedMs ??= nowMs;
    const change = this.#judge(frame);
    if (change === "new") this.#newTime = time;
    if (change === "other") return this.#forget(time);
    return this.#frozen.observe(this.#isRepeated, nowMs, this.#newTime);
  }

  /** Whether connecting anew is worth a try. */
  reconnectDue(nowMs: number): boolean {
    return this.active && nowMs - (this.#connectedMs ?? nowMs) >= this.#reconnectMs;
  }

  #judge({ checksum, grid }: SeenFrame): "repeated" | "new" | "other" | "unknown" {
    const before = this.#checksum;
    this.#checksum = checksum;
    if (checksum === before) {
      this.#isRepeated = true;
      return "repeated";
    }
    if (before === undefined || grid === undefined) return this.#remember(grid, before === undefined ? "other" : "unknown");
    const likest = likestOf(this.#remembered, grid);
    this.#isRepeated = likest === "same";
    return this.#remember(grid, likest === "same" ? "repeated" : likest === "alike" ? "new" : "other");
  }

  #remember<T>(grid: GreyGrid | undefined, judgement: T): T {
    if (grid !== undefined) this.#remembered = [...this.#remembered, grid].slice(-REMEMBERED_MAX);
    return judgement;
  }

  /** Something else is shown: it all begins anew. True: it was frozen. */
  #forget(time: number): boolean {
    const was = this.active;
    this.#frozen = new Anomaly(this.#frozenMs, RELEASE_MS);
    this.#remembered = this.#remembered.slice(-1);
    this.#reconnectMs = this.#frozenMs;
    this.#isRepeated = false;
    this.#newTime = time;
    return was;
  }
}

function likestOf(remembered: readonly GreyGrid[], grid: GreyGrid): "same" | "alike" | "other" {
  let likest: "alike" | "other" = "other";
  for (const one of remembered) {
    const found = compareGrids(one, grid);
    if (found === "same") return found;
    if (found === "alike") likest = found;
  }
  return likest;
}
