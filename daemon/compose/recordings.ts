// Recordings as sources: read as the daemon reads a camera or a microphone whose settings are the defaults.
import { gateOf, gateSchema, sourceSchema, type CameraConfig, type GateConfig, type MicrophoneConfig } from "../../config/schema/sources.js";
import type { CameraGateOptions } from "../../encoders/host-protocol.js";
import type { Pack } from "../../encoders/pack.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import type { Source, SourceTelemetry } from "../sources/source.js";
import { buildSources } from "./sources.js";

/** How recordings are opened, and how their pictures are looked at. */
export interface Recordings {
  /** A source of one modality that ends with its file. */
  readonly open: (id: string, path: string, modality: "image" | "audio", telemetry: SourceTelemetry) => Source;
  readonly gate: CameraGateOptions;
  readonly fps: number;
  readonly widthPx: number;
}

/** Recordings for a pack; `fps` pictures a second, the default of a camera if it is not given. */
export function recordingsFor(pack: Pack, fps?: number): Recordings {
  const gate = gateOf(gateSchema.parse({})) as GateConfig;
  const camera = cameraOf("/any", fps);
  return {
    open: (id, path, modality, telemetry) => {
      const config = modality === "image" ? { ...cameraOf(path, fps), id, gate } : { ...(sourceSchema.parse({ microphone: path }) as Omit<MicrophoneConfig, "id">), id };
      const [source] = buildSources([config], { pack, telemetry, mode: "replay", fieldsAsked: [], onSecret: () => undefined });
      assertInvariant(source !== undefined, `${path} is a file`);
      return source;
    },
    gate: { masks: camera.masks, ...gate },
    fps: camera.fps,
    widthPx: camera.width,
  };
}

function cameraOf(path: string, fps: number | undefined): Omit<CameraConfig, "id" | "gate"> {
  return sourceSchema.parse({ camera: path, ...(fps === undefined ? {} : { fps }) }) as Omit<CameraConfig, "id" | "gate">;
}
