// The groups of the configuration, each with its inputs and rules.
import type { Config } from "../../config/schema.js";
import type { Pack } from "../../encoders/pack.js";
import { encodersOf } from "../../encoders/pack-manifest.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import type { Input } from "../../fusion/watermark.js";
import { Scorer } from "../../fusion/scorer.js";
import { GroupRunner } from "../groups/group-runner.js";
import type { GroupTelemetry } from "../groups/group-telemetry.js";
import { longestPauseMs } from "../sources/pace.js";
import type { CompiledRules } from "./rules.js";
import type { SourceIdentity } from "./sources.js";

/** Open events of one group; above it the one that has been silent longest is closed. */
const OPEN_EVENTS_MAX = 256;

/** The groups that have a running source, and the group of each source. */
export interface Groups {
  readonly all: readonly GroupRunner[];
  readonly of: (sourceId: string) => GroupRunner;
}

/** How long the slowest camera among these may well tell nothing, ms: it is not idle between its pictures. */
function slowestMs(config: Config, members: readonly SourceIdentity[]): number {
  const cameras = config.sources.flatMap((source) => (source.kind === "camera" && members.some(({ id }) => id === source.id) ? [source] : []));
  return Math.max(0, ...cameras.map(({ fps }) => longestPauseMs(fps)));
}

/** How long something must stand still in a camera's picture until it is furniture, ms. */
function settleAfterMs({ sources }: Config, sourceId: string): number {
  const camera = sources.find(({ id }) => id === sourceId);
  assertInvariant(camera?.kind === "camera", `${sourceId} looks at places, so it is a camera`);
  return camera.gate.settleAfterMs;
}

/** Makes the groups of the sources that run. `live`: a source may fall idle; a replay waits for each. */
export function buildGroups(config: Config, pack: Pack, compiled: CompiledRules, sources: readonly SourceIdentity[], telemetry: GroupTelemetry, live: boolean): Groups {
  const scorer = new Scorer(pack.space, compiled.prompts);
  const bySource = new Map<string, GroupRunner>();
  const all: GroupRunner[] = [];
  for (const group of config.groups) {
    const members = sources.filter((source) => group.sources.includes(source.id));
    if (members.length === 0) continue;
    const inputs: Input[] = members.flatMap((source) => source.modalities.map((modality) => ({ sourceId: source.id, modality })));
    const runner = new GroupRunner(
      {
        groupId: group.id,
        encoders: encodersOf(pack.manifest),
        inputs,
        allowedLatenessMs: group.allowedLatenessMs,
        idleAfterMs: live ? Math.max(group.idleAfterMs, slowestMs(config, members)) : Infinity,
        updateEveryMs: (ruleId) => compiled.rules.find((rule) => rule.id === ruleId)?.updateEveryMs ?? Infinity,
        state: {
          scorer,
          settleAfterMs: (sourceId) => settleAfterMs(config, sourceId),
          clusterer: {
            groupId: group.id,
            sessionGapMs: group.sessionGapMs,
            maxDurationMs: group.maxDurationMs,
            observationMaxMs: pack.manifest.audio.windowMs,
            openMax: OPEN_EVENTS_MAX,
            conceptNames: pack.space.concepts.map((concept) => concept.name),
            sameModality: pack.space.sameModality,
          },
          rules: { site: config.site, groupId: group.id, rules: compiled.rules.filter((rule) => rule.groups?.includes(group.id) ?? true) },
        },
      },
      telemetry,
    );
    all.push(runner);
    for (const source of members) bySource.set(source.id, runner);
  }
  return {
    all,
    of: (sourceId) => {
      const group = bySource.get(sourceId);
      if (group === undefined) throw new Error(`invariant broken: source ${sourceId} is in no group`);
      return group;
    },
  };
}
