import fc from "fast-check";
import t from "tap";
import { embeddingOf } from "../../fusion/model/observation.js";
import { dot, isRounded, norm, normalise, roundedVector, unitVector } from "../../fusion/model/vector.js";
import { holds } from "../support/property.js";

const axis = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.float({ min: -1, max: 1, noNaN: true }), fc.constant(0));
const vector = fc.array(axis, { minLength: 1, maxLength: 300 }).map((list) => Float32Array.from(list));

void t.test("rounded vector: what codes come to has the same codes again, and length 1", (t) => {
  holds(
    t,
    "rounding again changes nothing",
    fc.property(vector, (vector) => {
      const codes = roundedVector(vector);
      const isZero = vector.every((x) => x === 0);
      const again = roundedVector(unitVector(codes));
      const length = norm(unitVector(codes));
      return isRounded(codes) === !isZero && codes.every((code, i) => code === again[i]) && (isZero ? length === 0 : Math.abs(length - 1) < 1e-6);
    }),
    500,
  );
  t.end();
});

void t.test("rounded vector: any codes with one of the largest come back from their vector as they were", (t) => {
  const codes = fc.tuple(fc.array(fc.integer({ min: -127, max: 127 }), { maxLength: 300 }), fc.constantFrom(127, -127)).map(([rest, most]) => Int8Array.from([...rest, most]));
  holds(t, "codes -> vector -> codes", fc.property(codes, (codes) => isRounded(codes) && roundedVector(unitVector(codes)).every((code, i) => code === codes[i])), 500);
  t.notOk(isRounded(Int8Array.of(126, 0)), "a smaller one stands for the same direction as a larger one");
  t.notOk(isRounded(Int8Array.of(-128, 127)), "-128 is no code");
  t.notOk(isRounded(new Int8Array(0)));
  t.end();
});

void t.test("rounded vector: is near what was rounded, and the same on every machine", (t) => {
  let seed = 1;
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  for (let i = 0; i < 200; i++) {
    const given = normalise(Float32Array.from({ length: 256 }, next));
    t.ok(dot(given, embeddingOf("s", given).vector) > 0.9999, "less than a degree off");
  }
  t.strictSame([...roundedVector(Float32Array.of(0.3, -0.6, 0, 0.5))], [64, -127, 0, 106]);
  t.strictSame(Buffer.from(unitVector(Int8Array.of(3, 127, -64)).buffer).toString("hex"), "53c5ac3cb58f643f6e5ce6be", "bit for bit");
  t.throws(() => roundedVector(Float32Array.of(1, NaN)), /finite/);
  t.throws(() => roundedVector(Float32Array.of(-Infinity)), /finite/);
  t.end();
});
