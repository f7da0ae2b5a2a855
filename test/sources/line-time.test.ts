// Times of lines: what is of the format is read exactly, all else is nothing.
import fc from "fast-check";
import t from "tap";
import { timeReader, type TimeFormat } from "../../daemon/sources/line-time.js";
import { hostileText } from "../support/hostile.js";
import { holds } from "../support/property.js";

const read = (format: TimeFormat, written: string): number | undefined => timeReader(format)(written);
const rfc3339: TimeFormat = { kind: "rfc3339" };
const unix = (perSecond: number): TimeFormat => ({ kind: "unix", perSecond });
const pattern = (text: string, zone?: string): TimeFormat => ({ kind: "pattern", pattern: text, ...(zone === undefined ? {} : { zone }) });

void t.test("line time: RFC 3339 with its zone, and nothing that only looks like it", (t) => {
  const goods = ["2026-11-01T01:30:00-04:00", "2026-11-01T05:30:00Z", "2026-11-01t05:30:00z", "2026-11-01 05:30:00.000Z", "2026-11-01T11:00:00.0000000+05:30", " 2026-11-01T05:30:00Z "];
  for (const good of goods) t.equal(read(rfc3339, good), Date.UTC(2026, 10, 1, 5, 30), good);
  t.equal(read(rfc3339, "2026-11-01T05:30:00.1239Z"), Date.UTC(2026, 10, 1, 5, 30, 0, 123), "whole ms, never later than written");
  const bads = [
    ..."2026-11-01T01:30:00 2026-11-01 20261101T013000Z 01:30:00 01:30:00Z 1793511000 7 99999 +002026-11-01T00:00:00Z 2026-W44-7T00:00:00Z".split(" "),
    ...["", "shift 7", "soon", "2026-11-01 01:30:00", "Sun, 01 Nov 2026 05:30:00 GMT", "Nov 1 2026 05:30:00Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z"],
    ...["2026-11-01T24:00:00Z", "2026-11-01T00:60:00Z", "2026-11-01T00:00:00+24:00", "2026-11-01T00:00:00 +01:00", "2026-11-01T00:00:00ZZ", "2026-11-01T00:00Z"],
  ];
  for (const bad of bads) t.equal(read(rfc3339, bad), undefined, bad);
  const moment = fc.date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
  holds(t, "any moment", fc.property(moment, (date) => read(rfc3339, date.toISOString()) === date.getTime()));
  t.end();
});

void t.test("line time: numbers since 1970 by their unit, exactly, within the years that can be told", (t) => {
  t.equal(read(unix(1), "1793511000"), 1_793_511_000_000);
  t.equal(read(unix(1), "1793511000.123"), 1_793_511_000_123);
  t.equal(read(unix(1), "1.793511e9"), 1_793_511_000_000);
  t.equal(read(unix(1e3), "1793511000123"), 1_793_511_000_123);
  t.equal(read(unix(1e6), "1793511000123456"), 1_793_511_000_123);
  t.equal(read(unix(1e9), "1793511000123456789"), 1_793_511_000_123);
  for (const bad of ["1793511000123", "1e300", "1e400", "-1e15", "NaN", "Infinity", "0x10", "1_000", "12:00", "", "2026-11-01T05:30:00Z"]) t.equal(read(unix(1), bad), undefined, bad);
  holds(t, "whole ms", fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => read(unix(1e3), String(ms)) === ms && read(unix(1e6), `${ms}000`) === ms));
  t.end();
});

void t.test("line time: patterns, with a zone of their own or the one that is given, whatever zone the machine is in", (t) => {
  t.equal(read(pattern("yyyy-MM-dd HH:mm:ss", "America/New_York"), "2026-11-01 00:30:00"), Date.UTC(2026, 10, 1, 4, 30));
  t.equal(read(pattern("yyyy-MM-dd HH:mm:ss", "UTC"), "2026-11-01 00:30:00"), Date.UTC(2026, 10, 1, 0, 30));
  t.equal(read(pattern("d/MMM/yyyy:HH:mm:ss ZZZ"), "1/Nov/2026:05:30:00 +0100"), Date.UTC(2026, 10, 1, 4, 30));
  t.equal(read(pattern("yyyy-MM-dd'T'HH:mm:ss", "Europe/Berlin"), "2026-07-01T02:00:00"), Date.UTC(2026, 6, 1, 0, 0));
  for (const bad of ["2026-11-01", "2026-11-31 00:00:00", "2026-11-01 00:30:00 x", "1793511000", ""]) t.equal(read(pattern("yyyy-MM-dd HH:mm:ss", "UTC"), bad), undefined, bad);
  t.end();
});

void t.test("line time: whatever else a line says there is no time, and no error", (t) => {
  for (const format of [rfc3339, unix(1), pattern("yyyy-MM-dd HH:mm:ss", "UTC")]) {
    holds(t, format.kind, fc.property(fc.oneof(hostileText, fc.json(), fc.double().map(String)), (text) => {
      const ms = read(format, text);
      return ms === undefined || (Number.isInteger(ms) && !Number.isNaN(new Date(ms).getTime()));
    }));
  }
  t.end();
});
