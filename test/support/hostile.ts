// Names and values that mean something to a language or a library, and must mean nothing to fusiond.
import fc from "fast-check";

/** Keys that objects, promises, serialisers or fusiond's own formats look for. */
export const HOSTILE_KEYS = [
  ...["toJSON", "constructor", "__proto__", "prototype", "then", "hasOwnProperty", "toString", "valueOf", "length", "size", "get", "inspect"],
  ...["__defineGetter__", "__lookupSetter__", "isPrototypeOf", "$f32", "$f64", "$map", "kind", "revision", "time", "level", "msg", "err", "", ".", "a.b", "0", "-1", "NaN"],
] as const;

/** A key, likely a hostile one. */
export const hostileKey: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));

/** A text, likely one that a terminal, a serialiser or a template obeys. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("", "__proto__", "\u0000", "\u001b[2J", "\u202e", "\u009b31m", "{a}", "$&", "</script>", "\r\n", "\ufeff", "\ud800", "NaN"),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
);
