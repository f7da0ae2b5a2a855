// One connection of a live source, as its own code sees it, with the watchdog over what arrives.
import { MODALITY_NOUNS, type Modality } from "../../fusion/model/modality.js";
import type { Clock } from "../runtime/clock.js";
import { INTERVALS_MAX } from "./pace.js";
import type { RestartReason } from "./source.js";

/** How a connection ended; `atOnce`: the next one is not to wait, since it asks for something else. */
export interface ConnectionEnd {
  readonly reason: RestartReason;
  /** What happened, in an operator's words; no secrets. */
  readonly detail: string;
  readonly atOnce?: boolean;
  /** Trying often does harm: the next one waits for long. */
  readonly isLocking?: boolean;
}

/** What a connection sees of the loop that runs it. */
export interface Link {
  /** Aborts when the connection is to end. */
  readonly signal: AbortSignal;
  /** Something of this modality came in that shows what is there, as of this event time. */
  shown(modality: Modality, time: number): Promise<void>;
  /** Something of this modality came in, but nothing true since the event time `since`. */
  blind(modality: Modality, why: string, since: number): Promise<void>;
  /** This connection will not give this modality: nobody waits for it. Not for the first modality. */
  absent(modality: Modality, why: string): Promise<void>;
  /** Ends the connection for a reason of its own. */
  end(reason: RestartReason, detail: string): void;
}

/** Runs one connection until it ends or its signal aborts. "ended": there is no more, and that is as it should be. */
export type Connect = (link: Link) => Promise<ConnectionEnd | "ended">;

/** How patient a connection is with what stays away, ms. */
export interface ConnectionPatience {
  /** From the start of a connection to the first of every modality. */
  readonly startMs: number;
  /** Without anything of a modality, before it counts as lost. */
  readonly stallMs: number;
}

/** What a connection is for. */
export interface ConnectionOptions {
  /** The connection ends where the first stays away. */
  readonly modalities: readonly [Modality, ...Modality[]];
  readonly patience: ConnectionPatience;
}

/** Who hears what a connection gives. */
export interface ConnectionListener {
  shown(modality: Modality, time: number): Promise<void>;
  blind(modality: Modality, why: string, since?: number): Promise<void>;
  /** These modalities do not come just now. */
  absent(modalities: readonly Modality[]): void;
}

/** Intervals that are remembered. */
const PACES = 3;

/** Ends itself where the first modality stays away; goes on without any other, which may come back. */
export class Connection implements Link {
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #listener: ConnectionListener;
  readonly #abort = new AbortController();
  readonly #startedMs: number;
  readonly #arrivedMs = new Map<Modality, number>();
  /** Times between the last few arrivals of each modality, ms. */
  readonly #paceMs = new Map<Modality, readonly number[]>();
  readonly #absent = new Set<Modality>();
  #firstShownMs: number | undefined;
  #lastShownMs = 0;
  #ended: ConnectionEnd | undefined;

  constructor(options: ConnectionOptions, clock: Clock, listener: ConnectionListener) {
    this.#options = options;
    this.#clock = clock;
    this.#listener = listener;
    this.#startedMs = clock.monotonicNowMs();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was ended from our side; nothing if it was not. */
  get ended(): ConnectionEnd | undefined {
    return this.#ended;
  }

  /** From the first to the last thing that it showed of the first modality, ms. */
  get flowedMs(): number {
    return this.#firstShownMs === undefined ? 0 : this.#lastShownMs - this.#firstShownMs;
  }

  abort(): void {
    this.#abort.abort();
  }

  async shown(modality: Modality, time: number): Promise<void> {
    const nowMs = this.#arrived(modality);
    if (modality === this.#options.modalities[0]) {
      this.#firstShownMs ??= nowMs;
      this.#lastShownMs = nowMs;
    }
    if (this.#ended === undefined) await this.#listener.shown(modality, time);
  }

  async blind(modality: Modality, why: string, since: number): Promise<void> {
    this.#arrived(modality);
    if (this.#ended === undefined) await this.#listener.blind(modality, why, since);
  }

  async absent(modality: Modality, why: string): Promise<void> {
    if (this.#absent.has(modality)) return;
    this.#absent.add(modality);
    this.#listener.absent([...this.#absent]);
    await this.#listener.blind(modality, why);
  }

  end(reason: RestartReason, detail: string): void {
    this.#ended ??= { reason, detail };
    this.#abort.abort();
  }

  /** Judges what stays away for too long. To be called about twice a second. */
  async watch(): Promise<void> {
    const { startMs } = this.#options.patience;
    const nowMs = this.#clock.monotonicNowMs();
    for (const modality of this.#options.modalities) {
      const arrivedMs = this.#arrivedMs.get(modality);
      if (arrivedMs === undefined && nowMs - this.#startedMs >= startMs) {
        await this.#missed(modality, "start_failed", `no ${MODALITY_NOUNS[modality]} within ${startMs / 1000} s of connecting`);
      } else if (arrivedMs !== undefined && nowMs - arrivedMs >= this.#stallMs(modality)) {
        await this.#missed(modality, "stall", `no ${MODALITY_NOUNS[modality]} for ${Math.round((nowMs - arrivedMs) / 1000)} s`);
      }
    }
  }

  async #missed(modality: Modality, reason: RestartReason, why: string): Promise<void> {
    if (modality === this.#options.modalities[0]) this.end(reason, why);
    else await this.absent(modality, why);
  }

  /** A camera may be slower than it was configured for: it has three of its own intervals, and for its second picture as long as for its first. */
  #stallMs(modality: Modality): number {
    const { stallMs, startMs } = this.#options.patience;
    const paceMs = this.#paceMs.get(modality);
    return paceMs === undefined ? Math.max(startMs, stallMs) : Math.max(stallMs, INTERVALS_MAX * Math.min(...paceMs));
  }

  #arrived(modality: Modality): number {
    const nowMs = this.#clock.monotonicNowMs();
    const beforeMs = this.#arrivedMs.get(modality);
    if (beforeMs !== undefined) this.#paceMs.set(modality, [...(this.#paceMs.get(modality) ?? []), nowMs - beforeMs].slice(-PACES));
    this.#arrivedMs.set(modality, nowMs);
    if (this.#absent.delete(modality)) this.#listener.absent([...this.#absent]);
    return nowMs;
  }
}
