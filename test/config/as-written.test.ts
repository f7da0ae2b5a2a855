// What YAML takes for numbers, truth values and dates is a text where a text must stand, exactly as it is written.
import fc from "fast-check";
import t from "tap";
import { parseConfig } from "../../config/load.js";
import { problemsOf } from "../../config/problem.js";
import { holds } from "../support/property.js";

/** Scalars that YAML prints otherwise than they are written, or takes for something else than a text. */
const SCALARS = [
  ..."007 7 1e3 0x1F 0o17 01 1.0 0.10 1.50 -0 +5 1e400 9007199254740993 12345678901234567890123 .5 5. .inf -.inf .nan 1_000 6:30".split(" "),
  ..."true True TRUE false yes no on off null ~ Null 2026-01-01 2026-01-01T00:00:00Z 0b11 <<".split(" "),
] as const;
/** As values these are nothing, and refused; as keys they are texts. */
const NOTHING = ["null", "~", "Null"];
const isId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);

/** What stands behind `equals`, read back. */
function equalsOf(written: string, head = ""): unknown {
  const { config } = parseConfig(`${head}site: s\nnats: {embedded: true}\nsources: {l: {text: {file: a, json: true}}}\nrules: {r: {any: [{read: {field: ${written}, equals: ${written}}}]}}\n`, "f.yaml");
  const condition = config.rules[0]?.condition;
  return condition?.kind === "any" && condition.of[0]?.kind === "field" && condition.of[0].field === condition.of[0].equals ? condition.of[0].equals : condition;
}

void t.test("as written: the value and the name of a field are the characters of the file", (t) => {
  for (const written of SCALARS.filter((one) => !NOTHING.includes(one))) {
    t.equal(equalsOf(written), written);
    t.equal(equalsOf(`"${written}"`), written, "quoted");
  }
  for (const written of ["007", "yes", "2026-01-01", "0o17", "6:30", "1_000"]) t.equal(equalsOf(written, "%YAML 1.1\n---\n"), written, `${written} in YAML 1.1`);
  for (const nothing of ["null", "~", ""]) {
    t.throws(() => equalsOf(nothing), { code: "config_invalid" }, `${nothing || "nothing"} is no value`);
  }
  holds(t, "any number", fc.property(fc.oneof(fc.double().map(String), fc.bigInt().map(String), fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a}.${b}0`)), (written) => equalsOf(written) === written));
  t.end();
});

void t.test("as written: ids of sources, groups and rules are, as keys and in lists", (t) => {
  const ids = fc.uniqueArray(fc.constantFrom(...SCALARS.filter((one) => isId(one) && !NOTHING.includes(one))), { minLength: 1, maxLength: 8 });
  holds(
    t,
    "ids",
    fc.property(ids, fc.boolean(), (written, flow) => {
      const list = flow ? `[${written.join(", ")}]` : `\n${written.map((id) => `      - ${id}`).join("\n")}`;
      const sources = written.map((id) => `  ${id}: {text: {file: "${id}.txt", json: true}}`).join("\n");
      const rules = written.map((id) => `  ${id}: {groups: [door-1], any: [{read: {field: a, equals: b}}]}`).join("\n");
      const { config } = parseConfig(`site: ${written[0]}\nnats: {embedded: true}\nsources:\n${sources}\ngroups:\n  door-1:\n    sources: ${list}\nrules:\n${rules}\n`, "f.yaml");
      const expected = JSON.stringify([...written].sort());
      const found = [config.sources.map(({ id }) => id), config.groups.flatMap((group) => group.sources), config.rules.map(({ id }) => id)];
      return config.site === written[0] && found.every((each) => JSON.stringify([...each].sort()) === expected);
    }),
  );
  const twice = parseConfig("site: s\nnats: {embedded: true}\nsources: {1: {text: {file: a}}, 01: {text: {file: b}}, 0x1: {text: {file: c}}, null: {text: {file: d}}}\n", "f.yaml");
  t.same(new Set(twice.config.sources.map(({ id }) => id)), new Set(["1", "01", "0x1", "null"]), "equal numbers are different ids");
  t.end();
});

void t.test("as written: numbers stay numbers, mistakes stay mistakes, and aliases are followed", (t) => {
  const parse = (rest: string) => parseConfig(`site: s\nnats: {embedded: true}\n${rest}\n`, "f.yaml").config;
  t.match(parse("sources: {c: {camera: a.mp4, fps: 0x2, width: 640}}").sources, [{ fps: 2, width: 640 }]);
  t.match(parse("encoders: {pack: &n 007}\nsources: {l: {text: {subject: *n}}}"), { encoders: { pack: "007" }, sources: [{ feed: { subject: "007" } }] });
  const problem = (rest: string): string => {
    try {
      parse(rest);
      return "";
    } catch (error) {
      return problemsOf(error).map(({ message }) => message).join(" | ");
    }
  };
  t.match(problem("sources: {c: {camera: a.mp4, fps: two}}"), /"fps" must be a number, not a text/);
  t.match(problem("sources: {1: {text: {file: a}}, 1: {text: {file: b}}}"), /this key stands twice/);
  t.match(problem("sources: {1.5: {text: {file: a}}}"), /"1.5" must be 1 to 64 letters/);
  t.match(problem("sources: {c: {camera: a.mp4}}\ngroups: {g: {sources: [01]}}"), /there is no source "01"/);
  t.match(problem("sources: {c: {camera: [1]}}"), /"camera" must be a text, not a list/);
  t.end();
});
