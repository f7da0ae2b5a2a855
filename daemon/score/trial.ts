// Rules on trial: recordings through the real perception, groups and rules, and every incident that came of it.
import type { LoadedConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { groupSchema } from "../../config/schema/groups.js";
import type { GateConfig } from "../../config/schema/sources.js";
import { STAND_IN_CAMERA } from "../../config/stand-ins.js";
import type { Encoder } from "../../encoders/encoder.js";
import { Tower } from "../../encoders/child/tower.js";
import type { Pack } from "../../encoders/pack.js";
import { encodersOf } from "../../encoders/pack-manifest.js";
import { TextEncoder } from "../../encoders/text-encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { Evidence, Incident } from "../../rules/incident.js";
import type { Rule } from "../../rules/rule.js";
import { buildGroups } from "../compose/groups.js";
import { recordingsFor, type RecordedSource, type Recordings } from "../compose/recordings.js";
import { compileRules, type CompiledRules } from "../compose/rules.js";
import { silentEncoder } from "../models/score-files.js";
import { notesTo } from "../models/source-notes.js";
import { replay } from "../pipeline/replay.js";
import type { Source } from "../sources/source.js";
import { Looked } from "./looked.js";
import { silentGroups, silentPipeline } from "./silence.js";
import type { Span } from "./spans.js";

/** What is tried. */
export interface TrialOptions {
  /** Rules with the gate and encoders of their file: see `loadRules`. */
  readonly rules: LoadedConfig;
  readonly pack: Pack;
  /** Pictures a second; as a camera has it by default if it is not given. */
  readonly fps?: number;
  /** The towers that are needed. */
  readonly modalities: readonly Modality[];
  /** The id of every source that will give pictures: no two runs may share one, since the gate remembers each. */
  readonly cameras: readonly string[];
  /** Rules that are derived from the compiled ones, by the same prompts: they run beside them. */
  readonly also?: readonly Rule[];
  /** What is put before a tower, if anything. */
  readonly before?: (tower: Encoder) => Encoder;
}

/** An incident that was told. Times are Unix ms of event time. */
export interface TriedIncident {
  readonly id: string;
  readonly ruleId: string;
  readonly groupId: string;
  readonly startedAt: number;
  /** When it was told first, and how sure it was then, 0..1. */
  readonly firedAt: number;
  readonly confidenceAtFiring: number;
  readonly calibrated: boolean;
  /** How sure it was at most. */
  readonly confidence: number;
  /** When its conditions were met last. */
  readonly endedAt: number;
  /** The best of it, as the last alert had it. */
  readonly evidence: readonly Evidence[];
}

/** What came of one run. */
export interface TrialRun {
  /** In the order in which they were told first. */
  readonly incidents: readonly TriedIncident[];
  /** By modality, when it was watched and heard: digital silence and what a gate had no look at are left out. Merged. */
  readonly looked: ReadonlyMap<Modality, readonly Span[]>;
  /** What the sources complained of: damaged files. */
  readonly notes: readonly string[];
}

/** The real towers and compiled rules, for as many runs as one likes. Used by one run at a time. */
export class Trial {
  readonly recordings: Recordings;
  readonly #options: TrialOptions;
  readonly #compiled: CompiledRules;
  readonly #towers: ReadonlyMap<Modality, Encoder>;
  #notes: string[] = [];

  /** Errors: FusiondError "config_invalid" for prompts that the pack does not know. */
  constructor(options: TrialOptions) {
    this.#options = options;
    this.#compiled = compileRules(options.rules, options.pack);
    this.recordings = recordingsFor(options.pack, options.fps, gateIn(options.rules));
    this.#towers = new Map(options.modalities.map((modality) => [modality, this.#tower(modality)]));
  }

  /** Resolves when every tower is proved. Errors: those of `Encoder.start`. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#towers.values()].map((tower) => tower.start(signal)));
  }

  /** Resolves when the towers have gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.#towers.values()].map((tower) => tower.stop()));
  }

  /** A recording as a source for `run`. */
  open(recorded: RecordedSource): Source {
    return this.recordings.open(recorded, notesTo((note) => this.#notes.push(note)));
  }

  /**
   * Runs sources that end, as one group with the default settings of groups, from an empty state. The same sources give
   * the same run on one machine. Bound: as `replay`. Errors: those of the sources and towers.
   */
  async run(groupId: string, sources: readonly Source[], signal: AbortSignal): Promise<TrialRun> {
    const { rules, pack } = this.#options;
    this.#notes = [];
    const group = { id: groupId, ...groupSchema.parse({ sources: sources.map(({ id }) => id) }) };
    const compiled = { ...this.#compiled, rules: [...this.#compiled.rules, ...(this.#options.also ?? [])].map((rule) => ({ ...rule, groups: [groupId] })) };
    const groups = buildGroups({ ...rules.config, groups: [group], sources: camerasLike(rules, sources) }, pack, compiled, sources, silentGroups, false);
    const looked = new Looked();
    const told = new Map<string, TriedIncident>();
    await replay(
      {
        sources,
        encoders: new Map([...this.#towers].map(([modality, tower]) => [modality, looked.through(tower)])),
        origin: { site: rules.config.site, encoders: encodersOf(pack.manifest) },
        groups: groups.all,
        groupOf: groups.of,
        telemetry: silentPipeline,
        onResult: (_group, { publication }) => {
          for (const { incident } of publication.alerts) told.set(incident.id, tried(told.get(incident.id), incident));
          return Promise.resolve();
        },
      },
      signal,
    );
    signal.throwIfAborted();
    return { incidents: [...told.values()], looked: looked.spans, notes: this.#notes };
  }

  #tower(modality: Modality): Encoder {
    const { rules, pack, cameras, before } = this.#options;
    if (modality === "text") return new TextEncoder({ pack, telemetry: silentEncoder });
    const { device, threads } = rules.config.encoders;
    const gate = { cameras: new Map(cameras.map((id) => [id, this.recordings.gate])) };
    const tower = new Tower({ modality, pack, device, threads, gate, telemetry: silentEncoder });
    return before === undefined ? tower : before(tower);
  }
}

function tried(before: TriedIncident | undefined, incident: Incident): TriedIncident {
  const { id, ruleId, groupId, startedAt, updatedAt, endedAt, confidence, calibrated, evidence } = incident;
  const first = before ?? { firedAt: updatedAt, confidenceAtFiring: confidence, calibrated };
  return {
    ...{ id, ruleId, groupId, startedAt, evidence },
    ...{ firedAt: first.firedAt, confidenceAtFiring: first.confidenceAtFiring, calibrated: first.calibrated },
    confidence: Math.max(confidence, before?.confidence ?? 0),
    endedAt: endedAt ?? updatedAt,
  };
}

/** The sources that give pictures, each configured as the cameras of the rules' file are. */
function camerasLike({ config }: LoadedConfig, sources: readonly Source[]): Config["sources"] {
  const standIn = config.sources.find(({ id }) => id === STAND_IN_CAMERA);
  if (standIn === undefined) return config.sources;
  return sources.filter(({ modalities }) => modalities.includes("image")).map(({ id }) => ({ ...standIn, id }));
}

function gateIn({ config }: LoadedConfig): GateConfig | undefined {
  return config.sources.flatMap((source) => (source.kind === "camera" && source.id === STAND_IN_CAMERA ? [source.gate] : []))[0];
}
