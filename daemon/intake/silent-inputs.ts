// Adds to what is reported of a group's inputs what only the intake knows: that one says nothing, or that what it said was lost.
import type { Input } from "../../fusion/watermark.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import type { Origin } from "../groups/step.js";

/** Whom to listen to. */
export interface SilentInputsOptions {
  readonly inputs: readonly Input[];
  /** How long an input may tell nothing until it is idle, ms; Infinity: it never is. */
  readonly idleAfterMs: number;
}

/** A change of what an input witnesses, in its own time, with the report that made it or after which it was concluded. */
export interface Witnessed {
  readonly change: WitnessChange;
  readonly origin: Origin;
}

/** What an input told of its progress, in its own time. */
export interface Told {
  /** All that ended at or before it was told. */
  readonly time: number;
  /** How far `time` was behind the clock, ms; 0 where its time is not the clock's. */
  readonly lagMs: number;
  readonly origin: Origin;
}

/** An input that nobody waits for any more, and what that means for absence. */
export interface FallenIdle {
  readonly input: Input;
  readonly witnessed: Witnessed | undefined;
}

/** An input whose times are not the clock's. */
export interface Astray {
  readonly input: Input;
  /** How far it is behind the clock, ms; negative: ahead. */
  readonly lagMs: number;
}

/** How an input stands: whether its silence proves an absence, and if it is healthy but not looked at, why. */
export interface Standing {
  readonly witnesses: boolean;
  readonly blind: string | undefined;
}

/** Times of an input further from the clock than this are told, ms: what delivery and encoding may take is far less. */
const ASTRAY_MS = 10_000;
const SILENT = "nothing of it gets through";
const ENDED = "it has ended";

/** No witness from a moment on, until progress is told that lies after another. */
interface Mute {
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** What is known of one input. */
interface Known {
  readonly input: Input;
  /** When it told something last, on the caller's clock; until it did, when it was first looked at. */
  toldAtMs: number | undefined;
  told: Told | undefined;
  reported: (Witnessed & { readonly why: string | undefined }) | undefined;
  idle: boolean;
  ended: boolean;
  mute: Mute | undefined;
}

/**
 * Judges by silence. An input that falls idle or has ended is no witness from just after its last progress on, nor is one
 * from the start of an observation on that was lost on its way. It is one again from the next progress that it tells beyond,
 * if what was reported of it last was that it is.
 *
 * Reports may come in any order. All `nowMs` are of one monotonic clock. Bound: what it knows of each input.
 */
export class SilentInputs {
  readonly #options: SilentInputsOptions;
  readonly #known: ReadonlyMap<string, Known>;

  constructor(options: SilentInputsOptions) {
    this.#options = options;
    this.#known = new Map(
      options.inputs.map((input) => [keyOf(input), { input, toldAtMs: undefined, told: undefined, reported: undefined, idle: false, ended: false, mute: undefined }]),
    );
  }

  /** An input told how far it is; gives the witness back to it that its silence took. */
  progress(input: Input, told: Told, nowMs: number): Witnessed | undefined {
    const known = this.#of(input);
    if (known === undefined) return undefined;
    known.toldAtMs = nowMs;
    known.idle = false;
    if (told.time > (known.told?.time ?? -Infinity)) known.told = told;
    const { mute, reported } = known;
    if (mute === undefined || told.time <= mute.to) return undefined;
    known.mute = undefined;
    if (reported?.change.healthy !== true) return undefined;
    return { change: { ...reported.change, at: Math.max(told.time, reported.change.at, mute.from) }, origin: latest(told.origin, reported.origin) };
  }

  /** What was reported of what an input witnesses; gives what of it holds, which is nothing good while it is silent. */
  witness(witnessed: Witnessed, why: string | undefined): Witnessed | undefined {
    const known = this.#of(witnessed.change);
    if (known === undefined) return undefined;
    if (known.reported === undefined || latest(witnessed.origin, known.reported.origin) === witnessed.origin) known.reported = { ...witnessed, why };
    return known.mute === undefined || !witnessed.change.healthy ? witnessed : undefined;
  }

  /** Something that it told was lost, that started at `at`: nobody saw it. */
  lost(input: Input, at: number, origin: Origin, why: string): Witnessed | undefined {
    const known = this.#of(input);
    return known === undefined ? undefined : muted(known, { from: at, to: at, why }, origin);
  }

  /**
   * A report of an input was refused, so nobody knows what it showed; of one about its witness nobody knows either whether it
   * is one, and it is none until it says so again.
   */
  refused(input: Input, isOfWitness: boolean, why: string): Witnessed | undefined {
    const known = this.#of(input);
    if (known === undefined) return undefined;
    const mute = silence(known, why);
    const witnessed = muted(known, mute);
    const { reported } = known;
    if (isOfWitness && reported !== undefined) known.reported = { ...reported, change: { ...reported.change, healthy: false, at: mute.from }, why };
    return witnessed;
  }

  /** An input has told its last: it is awaited no more, and a witness of nothing that comes after. */
  end(input: Input): Witnessed | undefined {
    const known = this.#of(input);
    if (known === undefined) return undefined;
    known.ended = true;
    return muted(known, { ...silence(known, ENDED), to: Infinity });
  }

  /** The inputs that have fallen idle since this was asked last. */
  look(nowMs: number): readonly FallenIdle[] {
    return [...this.#known.values()].flatMap((known) => {
      known.toldAtMs ??= nowMs;
      if (known.idle || known.ended || nowMs - known.toldAtMs <= this.#options.idleAfterMs) return [];
      known.idle = true;
      return [{ input: known.input, witnessed: muted(known, silence(known, SILENT)) }];
    });
  }

  /** How an input stands just now. */
  standing(input: Input): Standing {
    const { mute, reported } = this.#of(input) ?? {};
    const healthy = reported?.change.healthy === true;
    return { witnesses: healthy && mute === undefined, blind: healthy ? mute?.why : reported?.why };
  }

  /** Inputs that are awaited and whose times are so far from the clock that the group's sources cannot agree. */
  get astray(): readonly Astray[] {
    return [...this.#known.values()].flatMap(({ input, told, idle, ended }) => {
      const lagMs = told?.lagMs ?? 0;
      return Math.abs(lagMs) > ASTRAY_MS && !idle && !ended ? [{ input, lagMs }] : [];
    });
  }

  #of(input: Input): Known | undefined {
    return this.#known.get(keyOf(input));
  }
}

/** From just after what it told last, whatever that was. */
function silence({ told, reported }: Known, why: string): Mute {
  const to = told?.time ?? -Infinity;
  return { from: Math.max(to, reported?.change.at ?? -Infinity) + 1, to, why };
}

/** Takes the witness from an input, if it has it. */
function muted(known: Known, mute: Mute, origin?: Origin): Witnessed | undefined {
  const { mute: before, reported, told } = known;
  known.mute = before === undefined ? mute : { from: Math.min(before.from, mute.from), to: Math.max(before.to, mute.to), why: mute.why };
  if (reported?.change.healthy !== true || mute.from >= (before?.from ?? Infinity)) return undefined;
  return { change: { ...reported.change, at: mute.from, healthy: false }, origin: latest(reported.origin, told?.origin, origin) };
}

/** The latest of these reports of one input. */
function latest(first: Origin, ...others: readonly (Origin | undefined)[]): Origin {
  return others.reduce<Origin>((a, b) => (b === undefined || a.run > b.run || (a.run === b.run && a.seq >= b.seq) ? a : b), first);
}

function keyOf({ sourceId, modality }: Input): string {
  return `${sourceId} ${modality}`;
}
