// The key time of a text feed: which field of a JSON line says when it happened, and in what form.
import { EVEN_IF_WRONG, present, strict, text } from "./common.js";

/** Numbers since 1970, by how many a second has. */
const UNIX_FORMATS: ReadonlyMap<string, number> = new Map([["unix_s", 1], ["unix_ms", 1e3], ["unix_us", 1e6], ["unix_ns", 1e9]]);

const FORMAT_NAMES = ["rfc3339", ...UNIX_FORMATS.keys()];

const FORMAT_ADVICE = `must be ${FORMAT_NAMES.join(", ")}, or a pattern such as yyyy-MM-dd HH:mm:ss`;

/** The tokens of a pattern: what stands in single quotes is itself. Source: Luxon's table of tokens. */
function tokensOf(pattern: string): string {
  return pattern.replace(/'[^']*'/g, "");
}

/** What is wrong with a pattern; a time must be whole, for nothing of it is guessed. */
function patternProblem(pattern: string): string | undefined {
  const tokens = tokensOf(pattern);
  const hasDay = /o/.test(tokens) || (/[ML]/.test(tokens) && /d/.test(tokens));
  if (!/y|M|d|H/.test(tokens)) return FORMAT_ADVICE;
  if (/T(?=H)/.test(tokens)) return "must have what is no token in single quotes: yyyy-MM-dd'T'HH:mm:ss";
  if (!/yyyy/.test(tokens) || !hasDay) return "must have the year with four digits (yyyy), the month and the day: nothing of a time is guessed";
  if (!/H/.test(tokens) && !(/h/.test(tokens) && /a/.test(tokens))) return "must have the hour: HH, or h and a";
  return undefined;
}

function hasZone(pattern: string): boolean {
  return /[Zz]/.test(tokensOf(pattern));
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return /^[A-Za-z]/.test(zone);
  } catch {
    return false; // RangeError: no such zone
  }
}

/** Where a JSON line carries its time. */
export const lineTime = strict({
  field: text.default("time").describe("the name of the field"),
  format: text
    .default("rfc3339")
    .describe("rfc3339, unix_s, unix_ms, unix_us, unix_ns, or a pattern of Luxon's tokens such as yyyy-MM-dd HH:mm:ss"),
  zone: text.optional().describe("the zone of times that say none, such as Europe/Berlin or UTC; for patterns only"),
})
  .superRefine(({ format, zone }, context) => {
    const complain = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
    if (zone !== undefined && !isZone(zone)) complain("zone", "must be the name of a time zone, such as Europe/Berlin or UTC");
    if (FORMAT_NAMES.includes(format)) {
      if (zone !== undefined) complain("zone", `only works with a pattern: ${format} says its zone itself, remove it`);
      return;
    }
    const problem = patternProblem(format);
    if (problem !== undefined) complain("format", problem);
    else if (zone === undefined && !hasZone(format)) complain("format", "says no zone: add zone: Europe/Berlin, say, or ZZ to the pattern");
    else if (zone !== undefined && hasZone(format)) complain("zone", "only works with a pattern that has no zone itself: remove it");
  }, EVEN_IF_WRONG)
  .transform(({ field, format, zone }) => {
    const perSecond = UNIX_FORMATS.get(format);
    if (perSecond !== undefined) return { field, format: { kind: "unix" as const, perSecond } };
    if (format === "rfc3339") return { field, format: { kind: "rfc3339" as const } };
    return { field, format: { kind: "pattern" as const, pattern: format, ...present({ zone }) } };
  });
