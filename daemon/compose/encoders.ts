// The towers that sources need, in the process that asks for them.
import type { Config } from "../../config/schema.js";
import { Tower } from "../../encoders/child/tower.js";
import type { Encoder, EncoderTelemetry } from "../../encoders/encoder.js";
import { EncoderHost } from "../../encoders/encoder-host.js";
import type { Pack } from "../../encoders/pack.js";
import { TextEncoder } from "../../encoders/text-encoder.js";
import type { ImageGateOptions } from "../../encoders/tower-spec.js";
import type { Modality } from "../../fusion/model/modality.js";
import { spawnBound } from "../runtime/child-process.js";
import type { Source } from "../sources/source.js";

/** One tower in this process for each modality that some source gives; the others are not made. */
export function buildEncoders(config: Config, pack: Pack, sources: readonly Source[], telemetry: EncoderTelemetry): ReadonlyMap<Modality, Encoder> {
  return build(config, pack, sources, telemetry, (options) => new Tower(options));
}

/** The same, each in a child process. */
export function buildHosts(config: Config, pack: Pack, sources: readonly Source[], telemetry: EncoderTelemetry): ReadonlyMap<Modality, Encoder> {
  return build(config, pack, sources, telemetry, (options) => new EncoderHost({ ...options, spawn: spawnBound }));
}

function build(
  config: Config,
  pack: Pack,
  sources: readonly Source[],
  telemetry: EncoderTelemetry,
  make: (options: ConstructorParameters<typeof Tower>[0]) => Encoder,
): ReadonlyMap<Modality, Encoder> {
  const needed = new Set(sources.flatMap((source) => source.modalities));
  const { device, threads } = config.encoders;
  const gate = imageGate(config);
  const live = new Set(sources.filter(({ finite }) => !finite).map(({ id }) => id));
  const isLive = (sourceId: string): boolean => live.has(sourceId);
  const towers = new Map<Modality, Encoder>();
  for (const modality of ["image", "audio"] as const) {
    if (needed.has(modality)) towers.set(modality, make({ modality, pack, device, threads, gate, telemetry, isLive }));
  }
  if (needed.has("text")) towers.set("text", new TextEncoder({ pack, telemetry }));
  return towers;
}

function imageGate(config: Config): ImageGateOptions {
  const cameras = config.sources.flatMap((source) => (source.kind === "camera" ? [source] : []));
  return { cameras: new Map(cameras.map(({ id, masks, gate }) => [id, { masks, ...gate }])) };
}
