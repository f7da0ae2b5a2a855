// The time that a line carries: read by one format, never guessed.
import { DateTime } from "luxon";

/** How a line writes its time. */
export type TimeFormat =
  /** A date, a time of day and the distance from UTC. */
  | { readonly kind: "rfc3339" }
  /** A number since 1970, in so many parts of a second. */
  | { readonly kind: "unix"; readonly perSecond: number }
  /** Luxon's tokens. `zone`: the IANA zone of times that say none. */
  | { readonly kind: "pattern"; readonly pattern: string; readonly zone?: string };

/** Reads a time as it is written: whole Unix ms of the years 0 to 9999, or nothing where it is not of the format. */
export type TimeReader = (written: string) => number | undefined;

/** Source: RFC 3339, section 5.6; a blank may stand for the T. Luxon then knows the lengths of months. */
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,30})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const NUMBER = /^-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/;

const FIRST_MS = Date.parse("0000-01-01T00:00:00Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** The reader of a format. */
export function timeReader(format: TimeFormat): TimeReader {
  const read = unboundedReader(format);
  return (written) => {
    const ms = Math.floor(read(written.trim()));
    return ms >= FIRST_MS && ms <= LAST_MS ? ms : undefined;
  };
}

/** Gives NaN where the text is not of the format. */
function unboundedReader(format: TimeFormat): (written: string) => number {
  switch (format.kind) {
    case "rfc3339":
      return (written) => (RFC3339.test(written) ? DateTime.fromISO(written.toUpperCase().replace(" ", "T")).toMillis() : Number.NaN);
    case "unix":
      return (written) => (NUMBER.test(written) ? Math.round(inMs(Number(written), format.perSecond)) : Number.NaN);
    case "pattern": {
      const parser = DateTime.buildFormatParser(format.pattern, { locale: "en" });
      const options = { locale: "en", zone: format.zone ?? "utc" };
      return (written) => DateTime.fromFormatParser(written, parser, options).toMillis();
    }
  }
}

/** One operation, so that whole ms stay whole. */
function inMs(time: number, perSecond: number): number {
  return perSecond < 1000 ? time * (1000 / perSecond) : time / (perSecond / 1000);
}
