// Recordings as sources: a file as the daemon would take it from a camera or a microphone whose settings are the defaults.
import { gateOf, gateSchema, sourceSchema, type CameraConfig, type GateConfig, type MicrophoneConfig } from "../../config/schema/sources.js";
import type { CameraGateOptions } from "../../encoders/tower-spec.js";
import type { Pack } from "../../encoders/pack.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import type { Source, SourceTelemetry } from "../sources/source.js";
import { buildSources } from "./sources.js";

/** A file that is taken as a source. */
export interface RecordedSource {
  readonly id: string;
  readonly path: string;
  /** What is taken of it: one, or both of a video with sound. */
  readonly modalities: readonly ("image" | "audio")[];
  /** Event time of its start, Unix ms; 0 if it is not given. */
  readonly startsAtMs?: number;
}

/** How recordings are opened, and how their pictures are looked at. */
export interface Recordings {
  /** A source that ends with its file. */
  readonly open: (recorded: RecordedSource, telemetry: SourceTelemetry) => Source;
  readonly gate: CameraGateOptions;
  readonly fps: number;
  readonly widthPx: number;
}

/** Recordings for a pack; `fps` pictures a second and `gate` are the defaults of a camera if they are not given. */
export function recordingsFor(pack: Pack, fps?: number, gate: GateConfig = gateOf(gateSchema.parse({})) as GateConfig): Recordings {
  const camera = cameraOf("/any", fps);
  return {
    open: ({ id, path, modalities, startsAtMs = 0 }, telemetry) => {
      const config = modalities.includes("image")
        ? { ...cameraOf(path, fps), id, gate, audio: modalities.includes("audio"), startsAt: startsAtMs }
        : { ...(sourceSchema.parse({ microphone: path }) as Omit<MicrophoneConfig, "id">), id, startsAt: startsAtMs };
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
