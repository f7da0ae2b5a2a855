// The binary form, read back here and by another library.
import { spawnSync } from "node:child_process";
import { toUSVString } from "node:util";
import fc from "fast-check";
import t from "tap";
import { bytesToVector, decode, encode, vectorToBytes } from "../../daemon/codec/msgpack.js";
import { alertMessage } from "../../daemon/sinks/alert-message.js";
import type { Incident } from "../../rules/incident.js";
import { hostileKey } from "../support/hostile.js";
import { debianEnvironment, programs } from "../support/debian.js";

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.tuple(hostileKey.map((key) => toUSVString(key)), tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries) as unknown),
  ),
})).value;

await t.test("msgpack: gives back every plain value", (t) => {
  fc.assert(
    fc.property(plain, (value) => {
      const back = decode(encode(value));
      return JSON.stringify(back) === JSON.stringify(value);
    }),
  );
  t.end();
});

await t.test("msgpack: gives back bytes and vectors bit for bit, at any alignment", (t) => {
  fc.assert(
    fc.property(fc.float32Array(), fc.nat(7), (vector, shift) => {
      const bytes = vectorToBytes(vector);
      const { v } = decode(encode({ v: bytes })) as { v: Uint8Array };
      const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
      shifted.set(v);
      return Buffer.from(vectorToBytes(bytesToVector(shifted))).equals(Buffer.from(bytes));
    }),
  );
  t.throws(() => bytesToVector(new Uint8Array(5)), RangeError);
  t.end();
});

await t.test("msgpack: hands out memory of its own", (t) => {
  const first = encode({ a: "x".repeat(100) });
  const copy = Uint8Array.from(first);
  for (let i = 0; i < 1_000; i++) encode({ b: i });
  t.same(first, copy);
  t.equal(first.byteLength, first.buffer.byteLength);
  t.end();
});

await t.test("msgpack: throws on bytes that are cut short or go on", (t) => {
  const bytes = encode({ a: [1, 2, 3] });
  t.throws(() => decode(bytes.subarray(0, -1)));
  t.throws(() => decode(Buffer.concat([bytes, bytes])));
  t.end();
});

await t.test("msgpack: is read by another library", (t) => {
  const value = { name: "Tür", at: 1_767_323_045_678, small: -3, ratio: 0.5, on: true, none: null, gone: undefined, list: [1, { x: 2 }], v: vectorToBytes(Float32Array.of(1, -2.5)) };
  const program = `
import json, msgpack, struct, sys
d = msgpack.unpackb(sys.stdin.buffer.read(), raw=False)
d["v"] = list(struct.unpack("<2f", d["v"]))
print(json.dumps(d))`;
  const { stdout, stderr } = spawnSync(programs.python(), ["-c", program], { input: encode(value), env: debianEnvironment() });
  t.equal(String(stderr), "");
  t.same(JSON.parse(String(stdout)), { ...value, gone: null, v: [1, -2.5] });
  t.end();
});

await t.test("msgpack: a whole alert is read by another library, field by field", (t) => {
  const incident: Incident = {
    id: "f00d",
    ruleId: "break-in",
    groupId: "dock",
    severity: "critical",
    state: "firing",
    startedAt: 1_767_323_045_678,
    updatedAt: 1_767_323_046_000,
    confidence: 0.95,
    calibrated: true,
    events: [{ id: "e1", revision: 3 }],
    evidence: [
      {
        ...{ condition: "see: dog", sourceId: "dock-cam", modality: "image", observationId: "0123456789abcdef", confidence: 0.9 },
        ...{ capturedAt: 1_767_323_045_678, durationMs: 0, offsetMs: 0, region: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 } },
      },
    ],
    summary: "see: dog (dock-cam 0.90)",
  };
  const bodyAs = (format: "json" | "msgpack"): Uint8Array =>
    alertMessage({ incident, revision: 2 }, { site: "plant-7", format, causedAt: incident.updatedAt, ageMs: 0 }).body;
  const program = "import json, msgpack, sys; print(json.dumps(msgpack.unpackb(sys.stdin.buffer.read(), raw=False)))";
  const { stdout, stderr } = spawnSync(programs.python(), ["-c", program], { input: bodyAs("msgpack"), env: debianEnvironment() });
  t.equal(String(stderr), "");
  t.same(JSON.parse(String(stdout)), JSON.parse(Buffer.from(bodyAs("json")).toString()));
  t.end();
});
