// The published JSON Schema: fresh, and of one mind with the loader.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import t from "tap";
import { parse, parseDocument } from "yaml";
import { configJsonSchema, configJsonSchemaText } from "../../config/json-schema.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";

/** Invalid files whose mistake no JSON Schema can see: values that depend on each other, and names that must exist. */
const BEYOND_SCHEMA = [
  "camera-credentials", "camera-device-audio", "camera-loop-url", "camera-scheme", "camera-starts-at-url",
  "condition-at-most-absent", "condition-at-most-read", "condition-field-confidence", "condition-not-nested-read", "condition-not-read", "duration-far-too-long",
  "duration-out-of-range", "group-gap-too-long", "group-named-as-source", "group-source-in-two", "group-source-twice",
  "group-unknown-source-far", "group-unknown-source", "http-port", "nats-certificate-without-key",
  "nats-duplicate-window", "nats-password-without-user", "nats-server-credentials", "nats-server-scheme",
  "nats-two-ways-in", "nats-user-without-password", "proto-key", "rule-any-absence", "rule-at-most-and-confidence", "rule-blind-groups",
  "rule-deaf-group", "rule-field-of-plain-text", "rule-no-text", "rule-only-absence", "rule-same-event-any",
  "rule-senses-apart-nested", "rule-senses-apart", "rule-unknown-group", "size-too-small", "sources-none",
  "text-template-without-json", "unknown-tag", "unless-list-read", "unless-read",
];

const folder = join(packageRoot, "config");

void t.test("json schema: config/fusiond.schema.json is fresh", (t) => {
  t.equal(readFileSync(join(folder, "fusiond.schema.json"), "utf8"), configJsonSchemaText(), "else run: node dist/scripts/json-schema.js");
  t.end();
});

void t.test("json schema: every map of keys is closed, and every key says what it is", (t) => {
  const open: string[] = [];
  const silent: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const map = node as Record<string, unknown>;
    if ("properties" in map) {
      if (map["additionalProperties"] !== false) open.push(path);
      for (const [key, value] of Object.entries(map["properties"] as object)) {
        if (!("description" in (value as object))) silent.push(`${path}.${key}`);
      }
    }
    for (const [key, value] of Object.entries(map)) walk(value, `${path}.${key}`);
  };
  walk(configJsonSchema(), "");
  t.strictSame(open, []);
  t.strictSame(silent, []);
  t.end();
});

void t.test("json schema: takes the example, and refuses what any schema can see", (t) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(configJsonSchema());
  t.ok(validate(parse(readFileSync(join(folder, "fusiond.example.yaml"), "utf8"))), JSON.stringify(validate.errors));
  const invalid = join(packageRoot, "test", "config", "invalid");
  const taken = readdirSync(invalid).filter((name) => {
    const document = parseDocument(readFileSync(join(invalid, name), "utf8"));
    return document.errors.length === 0 && !/alias/.test(name) && validate(document.toJS());
  });
  t.strictSame(taken.sort(), BEYOND_SCHEMA.map((name) => `${name}.yaml`).sort());
  t.end();
});

void t.test("json schema: a value of the example that is not the default says what is", (t) => {
  const text = readFileSync(join(folder, "fusiond.example.yaml"), "utf8");
  const rules = (configJsonSchema() as { properties: { rules: { additionalProperties: { properties: Readonly<Record<string, { default?: string | number | boolean }>> } } } }).properties.rules.additionalProperties.properties;
  for (const [key, written] of Object.entries((parse(text) as { rules: Readonly<Record<string, Readonly<Record<string, unknown>>>> }).rules["break-in"] ?? {})) {
    const standard = rules[key]?.default;
    if (standard === undefined || JSON.stringify(standard) === JSON.stringify(written)) continue;
    const above = text.slice(0, text.indexOf(`\n    ${key}: `)).split("\n");
    const comment = above.slice(above.findLastIndex((line) => !line.startsWith("    #")) + 1).join(" ");
    t.ok(comment.includes(`Default: ${String(standard)}`), `${key}: ${String(written)}, where the default is ${String(standard)}: "${comment.trim()}"`);
  }
  t.end();
});
