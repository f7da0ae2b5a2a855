// A number, a truth value or a date where a text must stand is a text: as it is written, never as it would be printed.
import type { z } from "zod";
import type { YamlDocument } from "./document.js";
import type { ConfigPath } from "./problem.js";
import { isMap } from "./raw.js";
import { configSchema } from "./schema.js";

/** Each round settles what the round before made readable; real files need two. */
const ROUNDS_MAX = 8;

/**
 * The value of a document in which whatever stands where the schema wants a text has become one: `site: 007`,
 * `equals: 1.0`, `sources: [01, 1e3]`. All else stays as it is, mistakes too.
 */
export function asWritten(document: YamlDocument): unknown {
  let { value } = document;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const parsed = configSchema.safeParse(value, { reportInput: true });
    const texts = parsed.success ? [] : wantedTexts(parsed.error.issues, []).flatMap((path) => textAt(document, path));
    if (texts.length === 0) break;
    value = texts.reduce((changed, { path, text }) => withText(changed, path, text), value);
  }
  return value;
}

/** Where the schema wants a text and there is another scalar; members of unions that were not meant want none. */
function wantedTexts(issues: readonly z.core.$ZodIssue[], parent: ConfigPath): ConfigPath[] {
  return issues.flatMap((issue) => {
    const path = [...parent, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
    if (issue.code === "invalid_union") return issue.errors.flatMap((member) => wantedTexts(member, path));
    const isScalar = issue.input !== null && issue.input !== undefined && !isMap(issue.input) && !Array.isArray(issue.input);
    return issue.code === "invalid_type" && issue.expected === "string" && (isScalar || issue.input instanceof Date) ? [path] : [];
  });
}

function textAt(document: YamlDocument, path: ConfigPath): { path: ConfigPath; text: string }[] {
  const text = document.writtenAt(path);
  return text === undefined ? [] : [{ path, text }];
}

function withText(value: unknown, path: ConfigPath, text: string): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  if (Array.isArray(value)) return (value as unknown[]).with(Number(step), withText(value[Number(step)], rest, text));
  return isMap(value) ? { ...value, [step]: withText(value[step], rest, text) } : value;
}
