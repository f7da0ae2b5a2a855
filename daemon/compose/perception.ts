// Which processes perceive the cameras and microphones of the configuration, and what each is told.
import { availableParallelism } from "node:os";
import type { Config } from "../../config/schema.js";
import type { SourceConfig } from "../../config/schema/sources.js";
import { readCredentials } from "../../config/secrets.js";
import type { Pack } from "../../encoders/pack.js";
import { encodersOf } from "../../encoders/pack-manifest.js";
import type { Modality } from "../../fusion/model/modality.js";
import { spread, usefulProcesses } from "../perception/assignment.js";
import { sharedEpochMs } from "../perception/machine-clock.js";
import { PerceptionHost, type PerceptionHostOptions } from "../perception/perception-host.js";
import { spawnBound, spawnLimited } from "../runtime/child-process.js";
import { steadyNowMs, systemClock } from "../runtime/clock.js";
import { identitiesOf } from "./sources.js";

/** The sources of one perception process. */
export interface Share {
  /** What metrics, log and health call the process. */
  readonly name: string;
  readonly sources: readonly SourceConfig[];
}

/** What perceiving a source takes, cores: measured with the embedded pack, see docs/benchmarks.md. */
const COST = {
  /** A picture, and a pixel of it: read, masked, searched for movement. */
  frame: 0.0036,
  pixel: 2.3e-9,
  /** One look of a scan, or of what moves. */
  look: 0.008,
  /** A microphone or a camera's sound: two windows a second. */
  sound: 0.021,
} as const;
/** Pictures are rarely of another shape. */
const HEIGHT_OF_WIDTH = 9 / 16;
/** Looks a second at what moves, of a camera in front of which something does half of the time. */
const MOVING_LOOKS = 2;

/** What perceiving a source takes, cores. */
export function costOf(source: SourceConfig): number {
  if (source.kind === "text") return 0;
  if (source.kind === "microphone") return COST.sound;
  const pixels = source.width * source.width * HEIGHT_OF_WIDTH;
  return source.fps * (COST.frame + pixels * COST.pixel) + (source.gate.scanRate + MOVING_LOOKS) * COST.look + (source.audio ? COST.sound : 0);
}

/** The enabled cameras and microphones by the process that perceives them, in the order of the configuration. No process is without a source. */
export function sharesOf({ sources, perception }: Pick<Config, "sources" | "perception">, cores: number = availableParallelism()): readonly Share[] {
  const perceived = sources.filter(({ enabled, kind }) => enabled && kind !== "text");
  const costed = perceived.map((source) => ({ id: source.id, cost: costOf(source) }));
  const processes = perception.processes === "auto" ? usefulProcesses(costed, cores) : Math.min(perception.processes, costed.length);
  if (perceived.length === 0) return [];
  return spread(costed, processes)
    .map((ids) => perceived.filter(({ id }) => ids.includes(id)))
    .filter((own) => own.length > 0)
    .map((own, i) => ({ name: `p${i + 1}`, sources: own }));
}

/** For an operator: which process would perceive which source on this machine, a line each. */
export function shareLines(config: Pick<Config, "sources" | "perception">): readonly string[] {
  return sharesOf(config).map(({ name, sources }) => `perception ${name}: ${sources.map(({ id }) => id).join(", ")}`);
}

/** What hosts are made with, beside their shares. */
export interface PerceptionContext extends Pick<PerceptionHostOptions, "nextRun" | "take" | "refuse" | "redact"> {
  readonly config: Config;
  readonly pack: Pack;
  readonly telemetryOf: (process: string) => PerceptionHostOptions["telemetry"];
  /** Told every password that a process reads, so that no log line shows it. */
  readonly onSecret: (secret: string) => void;
}

/** A host for each share. Not started. */
export function buildPerception(shares: readonly Share[], { config, pack, telemetryOf, onSecret, nextRun, take, refuse, redact }: PerceptionContext): readonly PerceptionHost[] {
  const { device, threads } = config.encoders;
  const { memoryMaxBytes } = config.perception;
  const { space, dimensions } = pack.manifest;
  const encoders = encodersOf(pack.manifest);
  return shares.map(({ name, sources }) => {
    const known = { ...{ site: config.site, encoders, space, dimensions }, sources: modalitiesOf(sources) };
    return new PerceptionHost({
      ...{ name, nextRun, take, refuse, redact, clock: systemClock },
      known: () => ({ ...known, nowMs: steadyNowMs(systemClock) }),
      inputs: identitiesOf(sources).flatMap(({ id, modalities }) => modalities.map((modality) => ({ sourceId: id, modality }))),
      share: () => {
        for (const source of sources) if (source.kind !== "text" && source.credentialsFile !== undefined) onSecret(readCredentials(source.credentialsFile).password.reveal());
        return { site: config.site, encoders, epochMs: sharedEpochMs(systemClock), pack: pack.folder, device, threads, sources };
      },
      spawn: memoryMaxBytes === undefined ? spawnBound : (command, args, options) => spawnLimited(command, args, options, { dataBytes: memoryMaxBytes, ofItselfOnly: true }),
      telemetry: telemetryOf(name),
    });
  });
}

function modalitiesOf(sources: readonly SourceConfig[]): ReadonlyMap<string, readonly Modality[]> {
  return new Map(identitiesOf(sources).map(({ id, modalities }) => [id, modalities]));
}
