// The whole configuration: what a file may say, and the values that come of it.
import { z } from "zod";
import { missing, strict, text, token } from "./schema/common.js";
import { groupSchema, type GroupConfig } from "./schema/groups.js";
import { natsSchema, type NatsConfig } from "./schema/nats.js";
import { ruleSchema, type RuleConfig } from "./schema/rules.js";
import {
  encodersSchema,
  httpSchema,
  logSchema,
  outboxSchema,
  perceptionSchema,
  type EncodersConfig,
  type HttpConfig,
  type OutboxConfig,
  type PerceptionConfig,
} from "./schema/settings.js";
import { gateOf, gateSchema, sourceSchema, type GateConfig, type SourceConfig } from "./schema/sources.js";

/** Most cameras that are looked at: what the image tower remembers of each is bounded. */
export const CAMERAS_MAX = 64;
/** Most microphones and cameras with sound that are listened to. */
export const HEARD_MAX = 256;

/** A valid configuration. Paths are absolute, every source is in exactly one group, every default is filled in. */
export interface Config {
  readonly site: string;
  readonly stateDir: string;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
  readonly nats: NatsConfig;
  readonly outbox: OutboxConfig;
  readonly encoders: EncodersConfig;
  readonly perception: PerceptionConfig;
  /** Never empty; disabled ones included. */
  readonly sources: readonly SourceConfig[];
  /** Those of the file, then one for each source that is in none (id: the source's). */
  readonly groups: readonly GroupConfig[];
  /** Disabled ones included. */
  readonly rules: readonly RuleConfig[];
  readonly http: HttpConfig;
}

/** A configuration whose paths are as they were written; without state_dir, the folder depends on the environment. */
export type ParsedConfig = Omit<Config, "stateDir"> & { readonly stateDir?: string };

/** What a configuration file may say. Output: paths as written. Cross-references are checked elsewhere. */
export const configSchema = strict({
  site: token
    .describe("name of this daemon, unique among those that share a broker"),
  state_dir: text.optional().describe("folder of everything that must survive a restart; default: $STATE_DIRECTORY, else ~/.local/state/fusiond"),
  log: logSchema.prefault({}).describe("what is written to the log"),
  nats: natsSchema.describe("the broker that alerts go to: embedded: true, or servers"),
  outbox: outboxSchema.prefault({}).describe("alerts on disk until the broker has them"),
  encoders: encodersSchema.prefault({}).describe("the models, and where they run"),
  perception: perceptionSchema.prefault({}).describe("the processes that look and listen"),
  gate: gateSchema.prefault({}).describe("how pictures become observations, for all cameras"),
  sources: z.record(token, sourceSchema, { error: missing("name at least one camera, microphone or text feed") }).describe("cameras, microphones and text feeds, by id"),
  groups: z.record(token, groupSchema).default({}).describe("sources that can witness the same happening, by id; a source in no group is its own"),
  rules: z.record(token, ruleSchema).default({}).describe("what makes an incident, by id"),
  http: httpSchema.prefault({}).describe("metrics and health"),
})
  .superRefine((config, context) => {
    const sources = Object.values(config.sources);
    const refuse = (message: string): void => context.addIssue({ code: "custom", path: ["sources"], message });
    if (sources.length === 0) refuse("must name at least one camera, microphone or text feed");
    const on = sources.filter((source) => source.enabled);
    const cameras = on.filter(({ kind }) => kind === "camera").length;
    if (cameras > CAMERAS_MAX) refuse(`must have at most ${CAMERAS_MAX} cameras, which is what one fusiond can look at, not ${cameras}: give the rest to another`);
    const heard = on.filter((source) => source.kind === "microphone" || (source.kind === "camera" && source.audio)).length;
    if (heard > HEARD_MAX) refuse(`must have at most ${HEARD_MAX} microphones and cameras with sound, not ${heard}: give the rest to another fusiond`);
  })
  .transform(({ state_dir, gate, sources, groups, rules, ...rest }): ParsedConfig => {
    const defaults = gateOf(gate) as GateConfig;
    const allGroups = withLoneSources(groups, Object.keys(sources));
    const allGroupIds = allGroups.map((group) => group.id);
    return {
      ...rest,
      ...(state_dir === undefined ? {} : { stateDir: state_dir }),
      sources: Object.entries(sources).map(([id, source]) =>
        source.kind === "camera" ? { ...source, id, gate: { ...defaults, ...source.gate } } : { ...source, id },
      ),
      groups: allGroups,
      rules: Object.entries(rules).map(([id, rule]) => ({ ...rule, id, groups: rule.groups ?? allGroupIds })),
    };
  });

/** The groups of the file and one for each source that is in none. */
function withLoneSources(groups: Readonly<Record<string, Omit<GroupConfig, "id">>>, sourceIds: readonly string[]): GroupConfig[] {
  const grouped = new Set(Object.values(groups).flatMap((group) => group.sources));
  const lone = sourceIds.filter((id) => !grouped.has(id));
  return [
    ...Object.entries(groups).map(([id, group]) => ({ id, ...group })),
    ...lone.map((id) => ({ id, ...groupSchema.parse({ sources: [id] }) })),
  ];
}
