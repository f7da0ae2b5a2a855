// sources: cameras, microphones and text feeds.
import { z } from "zod";
import { lineTime } from "./line-time.js";
import { duration, EVEN_IF_WRONG, exactlyOneOf, fraction, kinds, present, requireOneOf, size, strict, text, whole } from "./common.js";

/**
 * Where pictures or sound come from. `url`: its scheme is in small letters; `file`: an absolute path; `video_device`: a path
 * such as /dev/video0; `sound_device`: an ALSA name. Never holds credentials.
 */
export interface MediaInput {
  readonly kind: "url" | "video_device" | "sound_device" | "file";
  readonly location: string;
}

/** A polygon that is blacked out before anything else sees the picture: corners [x, y], fractions 0..1 from the top left. */
export type Mask = readonly (readonly [x: number, y: number])[];

/** How a camera's pictures become observations. */
export interface GateConfig {
  /** The most moving regions encoded a frame. */
  readonly regionsMax: number;
  /** A region that goes on from the frame before is encoded this often. */
  readonly regionIntervalMs: number;
  readonly wholeFrameIntervalMs: number;
  /** 0 (only large, clear movement) to 1 (everything that flickers). */
  readonly sensitivity: number;
  /** Squares of the whole picture looked at in turn, a second; 0: none. */
  readonly scanRate: number;
  /** What came to rest is looked at until it has left, but no longer than this. */
  readonly settleAfterMs: number;
}

/** What every source has. */
interface SourceBase {
  readonly id: string;
  readonly enabled: boolean;
}

/** How long each anomaly must last before it counts, ms; Infinity: it is normal here. Absent: as usual. */
export type AnomalyConfig = Readonly<Partial<Record<"frozen" | "black" | "covered" | "silent" | "dc" | "clipping" | "out_of_phase", number>>>;

/** What a camera and a microphone have. */
interface MediaBase extends SourceBase {
  readonly input: MediaInput;
  /** Absolute path of a file with `user:password`. */
  readonly credentialsFile?: string;
  /** Whether a URL may lead to other hosts: redirects, playlists. */
  readonly follow: boolean;
  readonly anomalies: AnomalyConfig;
  /** Starts again at the end; files only. */
  readonly loop: boolean;
  /** Event time of a file's first sample, Unix ms. */
  readonly startsAt: number;
}

/** A camera; with `audio` it is heard too. */
export interface CameraConfig extends MediaBase {
  readonly kind: "camera";
  readonly fps: number;
  /** Frames are scaled to this width, pixels. */
  readonly width: number;
  readonly audio: boolean;
  readonly masks: readonly Mask[];
  /** Its own keys over the global ones. */
  readonly gate: GateConfig;
}

/** A microphone, or anything that only gives sound. */
export interface MicrophoneConfig extends MediaBase {
  readonly kind: "microphone";
}

/** Where JSON lines carry their time, and how. `perSecond`: in how many parts of a second a number counts. */
export interface LineTimeConfig {
  readonly field: string;
  readonly format: { readonly kind: "rfc3339" } | { readonly kind: "unix"; readonly perSecond: number } | { readonly kind: "pattern"; readonly pattern: string; readonly zone?: string };
}

/** A text feed. */
export interface TextConfig extends SourceBase {
  readonly kind: "text";
  readonly feed: { readonly kind: "subject"; readonly subject: string } | { readonly kind: "file"; readonly path: string };
  /** Lines are JSON objects, whose values are the observation's fields. */
  readonly json: boolean;
  /** How a JSON line reads as text: `badge {result} at {door}`. */
  readonly template?: string;
  /** Absent: a field `time` in RFC 3339, if a line has one. */
  readonly time?: LineTimeConfig;
  /** More lines than that in a second are dropped, and so are longer ones. */
  readonly linesPerSecondMax: number;
  readonly lineBytesMax: number;
}

/** One source of the configuration. */
export type SourceConfig = CameraConfig | MicrophoneConfig | TextConfig;

/** The keys that say what a source is. */
export const SOURCE_KINDS = ["camera", "microphone", "text"] as const;

const SCHEMES = ["rtsp", "rtsps", "http", "https"];
const URL_PATTERN = /^([a-z][a-z0-9+.-]*):\/\//i;

const enabled = z.boolean().default(true).describe("false: keep it in the file, but do not run it");

const gateKeys = {
  regions_max: whole(1, 16).describe("the most moving regions encoded in one frame"),
  region_interval: duration("100ms", "1h").describe("how often a region that goes on moving is encoded"),
  whole_frame_interval: duration("100ms", "1h").describe("how often the whole picture is encoded"),
  sensitivity: fraction.describe("0: only large, clear movement; 1: everything that flickers"),
  scan_rate: z
    .union([z.literal("off"), z.literal(false), z.number().min(0.1).max(30)], { error: "must be off, or how many looks a second, from 0.1 to 30" })
    .transform((given) => (typeof given === "number" ? given : 0))
    .describe("how many squares of the whole picture are looked at in a second, in turn, so that what stands still is seen; off: only what moves"),
  settle_after: duration("10s", "1d").describe("what came and stands still counts as furniture after so long: not told again, but still seen for not and unless"),
};

/** The keys of a camera's gate, all with defaults. */
export const gateSchema = strict({
  regions_max: gateKeys.regions_max.default(4),
  region_interval: gateKeys.region_interval.prefault("1s"),
  whole_frame_interval: gateKeys.whole_frame_interval.prefault("5s"),
  sensitivity: gateKeys.sensitivity.default(0.5),
  scan_rate: gateKeys.scan_rate.default(6),
  settle_after: gateKeys.settle_after.prefault("10m"),
});

/** A camera's own gate: absent keys get no defaults, those of the global gate stand. */
const ownGate = strict(gateKeys).partial();

/** The keys of a camera's gate that were given, in the words of GateConfig. */
export function gateOf(gate: z.output<typeof ownGate>): Partial<GateConfig> {
  return present({
    regionsMax: gate.regions_max,
    regionIntervalMs: gate.region_interval,
    wholeFrameIntervalMs: gate.whole_frame_interval,
    sensitivity: gate.sensitivity,
    scanRate: gate.scan_rate,
    settleAfterMs: gate.settle_after,
  });
}

/** A place of media as it was written: what is no URL counts as a file until somebody has looked (media-place). */
const place: z.ZodType<MediaInput, string> = text
  .superRefine((location, context) => {
    const scheme = URL_PATTERN.exec(location)?.[1]?.toLowerCase();
    if (scheme === undefined) return;
    if (!SCHEMES.includes(scheme) || !URL.canParse(location)) {
      context.addIssue({ code: "custom", message: `must be a URL that starts with ${SCHEMES.join("://, ")}://, or a device, or a file` });
    } else if (hasCredentials(location)) {
      context.addIssue({ code: "custom", message: "must not hold a user or password: put user:password into a file and name it in credentials_file" });
    }
  })
  .transform((location) =>
    URL_PATTERN.test(location) ? { kind: "url", location: location.replace(URL_PATTERN, (scheme) => scheme.toLowerCase()) } : { kind: "file", location },
  );

/** Whether a URL has a user or a password in it. */
export function hasCredentials(location: string): boolean {
  const { username, password } = new URL(location);
  return username !== "" || password !== "";
}

const media = {
  credentials_file: text.optional().describe("file with user:password on one line; secrets stand in files only"),
  follow: z.boolean().default(false).describe("URLs only: true: it may lead to other hosts, by redirects and playlists"),
  loop: z.boolean().default(false).describe("files only: start again at the end"),
  starts_at: z.iso
    .datetime({ offset: true, error: "must be a time like 2026-01-01T00:00:00Z" })
    .transform((written) => Date.parse(written))
    .prefault("1970-01-01T00:00:00Z")
    .describe("files only: the time of the first sample in a replay"),
  enabled,
};

/** How long something must last before it is an anomaly; off: it is normal here. */
const anomaly = z
  .union([z.literal("off"), z.literal(false), duration("1s", "1d")], { error: "must be off, or how long it must last before it counts, such as 30s" })
  .transform((given) => (typeof given === "number" ? given : Infinity))
  .optional();

const soundAnomalies = {
  silent: anomaly.describe("digital silence for so long (60s) blinds the source; off: zeros are normal, as of a noise gate"),
  dc: anomaly.describe("a constant voltage in the place of sound for so long (60s) blinds the source"),
  clipping: anomaly.describe("sound that is cut off at full scale for so long (10s) is told"),
  out_of_phase: anomaly.describe("two channels that cancel each other for so long (10s) are told; they are heard all the same"),
};

const pictureAnomalies = {
  frozen: anomaly.describe("the same picture for so long (30s) blinds the source; off: a still scene is normal"),
  black: anomaly.describe("a black picture for so long (30s) blinds the source"),
  covered: anomaly.describe("a picture without any detail for so long (30s) blinds the source; off: a plain wall is normal"),
};

/** Takes the keys of anomalies out of a source's keys and puts them together. */
function withAnomalies<T extends { readonly [K in keyof AnomalyConfig]: AnomalyConfig[K] | undefined }>({ frozen, black, covered, silent, dc, clipping, out_of_phase, ...rest }: T) {
  const anomalies: AnomalyConfig = present({ frozen, black, covered, silent, dc, clipping, out_of_phase });
  return { ...rest, anomalies };
}

const corner = z.tuple([fraction, fraction], { error: "must be a corner [x, y], fractions of width and height from 0 to 1" });

const camera = strict({
  camera: place.describe("rtsp:// or http:// URL, /dev/video0, or a video file"),
  fps: z.number().min(0.1).max(60).default(5).describe("frames decoded a second"),
  width: whole(64, 3840).default(640).describe("frames are scaled to this width, in pixels"),
  audio: z.boolean().default(false).describe("true: also listen to the camera's sound"),
  masks: z.array(z.array(corner).min(3)).default([]).describe("polygons blacked out before anything sees the picture; corners [x, y] from 0 to 1"),
  gate: ownGate.default({}).describe("this camera's own gate keys, over the global ones"),
  ...pictureAnomalies,
  ...soundAnomalies,
  ...media,
}).transform(({ camera: input, credentials_file, starts_at, gate, ...rest }) => ({
  kind: "camera" as const,
  input,
  ...present({ credentialsFile: credentials_file }),
  startsAt: starts_at,
  gate: gateOf(gate),
  ...withAnomalies(rest),
}));

const microphone = strict({
  microphone: place.describe("ALSA device such as plughw:1,0, rtsp:// or http:// URL, or a sound file"),
  ...soundAnomalies,
  ...media,
}).transform(({ microphone: input, credentials_file, starts_at, ...rest }) => ({
  kind: "microphone" as const,
  input,
  ...present({ credentialsFile: credentials_file }),
  startsAt: starts_at,
  ...withAnomalies(rest),
}));

const FEED_KINDS = ["subject", "file"];

const feed = strict({
  subject: text
    .regex(/^[^\s.*>]+$|^(?:(?:[^\s.*>]+|\*)\.)*(?:[^\s.*>]+|\*|>)$/, { error: "must be a NATS subject such as plant.access.> (> only at the end)" })
    .optional()
    .describe("NATS subject to subscribe to; * and > are wildcards"),
  file: text.optional().describe("file to follow, line by line"),
  json: z.boolean().default(false).describe("true: every line is a JSON object, whose values rules can read as fields"),
  template: text
    .regex(/^[^{}]*(?:\{[^{}\s]+\}[^{}]*)+$/, { error: "must name at least one field in braces, as in: badge {result} at {door}" })
    .optional()
    .describe("how a JSON line reads as text: badge {result} at {door}"),
  time: lineTime.optional().describe("the field that says when a JSON line happened, for replays; default: time, in RFC 3339"),
  max_lines_per_second: whole(1, 1000).default(50).describe("more lines than that in a second are dropped and counted"),
  max_line_bytes: size("64B", "64KiB").prefault("64KiB").describe("longer lines are dropped and counted"),
})
  .meta(requireOneOf(FEED_KINDS))
  .superRefine(exactlyOneOf(FEED_KINDS), EVEN_IF_WRONG)
  .superRefine((value, context) => {
    if (value.template !== undefined && value.json !== true) {
      context.addIssue({ code: "custom", path: ["template"], message: "only works with json: true: plain lines have no fields" });
    }
    if (value.time !== undefined && value.json !== true) {
      context.addIssue({ code: "custom", path: ["time"], message: "only works with json: true: plain lines have no fields" });
    }
  }, EVEN_IF_WRONG);

const textFeed = strict({ text: feed.describe("where lines of text come from"), enabled }).transform(({ text: from, enabled: on }) => ({
  kind: "text" as const,
  enabled: on,
  feed:
    from.file === undefined
      ? { kind: "subject" as const, subject: from.subject ?? "" }
      : { kind: "file" as const, path: from.file },
  json: from.json,
  linesPerSecondMax: from.max_lines_per_second,
  lineBytesMax: from.max_line_bytes,
  ...present({ template: from.template, time: from.time }),
}));

/** One source, its id and the global gate still apart. */
export const sourceSchema = z.union([camera, microphone, textFeed], { error: kinds(SOURCE_KINDS) });
