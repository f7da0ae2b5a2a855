// Reports as bytes: what was written comes back, and whatever else comes is refused in one sentence.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect, isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import t from "tap";
import { decodeMap, encode, encodeMap, type MapValue } from "../../daemon/codec/msgpack.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { decodeReport, encodeReport, REPORT_BYTES_MAX } from "../../daemon/report/report-codec.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { HOSTILE_KEYS } from "../support/hostile.js";
import { holds } from "../support/property.js";
import { anyReport, SAMPLES } from "./reports.js";

/** What came of bytes: a report, or the code and sentence of its refusal. Anything else is a fault of the codec. */
function outcome(bytes: Uint8Array): ReturnType<typeof decodeReport> | { readonly code: string; readonly message: string } {
  try {
    return decodeReport(bytes);
  } catch (error) {
    if (!(error instanceof FusiondError)) throw error;
    return { code: error.code, message: error.message };
  }
}

function isRefusal(bytes: Uint8Array): boolean {
  const what = outcome(bytes);
  return "code" in what && what.code === "report_invalid" && !what.message.includes("\n") && what.message.length < 500;
}

/** A report's map with some fields set to something else; undefined: it goes. */
function changed(bytes: Uint8Array, changes: Readonly<Record<string, MapValue | undefined>>): Uint8Array {
  const map = new Map(decodeMap(bytes, 3) as ReadonlyMap<string, MapValue>);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) map.delete(name);
    else map.set(name, value);
  }
  return encodeMap(map);
}

void t.test("report codec: whatever can be said comes back as it was", (t) => {
  holds(t, "round trip", fc.property(anyReport, (report) => isDeepStrictEqual(decodeReport(encodeReport(report)), report)), 1_000);
  t.end();
});

void t.test("report codec: the bytes of version 1 stay what they are", (t) => {
  const golden = JSON.parse(readFileSync(join(packageRoot, "test/report/version-1.json"), "utf8")) as Readonly<Record<string, string>>;
  t.strictSame(Object.keys(golden), Object.keys(SAMPLES));
  for (const [name, report] of Object.entries(SAMPLES)) {
    t.equal(Buffer.from(encodeReport(report)).toString("hex"), golden[name], `${name}: written`);
    t.strictSame(decodeReport(Buffer.from(golden[name] ?? "", "hex")), report, `${name}: read`);
  }
  t.end();
});

void t.test("report codec: a field that nobody knows is ignored, in whatever it lies", (t) => {
  const foreign = fc.dictionary(fc.constantFrom("later", "x", ...HOSTILE_KEYS.filter((key) => !["kind", "time"].includes(key))), fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant(new Map([["v", 9]]))), { noNullPrototype: true });
  holds(t, "ignored", fc.property(anyReport, foreign, (report, more) => isDeepStrictEqual(decodeReport(changed(encodeReport(report), more)), report)), 300);
  t.end();
});

void t.test("report codec: a version that nobody knows is refused in a sentence that says what to do", (t) => {
  for (const version of [0, 2, 9_007_199_254_740_991]) {
    const what = outcome(changed(encodeReport(SAMPLES["a look"] as (typeof SAMPLES)[string]), { v: version }));
    t.match(what, { code: "report_version", message: `a report of format ${version} cannot be read, this fusiond knows 1: run the same release of fusiond everywhere` });
  }
  t.end();
});

void t.test("report codec: each field is held to its type and range", (t) => {
  const nonsense: readonly MapValue[] = [NaN, Infinity, -Infinity, -1e300, 1e300, 0.5, -1, "", "x".repeat(70_000), "a b", null, true, new Uint8Array(3), [], [1, "2"], new Map()];
  const refusedFor = (name: string, field: string, except: readonly MapValue[] = []): void => {
    const bytes = encodeReport(SAMPLES[name] as (typeof SAMPLES)[string]);
    for (const value of nonsense.filter((one) => !except.some((other) => isDeepStrictEqual(one, other)))) {
      t.ok(isRefusal(changed(bytes, { [field]: value })), `${name}: ${field} = ${inspect(value).slice(0, 20)}`);
    }
  };
  for (const name of Object.keys(SAMPLES)) {
    for (const field of ["v", "kind", "site", "encoders", "source", "modality", "run", "seq"]) refusedFor(name, field, field === "encoders" ? ["a b"] : []);
  }
  const optional: readonly MapValue[] = [null];
  refusedFor("a look", "captured_at", [-1]);
  for (const field of ["duration_ms", "gate"]) refusedFor("a look", field);
  refusedFor("a look", "quality", [0.5]);
  refusedFor("a look", "capture_ms", [0.5, -1]);
  refusedFor("a look", "space", ["a b"]);
  for (const field of ["region", "track", "place", "moving", "vector"]) refusedFor("a look", field, field === "moving" ? [...optional, true] : optional);
  refusedFor("a line without a known word", "text", [...optional, "", "a b"]);
  refusedFor("a line without a known word", "fields", [...optional, new Map()]);
  refusedFor("a scan", "from", [-1, -1e300]);
  refusedFor("how far all was told", "time", [-1]);
  refusedFor("blind from now on", "healthy", [true]);
  refusedFor("blind from now on", "why", [...optional, "", "a b"]);
  refusedFor("how the source is", "state");
  refusedFor("how the source is", "witnesses", [[]]);
  const look = encodeReport(SAMPLES["a look"] as (typeof SAMPLES)[string]);
  for (const field of ["site", "run", "seq", "captured_at", "gate", "quality", "space"]) t.ok(isRefusal(changed(look, { [field]: undefined })), `without ${field}`);
  t.ok(isRefusal(changed(look, { vector: Uint8Array.of(3, 1, 0, 64) })), "codes that are not as a vector is rounded");
  t.ok(isRefusal(changed(look, { vector: Uint8Array.of(0x80, 127) })), "-128 is no code");
  t.ok(isRefusal(changed(look, { region: [0, 0, 1.1, 1] })), "beyond the picture");
  const witness = new Map<string, MapValue>([["modality", "image"], ["healthy", true], ["at", 5]]);
  t.ok(isRefusal(changed(encodeReport(SAMPLES["how the source is"] as (typeof SAMPLES)[string]), { witnesses: [witness, witness] })), "two of one modality");
  t.ok(isRefusal(changed(encodeReport(SAMPLES["a scan"] as (typeof SAMPLES)[string]), { from: 1_764_309_712_346 })), "a scan that ended before it began");
  t.match(outcome(changed(look, { seq: NaN })), { code: "report_invalid", message: /^a report is not taken in, its field seq must be a whole number from 0 to \d+, not NaN: see to it / });
  t.end();
});

void t.test("report codec: bytes that are cut short, go on, are changed or mean nothing are refused, and nothing else happens", (t) => {
  const bytesOf = anyReport.map(encodeReport);
  holds(t, "cut short", fc.property(bytesOf, fc.nat(), (bytes, at) => isRefusal(bytes.subarray(0, at % bytes.length))), 500);
  holds(t, "going on", fc.property(bytesOf, fc.uint8Array({ minLength: 1, maxLength: 9 }), (bytes, more) => isRefusal(Uint8Array.from([...bytes, ...more]))), 300);
  holds(t, "random", fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isRefusal(bytes)), 2_000);
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  holds(
    t,
    "changed: refused, or a report that is as valid as any",
    fc.property(bytesOf, flips, (bytes, flips) => {
      const other = Uint8Array.from(bytes);
      for (const [at, value] of flips) other[at % other.length] = value;
      const what = outcome(other);
      return "code" in what ? what.code.startsWith("report_") : isDeepStrictEqual(decodeReport(encodeReport(what)), what);
    }),
    3_000,
  );
  t.end();
});

void t.test("report codec: what claims to be huge or deep costs nothing", (t) => {
  const before = process.memoryUsage().rss;
  const claims = [0xdd, 0xdf].map((head) => Uint8Array.of(head, 0x01, 0xff, 0xff, 0xff)); // 33 million items
  const nested = Uint8Array.from(Array.from({ length: 20_000 }, () => [0xdd, 0x01, 0xff, 0xff, 0xff]).flat());
  const deep = Uint8Array.from([...Array.from({ length: 400_000 }, () => 0x91), 0xc0]);
  const extensions = [0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xc7].map((head) => Uint8Array.of(0x81, 0xa1, 0x76, head, 0x72, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17));
  for (const bytes of [...claims, nested, deep, ...extensions, new Uint8Array(REPORT_BYTES_MAX + 1), new Uint8Array(0)]) t.ok(isRefusal(bytes));
  t.ok(process.memoryUsage().rss - before < 200e6, "no room was made for what is not there");
  t.ok(isRefusal(encode([1, 2, 3])), "a list is no report");
  const look = SAMPLES["a look"] as Extract<(typeof SAMPLES)[string], { kind: "observation" }>;
  const fields = new Map(Array.from({ length: 10 }, (_, i) => [`${i}`, "x".repeat(60_000)]));
  t.throws(() => encodeReport({ ...look, observation: { ...look.observation, fields } }), { code: "report_invalid" }, "nor is one written that is too long");
  t.end();
});
