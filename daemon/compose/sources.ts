// The sources of the configuration.
import type { CameraConfig, MicrophoneConfig, SourceConfig, TextConfig } from "../../config/schema/sources.js";
import { readCredentials } from "../../config/secrets.js";
import type { Pack } from "../../encoders/pack.js";
import type { Clock } from "../runtime/clock.js";
import { defaultAnomalies } from "../sources/anomalies.js";
import { defaultPatience, patienceAt } from "../sources/live-run.js";
import type { MediaKind } from "../sources/ffmpeg-args.js";
import { MediaSource } from "../sources/media-source.js";
import { MicrophoneSource } from "../sources/microphone-source.js";
import type { Credentials } from "../sources/redact.js";
import type { Source, SourceTelemetry } from "../sources/source.js";
import { TextSource, type TextFeed } from "../sources/text-source.js";
import type { WindowOptions } from "../sources/pcm-windows.js";

/** What sources are built with. */
export interface SourcesContext {
  readonly pack: Pack;
  readonly telemetry: SourceTelemetry;
  /** "replay": files only, as fast as they are taken. */
  readonly mode: "run" | "replay";
  /** Fields that rules name: kept however many a line has. */
  readonly fieldsAsked: readonly string[];
  /** Core messages of a subject; a replay has none. */
  readonly feed?: TextFeed;
  /** What steady time counts from. Default: the clock of this process. */
  readonly clock?: Clock;
  /** Told every password, so that no log line shows it. */
  readonly onSecret: (secret: string) => void;
}

/** Captures of a source that may wait inside it: a few seconds of either modality; a file that is replayed can wait itself. */
const QUEUE_CAPACITY = { run: 16, replay: 2 } as const;

/** Lines of a feed that may wait inside it. */
const LINES_CAPACITY = 256;

/** A clock that is further off than this is set anew, ms. */
const SKEW_MAX_MS = 2000;

/** The enabled sources; in a replay only those that are files. */
export function buildSources(configs: readonly SourceConfig[], context: SourcesContext): readonly Source[] {
  return configs.filter((config) => config.enabled).flatMap((config) => buildSource(config, context) ?? []);
}

function buildSource(config: SourceConfig, context: SourcesContext): Source | undefined {
  if (config.kind === "text") return buildText(config, context);
  const { kind } = config.input;
  if (kind === "sound_device") return context.mode === "replay" ? undefined : buildMicrophone(config, context);
  return buildMedia(config, kind, context);
}

function buildMedia(config: CameraConfig | MicrophoneConfig, kind: MediaKind, context: SourcesContext): Source | undefined {
  const isFile = kind === "file";
  if (context.mode === "replay" && !isFile) return undefined;
  const credentials = credentialsOf(config, context);
  const withSound = config.kind === "microphone" || config.audio;
  return new MediaSource(
    {
      id: config.id,
      kind,
      location: config.input.location,
      follow: config.follow,
      ...(credentials === undefined ? {} : { credentials }),
      mode: context.mode === "replay" ? "replay" : isFile ? "realtime_file" : "live",
      ...(isFile && context.mode === "run" ? { loop: config.loop } : {}),
      ...(config.kind === "camera" ? { picture: { fps: config.fps, widthPx: config.width } } : {}),
      ...(withSound ? { sound: windowsOf(context.pack) } : {}),
      startsAtMs: config.startsAt,
      queueCapacity: QUEUE_CAPACITY[context.mode],
      patience: config.kind === "camera" ? patienceAt(config.fps) : defaultPatience,
      anomalies: { ...defaultAnomalies, ...config.anomalies },
      skewMaxMs: SKEW_MAX_MS,
    },
    context.telemetry,
    context.clock,
  );
}

function buildMicrophone(config: CameraConfig | MicrophoneConfig, context: SourcesContext): Source {
  return new MicrophoneSource(
    {
      id: config.id,
      device: config.input.location,
      sound: windowsOf(context.pack),
      queueCapacity: QUEUE_CAPACITY.run,
      patience: defaultPatience,
      anomalies: { ...defaultAnomalies, ...config.anomalies },
      skewMaxMs: SKEW_MAX_MS,
    },
    context.telemetry,
    context.clock,
  );
}

function buildText(config: TextConfig, context: SourcesContext): Source | undefined {
  const { feed } = config;
  const shape = {
    id: config.id,
    json: config.json,
    ...(config.template === undefined ? {} : { template: config.template }),
    fieldsAsked: context.fieldsAsked,
    ...(config.time === undefined ? {} : { time: { ...config.time, required: true } }),
    lineBytesMax: config.lineBytesMax,
    linesPerSecondMax: config.linesPerSecondMax,
    queueCapacity: Math.max(LINES_CAPACITY, config.linesPerSecondMax),
  };
  if (feed.kind === "file") {
    const origin = context.mode === "replay" ? ({ kind: "replay", path: feed.path, startsAtMs: 0 } as const) : feed;
    return new TextSource({ ...shape, origin }, context.telemetry);
  }
  if (context.mode === "replay" || context.feed === undefined) return undefined;
  return new TextSource({ ...shape, origin: { kind: "subject", subject: feed.subject, feed: context.feed } }, context.telemetry);
}

/** A source as its groups know it, whoever perceives it. */
export type SourceIdentity = Pick<Source, "id" | "modalities">;

/** The enabled sources as `buildSources` would make them for a run, none of them made. */
export function identitiesOf(configs: readonly SourceConfig[]): readonly SourceIdentity[] {
  return configs
    .filter(({ enabled }) => enabled)
    .map((config) => {
      const { id } = config;
      if (config.kind === "camera") return { id, modalities: config.audio ? ["image", "audio"] : ["image"] };
      return { id, modalities: [config.kind === "text" ? "text" : "audio"] };
    });
}

function windowsOf(pack: Pack): WindowOptions {
  const { sampleRateHz, windowMs, hopMs } = pack.manifest.audio;
  return { sampleRateHz, windowMs, hopMs };
}

function credentialsOf(config: CameraConfig | MicrophoneConfig, context: SourcesContext): Credentials | undefined {
  if (config.credentialsFile === undefined) return undefined;
  const { user, password } = readCredentials(config.credentialsFile);
  context.onSecret(password.reveal());
  return { user, password: password.reveal() };
}
