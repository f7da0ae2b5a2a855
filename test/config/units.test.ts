// Durations, sizes and rates: always with a unit, and the same again when written back.
import fc from "fast-check";
import t from "tap";
import { formatDurationMs, formatSizeBytes, parseDurationMs, parseRatePerHour, parseSizeBytes } from "../../config/units.js";

void t.test("units: durations mean what they say", (t) => {
  const table: [string, number][] = [
    ["0s", 0],
    ["250ms", 250],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["1.1s", 1_100],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
  ];
  for (const [written, ms] of table) t.equal(parseDurationMs(written), ms, written);
  t.end();
});

void t.test("units: sizes mean what they say", (t) => {
  const table: [string, number][] = [
    ["17B", 17],
    ["64KiB", 65_536],
    ["20MiB", 20_971_520],
    ["1GiB", 1_073_741_824],
    ["1TiB", 1_099_511_627_776],
    ["3kB", 3_000],
    ["1.5MB", 1_500_000],
    ["2GB", 2_000_000_000],
    ["1TB", 1_000_000_000_000],
  ];
  for (const [written, bytes] of table) t.equal(parseSizeBytes(written), bytes, written);
  t.end();
});

void t.test("units: rates mean what they say, and need a time", (t) => {
  for (const [written, perHour] of [["0.1/h", 0.1], ["2/d", 2 / 24], ["3/h", 3]] as const) t.equal(parseRatePerHour(written), perHour, written);
  for (const written of ["0.1", "0.1 /h", "-1/h", "1/m", "/h", "1e-3/h"]) t.equal(parseRatePerHour(written), undefined, written);
  t.end();
});

void t.test("units: neither when the unit is missing, unknown or apart", (t) => {
  for (const written of ["", "5", "5.0", "-5s", "5 s", "5S", "5min", "s", "1e3s", ".5s", "5s5s", "9999999999999999d"]) {
    t.equal(parseDurationMs(written), undefined, JSON.stringify(written));
  }
  for (const written of ["", "5", "5 MiB", "5mb", "5K", "5KB", "MiB", "9999999999999999TiB"]) {
    t.equal(parseSizeBytes(written), undefined, JSON.stringify(written));
  }
  t.end();
});

void t.test("units: parse gives back what format wrote", (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.maxSafeNat(), (ms) => parseDurationMs(formatDurationMs(ms)) === ms)));
  t.doesNotThrow(() => fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSizeBytes(formatSizeBytes(bytes)) === bytes)));
  t.end();
});

void t.test("units: format takes the shortest way", (t) => {
  t.equal(formatDurationMs(90_000), "90s");
  t.equal(formatDurationMs(1_500), "1500ms");
  t.equal(formatDurationMs(604_800_000), "7d");
  t.equal(formatSizeBytes(65_536), "64KiB");
  t.equal(formatSizeBytes(3_000_000), "3MB");
  t.end();
});
