// Durations, sizes and rates as people write them: a number and its unit, never a bare number.

const DURATION_UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS_BYTES = {
  B: 1,
  kB: 1_000,
  KiB: 1024,
  MB: 1_000_000,
  MiB: 1024 ** 2,
  GB: 1_000_000_000,
  GiB: 1024 ** 3,
  TB: 1_000_000_000_000,
  TiB: 1024 ** 4,
} as const;

/** What a duration looks like. Group 1: the number, group 2: the unit. */
export const DURATION_PATTERN = /^([0-9]{1,16}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)$/;

/** What a size looks like. Group 1: the number, group 2: the unit. */
export const SIZE_PATTERN = /^([0-9]{1,16}(?:\.[0-9]{1,9})?)(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$/;

/** What a rate looks like. Group 1: the number, group 2: the time. */
export const RATE_PATTERN = /^([0-9]{1,16}(?:\.[0-9]{1,9})?)\/(h|d)$/;

const HOURS_IN = { h: 1, d: 24 } as const;

/** How often an hour: of `0.1/h`, `2/d`; undefined for everything else, a bare number too. */
export function parseRatePerHour(text: string): number | undefined {
  const [, amount, unit] = RATE_PATTERN.exec(text) ?? [];
  return amount === undefined || unit === undefined ? undefined : Number(amount) / HOURS_IN[unit as keyof typeof HOURS_IN];
}

/** Whole milliseconds of `250ms`, `1.5s`, `10m`, `2h`, `7d`; undefined for everything else, a bare number too. */
export function parseDurationMs(text: string): number | undefined {
  return parse(text, DURATION_PATTERN, DURATION_UNITS_MS);
}

/** Whole bytes of `64KiB`, `20MiB`, `1.5GB`; undefined for everything else, a bare number too. */
export function parseSizeBytes(text: string): number | undefined {
  return parse(text, SIZE_PATTERN, SIZE_UNITS_BYTES);
}

/** The shortest exact way to write a whole number of milliseconds >= 0: `90s`, `1500ms`, `7d`. */
export function formatDurationMs(ms: number): string {
  return format(ms, DURATION_UNITS_MS);
}

/** The shortest exact way to write a whole number of bytes >= 0: `64KiB`, `3MB`, `17B`. */
export function formatSizeBytes(bytes: number): string {
  return format(bytes, SIZE_UNITS_BYTES);
}

function parse(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = pattern.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const value = Math.round(Number(amount) * (units[unit] as number));
  return Number.isSafeInteger(value) ? value : undefined;
}

function format(value: number, units: Readonly<Record<string, number>>): string {
  const written = Object.entries(units)
    .filter(([, size]) => value % size === 0)
    .map(([unit, size]) => `${value / size}${unit}`);
  return written.reduce((best, next) => (next.length < best.length ? next : best));
}
