// Lines of JSON as fields: exact, whatever they are called, within bounds.
import { toUSVString } from "node:util";
import fc from "fast-check";
import t from "tap";
import { jsonFields } from "../../daemon/sources/json-fields.js";
import { fieldsOfTemplate, renderLine } from "../../daemon/sources/line-template.js";
import { HOSTILE_KEYS, hostileKey, hostileText } from "../support/hostile.js";
import { holds } from "../support/property.js";

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 40 });

/** A number as JSON may write it. */
const number = fc
  .tuple(fc.constantFrom("", "-"), fc.oneof(fc.constant("0"), digits.map((text) => `7${text}`)), fc.option(digits), fc.option(fc.tuple(fc.constantFrom("e", "E", "e+", "E-"), digits)))
  .map(([sign, whole, fraction, exponent]) => `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : exponent.join("")}`);

/** A scalar as a line writes it, and its text. */
const scalar = fc.oneof(
  number.map((written) => [written, written] as const),
  fc.constantFrom(["true", "true"] as const, ["false", "false"] as const),
  hostileText.map((text) => [JSON.stringify(text), toUSVString(text)] as const),
);

void t.test("json fields: whatever a value is called, its text is what the line says", (t) => {
  holds(
    t,
    "flat lines",
    fc.property(fc.array(fc.tuple(hostileKey, scalar), { maxLength: 40 }), (pairs) => {
      const line = `{${pairs.map(([key, [written]]) => `${JSON.stringify(key)}: ${written}`).join(" , ")}}`;
      const expected = new Map(pairs.map(([key, [, text]]) => [toUSVString(key), text]));
      const { fields, cut } = jsonFields(line) ?? {};
      return cut === 0 && fields?.size === expected.size && [...expected].every(([key, text]) => fields.get(key) === text);
    }),
    500,
  );
  holds(
    t,
    "nested ones",
    fc.property(fc.array(hostileKey, { minLength: 1, maxLength: 6 }), scalar, (path, [written, text]) => {
      const line = path.reduceRight((inner, key) => `{${JSON.stringify(key)}:${inner}}`, written);
      return jsonFields(line)?.fields.get(toUSVString(path.join("."))) === text;
    }),
  );
  t.same(
    jsonFields('{"a":1.0,"b":0.10,"c":9007199254740993,"d":1e400,"e":-0,"f":1E+2,"g":12345678901234567890123,"h":{"i":[1.50,null,[],{}]},"a":2.0}')?.fields,
    new Map(Object.entries({ a: "2.0", b: "0.10", c: "9007199254740993", d: "1e400", e: "-0", f: "1E+2", g: "12345678901234567890123", "h.i.0": "1.50" })),
  );
  t.end();
});

void t.test("json fields: what is no JSON object is none, and nothing else happens", (t) => {
  const deep = `${"[".repeat(4000)}${"]".repeat(4000)}`;
  for (const line of ["", "1", '"a"', "null", "[]", '[{"a":1}]', "{", '{"a":}', '{"a":01}', '{"a":.5}', '{"a":NaN}', "{'a':1}", '{"a":1}x', '{"a":1,}', deep, "{".repeat(4000)]) {
    t.equal(jsonFields(line), undefined, line.slice(0, 20));
  }
  holds(t, "any text", fc.property(hostileText, (text) => {
      jsonFields(text);
    }));
  t.match(jsonFields(`{"a":${deep}}`), { fields: new Map(), cut: 1 }, "deeper than any name");
  t.equal(jsonFields(`{"a":${"[".repeat(500)}7${"]".repeat(500)}}`)?.fields.get(`a${".0".repeat(500)}`), "7");
  t.end();
});

void t.test("json fields: more than is kept is cut and said, but never what is asked for", (t) => {
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`k${i}`, `v${i}`])));
  const all = jsonFields(many, new Set(["k399", "none", "__proto__"]));
  t.match(all, { cut: 400 - 256 - 1 });
  t.equal(all?.fields.get("k399"), "v399");
  t.equal(all?.fields.get("k255"), "v255");
  const long = JSON.stringify({ a: "x".repeat(10_000), b: "y".repeat(10_000), c: "z" });
  t.equal(jsonFields(long)?.cut, 2, "whole values or none: the second is too long, and nothing goes past it");
  t.same([...(jsonFields(long, new Set(["b"]))?.fields.keys() ?? [])], ["a", "b", "c"]);
  const nested = `{"${"n".repeat(600)}":{"${"m".repeat(600)}":{"a":1}}}`;
  t.match(jsonFields(nested), { cut: 1 }, "names are bounded too");
  t.end();
});

void t.test("line template: names any field, and what is not there is nothing", (t) => {
  const fields = new Map(HOSTILE_KEYS.map((key) => [key, `<${key}>`]));
  const named = HOSTILE_KEYS.filter((key) => key !== "");
  t.equal(renderLine(named.map((key) => `{${key}}`).join(" "), fields), named.map((key) => `<${key}>`).join(" "));
  t.equal(renderLine(named.map((key) => `{${key}}`).join(""), new Map()), "");
  t.equal(renderLine(undefined, new Map([["a", "1"], ["b", "$&"]])), "1 $&");
  t.same(fieldsOfTemplate("badge {result} at {door.name}"), ["result", "door.name"]);
  t.end();
});
