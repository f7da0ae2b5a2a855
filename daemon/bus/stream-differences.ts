// How a stream that was there already differs from the one that fusiond would have made.
import type { StreamSpec } from "./bus.js";

/** The settings of an existing stream that matter, in fusiond's units. */
export interface ExistingStream {
  readonly subjects: readonly string[];
  readonly retention: string;
  readonly storage: string;
  readonly discard: string;
  readonly denyDelete: boolean;
  readonly denyPurge: boolean;
  readonly maxAgeMs: number;
  readonly duplicateWindowMs: number;
}

/** One clause for each setting that weakens what is promised; none if the stream will do. Longer and larger is fine. */
export function streamDifferences(spec: StreamSpec, found: ExistingStream): readonly string[] {
  const missing = spec.subjects.filter((subject) => !found.subjects.some((pattern) => covers(pattern, subject)));
  const age = found.maxAgeMs === 0 ? Infinity : found.maxAgeMs;
  const clauses: [boolean, string][] = [
    [missing.length > 0, `it does not take ${missing.join(" and ")}`],
    [found.retention !== "limits", `its retention is ${found.retention} instead of limits`],
    [found.storage !== "file", `its storage is ${found.storage} instead of file`],
    [found.discard !== "old", `it refuses new messages when it is full`],
    [!found.denyDelete, "it lets messages be deleted"],
    [!found.denyPurge, "it lets itself be purged"],
    [age < spec.maxAgeMs, `it keeps messages for ${found.maxAgeMs / 1000} s instead of ${spec.maxAgeMs / 1000} s`],
    [
      found.duplicateWindowMs < spec.duplicateWindowMs,
      `it knows duplicates for ${found.duplicateWindowMs / 1000} s instead of ${spec.duplicateWindowMs / 1000} s`,
    ],
  ];
  return clauses.filter(([differs]) => differs).map(([, clause]) => clause);
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
