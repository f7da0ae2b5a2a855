// How a stream that was there already differs from the one that fusiond would have made.
import type { StreamInfo } from "nats";
import type { StreamSpec } from "./bus.js";

const NANOSECONDS_PER_MS = 1e6;

/** A stream as it stands, in fusiond's units; a limit that is not set is Infinity. */
export interface ExistingStream {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: string;
  readonly storage: string;
  readonly discard: string;
  readonly denyDelete: boolean;
  readonly denyPurge: boolean;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxMessages: number;
  readonly maxMessagesPerSubject: number;
  readonly maxMessageBytes: number;
  readonly duplicateWindowMs: number;
  readonly mirrorOf?: string;
  readonly sealed: boolean;
  readonly acknowledges: boolean;
  readonly messages: number;
  readonly bytes: number;
  readonly lastSequence: number;
  /** Unix ms when the last message was stored; NaN where the broker does not know. */
  readonly lastStoredAt: number;
}

/** What the broker says of a stream. */
export function existingStream({ config, state }: StreamInfo): ExistingStream {
  const limit = (value: number | undefined): number => (value === undefined || value <= 0 ? Infinity : value);
  return {
    name: config.name,
    subjects: config.subjects ?? [], // a mirror has none, whatever the type says
    retention: config.retention,
    storage: config.storage,
    discard: config.discard,
    denyDelete: config.deny_delete,
    denyPurge: config.deny_purge,
    maxAgeMs: limit(config.max_age) / NANOSECONDS_PER_MS,
    maxBytes: limit(config.max_bytes),
    maxMessages: limit(config.max_msgs),
    maxMessagesPerSubject: limit(config.max_msgs_per_subject),
    maxMessageBytes: limit(config.max_msg_size),
    duplicateWindowMs: config.duplicate_window / NANOSECONDS_PER_MS,
    ...(config.mirror === undefined ? {} : { mirrorOf: config.mirror.name }),
    sealed: config.sealed,
    acknowledges: !config.no_ack,
    messages: state.messages,
    bytes: state.bytes,
    lastSequence: state.last_seq,
    lastStoredAt: Date.parse(state.last_ts),
  };
}

/** One clause for each setting that weakens what is promised; none if the stream will do. Longer and larger is fine. */
export function streamDifferences(spec: StreamSpec, found: ExistingStream): readonly string[] {
  const missing = missingSubjects(spec, found);
  const clauses: [boolean, string][] = [
    [missing.length > 0, `it does not take ${missing.join(" and ")}`],
    [found.retention !== "limits", `its retention is ${found.retention} instead of limits`],
    [found.storage !== "file", `its storage is ${found.storage} instead of file`],
    [found.discard !== "old", `it refuses new messages when it is full`],
    [!found.denyDelete, "it lets messages be deleted"],
    [!found.denyPurge, "it lets itself be purged"],
    [found.maxAgeMs < spec.maxAgeMs, `it keeps messages for ${found.maxAgeMs / 1000} s instead of ${spec.maxAgeMs / 1000} s`],
    [found.maxBytes < spec.maxBytes, `it keeps ${found.maxBytes} bytes instead of ${spec.maxBytes}`],
    [found.maxMessages < Infinity, `it keeps no more than ${found.maxMessages} messages`],
    [found.maxMessagesPerSubject < Infinity, `it keeps no more than ${found.maxMessagesPerSubject} messages of a subject`],
    [
      found.duplicateWindowMs < spec.duplicateWindowMs,
      `it knows duplicates for ${found.duplicateWindowMs / 1000} s instead of ${spec.duplicateWindowMs / 1000} s`,
    ],
  ];
  return clauses.filter(([differs]) => differs).map(([, clause]) => clause);
}

/** What has to change so that fusiond's own stream has the limits of the configuration, one clause each. */
export function streamChanges(spec: StreamSpec, found: ExistingStream): readonly string[] {
  const change = (name: string, from: number, to: number): string[] => (from === to ? [] : [`${name} from ${from} to ${to}`]);
  return [
    ...change("max_bytes", found.maxBytes, spec.maxBytes),
    ...change("max_age in seconds", found.maxAgeMs / 1000, spec.maxAgeMs / 1000),
    ...change("duplicate_window in seconds", found.duplicateWindowMs / 1000, spec.duplicateWindowMs / 1000),
    ...(missingSubjects(spec, found).length === 0 ? [] : [`subjects to ${spec.subjects.join(" and ")}`]),
  ];
}

/** The subjects of the spec that the stream does not store. */
export function missingSubjects(spec: StreamSpec, found: ExistingStream): readonly string[] {
  return spec.subjects.filter((subject) => !found.subjects.some((pattern) => covers(pattern, subject)));
}

/** Whether every subject that `subject` (which may itself end in a wildcard) stands for matches the pattern. */
function covers(pattern: string, subject: string): boolean {
  const wanted = subject.split(".");
  const given = pattern.split(".");
  for (const [i, token] of given.entries()) {
    if (token === ">") return wanted.length > i;
    if (token !== wanted[i] && (token !== "*" || wanted[i] === undefined || wanted[i] === ">")) return false;
  }
  return given.length === wanted.length;
}
