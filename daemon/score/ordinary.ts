// Ordinary hours: how often rules tell something although it is not there.
import type { LoadedConfig } from "../../config/load.js";
import type { RuleConfig } from "../../config/schema/rules.js";
import { formatDurationMs } from "../../config/units.js";
import type { Pack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import type { Source } from "../sources/source.js";
import { excusesOf, waitedFor } from "./excuses.js";
import { added, falseIncidents, falseTimeMs, rateOf, type Counted, type Excuses, type IncidentRate } from "./incident-rates.js";
import type { PlacedLabel } from "./placed-label.js";
import { PlayedFootage } from "./played-footage.js";
import { playedSounds } from "./played-sound.js";
import { readRecordings, type Recording } from "./recordings.js";
import { RememberingEncoder } from "./remembering-encoder.js";
import { common, lengthMs, type Span } from "./spans.js";
import { Trial } from "./trial.js";

/** What is scored, and how. */
export interface OrdinaryOptions {
  readonly folders: readonly string[];
  /** Further tables of what is truly there. */
  readonly labels: readonly string[];
  readonly rules: LoadedConfig;
  readonly pack: Pack;
  /** How long each recording is played before it counts, ms; each is a state of its own. */
  readonly warmMs: readonly number[];
  readonly fps?: number;
  /** Told what is being done: it takes long. */
  readonly progress: (line: string) => void;
}

/** The rate of one rule: over the hours in which what it asks for is not truly there. */
export interface RuleRate extends IncidentRate {
  readonly id: string;
}

/** A false incident, so that somebody can listen and look. */
export interface FalseIncident {
  readonly rule: string;
  readonly recording: string;
  /** When it was told, seconds from the recording's start; below 0: it was told before and goes on. */
  readonly at: number;
  readonly confidence: number;
}

/** How the rules that one modality can meet fared in one state. */
export interface OrdinaryState extends IncidentRate {
  readonly modality: "image" | "audio";
  /** How long each recording was played before it counted: `0s` is cold. */
  readonly warm: string;
  readonly recordings: number;
  readonly rules: readonly RuleRate[];
  readonly false_incidents: readonly FalseIncident[];
}

/** All that `score ordinary` has to say; the keys are those of its JSON. At the top: the state `warm`, all modalities. */
export interface OrdinaryScore extends IncidentRate {
  readonly rules: readonly RuleRate[];
  readonly warm: string;
  readonly pack: { readonly id: string; readonly version: string };
  readonly states: readonly OrdinaryState[];
  readonly left_out: readonly string[];
}

/** A recording that can be played after a warm-up of any length. */
interface Played {
  readonly lengthMs: number;
  readonly labels: readonly PlacedLabel[];
  source(id: string, warmMs: number): Source;
}

/** The state whose numbers stand at the top, where it is among those asked for, ms. */
const HEADLINE_MS = 60_000;
/**
 * After a warm-up longer than LONG_WARM_MS so many recordings are played, drawn by SEED: forty minutes of each are played
 * for every ten seconds that count.
 */
const LONG_WARM_RECORDINGS = { audio: 60, image: 8 } as const;
const [LONG_WARM_MS, SEED] = [600_000, 1];

/**
 * Plays every recording through the real perception, groups and rules, once for each warm-up, each on its own, and counts
 * what was told and is not there. The same folders, rules, pack and machine give the same numbers.
 * Errors: FusiondError "media_invalid", "config_invalid", "model_invalid", "dependency_missing"; files that cannot be
 * decoded are left out and listed.
 */
export async function scoreOrdinary(options: OrdinaryOptions, signal: AbortSignal): Promise<OrdinaryScore> {
  const { recordings, leftOut } = await readRecordings(options.folders, options.labels);
  const left: string[] = [...leftOut];
  const states: OrdinaryState[] = [];
  for (const modality of ["audio", "image"] as const) {
    const own = recordings.filter((recording) => recording.modality === modality);
    const rules = options.rules.config.rules.filter((rule) => rule.enabled && canBeMetBy(rule, modality));
    if (own.length > 0 && rules.length === 0) left.push(`${own.length} recordings: no rule waits for what could be ${modality === "audio" ? "heard" : "seen"} in them`);
    if (own.length > 0 && rules.length > 0) states.push(...(await new ModalityScore(options, modality, own, rules, left).run(signal)));
  }
  const { id, version } = options.pack.manifest;
  const warm = formatDurationMs(options.warmMs.includes(HEADLINE_MS) ? HEADLINE_MS : (options.warmMs[0] ?? 0));
  const headline = states.filter((state) => state.warm === warm);
  const sum = headline.reduce<Counted>((total, state) => added(total, countedOf(state)), { ms: 0, incidents: 0 });
  return { ...rateOf(sum), rules: headline.flatMap(({ rules }) => rules), warm, pack: { id, version }, states, left_out: left };
}

function canBeMetBy(rule: RuleConfig, modality: "image" | "audio"): boolean {
  return waitedFor(rule).some(({ kind }) => kind === (modality === "audio" ? "hear" : "see"));
}

function countedOf({ hours, incidents }: IncidentRate): Counted {
  return { ms: hours * 3_600_000, incidents };
}

/** What one state has counted so far. */
interface Tally {
  readonly warmMs: number;
  recordings: number;
  ms: number;
  readonly byRule: Map<string, Counted>;
  readonly told: FalseIncident[];
}

/** The states of one modality. */
class ModalityScore {
  readonly #options: OrdinaryOptions;
  readonly #modality: "image" | "audio";
  readonly #recordings: readonly Recording[];
  readonly #ruleIds: readonly string[];
  readonly #excuses: Excuses;
  readonly #leftOut: string[];
  readonly #tallies: readonly Tally[];
  readonly #longWarm: ReadonlySet<Recording>;

  constructor(options: OrdinaryOptions, modality: "image" | "audio", recordings: readonly Recording[], rules: readonly RuleConfig[], leftOut: string[]) {
    this.#options = options;
    this.#modality = modality;
    this.#recordings = recordings;
    this.#ruleIds = rules.map(({ id }) => id);
    this.#excuses = excusesOf(options.pack, rules);
    this.#leftOut = leftOut;
    this.#tallies = options.warmMs.map((warmMs) => ({ warmMs, recordings: 0, ms: 0, byRule: new Map(this.#ruleIds.map((id) => [id, { ms: 0, incidents: 0 }])), told: [] }));
    this.#longWarm = new Set(drawn(recordings, LONG_WARM_RECORDINGS[modality]));
  }

  async run(signal: AbortSignal): Promise<OrdinaryState[]> {
    const { rules, pack, fps, progress } = this.#options;
    const cameras = this.#modality === "image" ? this.#recordings.flatMap((_, i) => this.#tallies.map((tally) => sourceId(i, 0, tally))) : [];
    const trial = new Trial({
      ...{ rules, pack, modalities: [this.#modality], cameras },
      ...(fps === undefined ? {} : { fps }),
      ...(this.#modality === "audio" ? { before: (tower) => new RememberingEncoder(tower) } : {}),
    });
    await trial.start(signal);
    try {
      for (const [i, recording] of this.#recordings.entries()) {
        progress(`${this.#modality === "audio" ? "sound" : "footage"} ${i + 1} of ${this.#recordings.length}: ${recording.name}`);
        await this.#play(trial, recording, i, signal);
      }
    } finally {
      await trial.stop();
    }
    return this.#tallies.map((tally) => this.#stateOf(tally));
  }

  async #play(trial: Trial, recording: Recording, index: number, signal: AbortSignal): Promise<void> {
    let part = 0;
    try {
      for await (const played of this.#played(trial, recording, signal)) {
        for (const tally of this.#tallies) {
          if (tally.warmMs > LONG_WARM_MS && !this.#longWarm.has(recording)) continue;
          await this.#judge(trial, played, { recording, id: sourceId(index, part, tally), tally }, signal);
          if (part === 0) tally.recordings++;
        }
        part++;
      }
    } catch (error) {
      if (!(error instanceof FusiondError) || error.code !== "media_invalid") throw error;
      this.#leftOut.push(error.message);
    }
  }

  async *#played(trial: Trial, { pieces }: Recording, signal: AbortSignal): AsyncGenerator<Played> {
    if (this.#modality === "audio") yield* playedSounds(pieces, this.#options.pack.manifest.audio);
    else yield await PlayedFootage.of(pieces, (id, path, startsAtMs) => trial.open({ id, path, modalities: ["image"], startsAtMs }), signal);
  }

  async #judge(trial: Trial, played: Played, { recording, id, tally }: { recording: Recording; id: string; tally: Tally }, signal: AbortSignal): Promise<void> {
    const { incidents, looked, notes } = await trial.run(id, [played.source(id, tally.warmMs)], signal);
    const judged: Span = { fromMs: tally.warmMs, toMs: tally.warmMs + played.lengthMs };
    const labels = played.labels.map(({ what, span }) => ({ what, span: { fromMs: span.fromMs + tally.warmMs, toMs: span.toMs + tally.warmMs } }));
    const run = { judged, looked: looked.get(this.#modality) ?? [], labels, incidents };
    tally.ms += lengthMs(common(run.looked, [judged]));
    for (const rule of this.#ruleIds) {
      const told = falseIncidents(run, rule, this.#excuses);
      tally.byRule.set(rule, added(tally.byRule.get(rule) as Counted, { ms: falseTimeMs(run, rule, this.#excuses), incidents: told.length }));
      tally.told.push(...told.map(({ firedAt, confidenceAtFiring }) => ({ rule, recording: recording.name, at: (firedAt - judged.fromMs) / 1000, confidence: confidenceAtFiring })));
    }
    if (tally === this.#tallies[0]) for (const note of notes.slice(-1)) this.#leftOut.push(`${recording.name}: ${note}`);
  }

  #stateOf({ warmMs, recordings, ms, byRule, told }: Tally): OrdinaryState {
    return {
      modality: this.#modality,
      warm: formatDurationMs(warmMs),
      recordings,
      ...rateOf({ ms, incidents: told.length }),
      rules: [...byRule].map(([id, counted]) => ({ id, ...rateOf(counted) })),
      false_incidents: told,
    };
  }
}

/** Of no more than 64 letters, and no other's: the gates remember each source. */
function sourceId(recording: number, part: number, { warmMs }: Tally): string {
  return `r${recording}-${part}-${warmMs}`;
}

/** So many recordings, drawn without replacement; all if there are no more. */
function drawn(recordings: readonly Recording[], count: number): readonly Recording[] {
  return seededRandom(SEED).shuffled([...recordings]).slice(0, count);
}
