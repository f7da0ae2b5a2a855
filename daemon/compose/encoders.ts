// The towers that sources need, in the process that asks for them.
import type { SourceConfig } from "../../config/schema/sources.js";
import { Tower } from "../../encoders/child/tower.js";
import type { Encoder, EncoderTelemetry } from "../../encoders/encoder.js";
import type { Pack } from "../../encoders/pack.js";
import { TextEncoder } from "../../encoders/text-encoder.js";
import type { Device, ImageGateOptions } from "../../encoders/tower-spec.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { Source } from "../sources/source.js";

/** What towers are made with. */
export interface EncodersContext {
  readonly pack: Pack;
  readonly telemetry: EncoderTelemetry;
  readonly device: Device;
  /** Threads of one inference. */
  readonly threads: number;
}

/** One tower in this process for each modality that some source gives; the others are not made. `configs`: of these sources, for their gates. */
export function buildEncoders(configs: readonly SourceConfig[], sources: readonly Source[], { pack, telemetry, device, threads }: EncodersContext): ReadonlyMap<Modality, Encoder> {
  const needed = new Set(sources.flatMap((source) => source.modalities));
  const gate = imageGate(configs);
  const live = new Set(sources.filter(({ finite }) => !finite).map(({ id }) => id));
  const isLive = (sourceId: string): boolean => live.has(sourceId);
  const towers = new Map<Modality, Encoder>();
  for (const modality of ["image", "audio"] as const) {
    if (needed.has(modality)) towers.set(modality, new Tower({ modality, pack, device, threads, gate, telemetry, isLive }));
  }
  if (needed.has("text")) towers.set("text", new TextEncoder({ pack, telemetry }));
  return towers;
}

function imageGate(configs: readonly SourceConfig[]): ImageGateOptions {
  const cameras = configs.flatMap((source) => (source.kind === "camera" ? [source] : []));
  return { cameras: new Map(cameras.map(({ id, masks, gate }) => [id, { masks, ...gate }])) };
}
