import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadConfig, parseConfig } from "../../config/load.js";
import { scanLines, unknowableAbsences } from "../../daemon/compose/picture-absences.js";
import { scanPeriodMs, scanPlaces } from "../../fusion/model/scan.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";

const SOURCES = `site: s
nats: {embedded: true}
sources:
  yard-cam: {camera: "rtsp://127.0.0.1/a", audio: true}
  slow-cam: {camera: "rtsp://127.0.0.1/b", fps: 1, gate: {scan_rate: 0.5}}
  still-cam: {camera: "rtsp://127.0.0.1/c", gate: {scan_rate: off}}
  mic: {microphone: default}
  badges: {text: {subject: badges, json: true}}
groups:
  yard: {sources: [yard-cam, badges]}
  gate: {sources: [slow-cam]}
  hall: {sources: [still-cam]}
`;

function told(rule: string): readonly string[] {
  const loaded = parseConfig(`${SOURCES}rules:\n  r: ${rule}\n`, "f.yaml");
  return unknowableAbsences(loaded).map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

/** How long a camera takes, s, and the shortest whole seconds that are no less. */
function periodOf(fps: number, scanRate: number): { readonly s: number; readonly whole: number } {
  const periodMs = scanPeriodMs({ fps, scanRate, places: scanPlaces(16, 9).length });
  return { s: Number((periodMs / 1000).toFixed(1)), whole: Math.ceil(periodMs / 1000) };
}

const yard = periodOf(5, 6);
const slow = periodOf(1, 0.5);
const dog = "all: [{hear: dog}]";

void t.test("picture absences: one that asks about less time than a scan takes is refused at its place, with the period", (t) => {
  t.strictSame(told(`{groups: [yard], ${dog}, unless: {see: person}}`), [
    `14:57: "unless" asks about 5 s, but yard-cam takes ${yard.s} s to look at all of its picture, so this can never be known: let "within" be ${yard.whole}s or longer, raise the camera's scan_rate, or set when_blind: fire`,
  ]);
  t.match(told('{groups: [yard], all: [{hear: dog}, {not: {see: person}}], within: 6s}'), [/^14:\d+: "not" asks about 6 s, but yard-cam takes /]);
  t.match(told(`{groups: [yard], ${dog}, unless: [{read: {field: a, equals: b}}, {see: person, within: 4s, after: 2s}]}`), [/^14:\d+: "unless" asks about 6 s/], "each of a list by its own");
  t.match(told('{groups: [gate], any: [{see: dog}], unless: {see: person, within: 30s}}'), [new RegExp(`slow-cam takes ${slow.s} s .* be ${slow.whole}s or longer`)]);
  t.end();
});

void t.test("picture absences: what can be known, or need not be, is let through", (t) => {
  t.strictSame(told(`{groups: [yard], ${dog}, unless: {see: person, within: ${yard.whole}s}}`), []);
  t.strictSame(told(`{groups: [yard], ${dog}, unless: {see: person, within: 4s, after: ${yard.whole - 4}s}}`), []);
  t.strictSame(told(`{groups: [yard], ${dog}, unless: {see: person}, when_blind: fire}`), []);
  t.strictSame(told(`{groups: [yard], all: [{see: dog}], unless: {hear: dog}}`), [], "sound is heard all the time");
  t.strictSame(told(`{groups: [yard], all: [{see: dog}], unless: {read: {field: a, equals: b}}}`), []);
  t.strictSame(told(`{groups: [yard], all: [{hear: dog}, {not: {not: {see: person}}}]}`), [], "a not within a not asks for it after all");
  t.strictSame(told(`{enabled: false, groups: [yard], ${dog}, unless: {see: person}}`), []);
  t.strictSame(told(`{all: [{hear: dog}], unless: {see: person, within: ${yard.whole}s}}`), [], "one of its groups can know it");
  t.end();
});

void t.test("picture absences: a camera that looks at what moves only knows of none, and check says so", (t) => {
  t.match(told("{groups: [hall], any: [{see: dog}], unless: {see: person, within: 1h}}"), [/"unless" can never be known here: still-cam looks at what moves only \(scan_rate: off\)/]);
  t.strictSame(scanLines(parseConfig(SOURCES, "f.yaml").config), [
    `yard-cam looks at all of its picture once in ${yard.s} s`,
    `slow-cam looks at all of its picture once in ${slow.s} s`,
    "still-cam looks at what moves only, so nothing that is seen can be known to be absent",
  ]);
  t.end();
});

void t.test("picture absences: those of the example and of the README can be known", (t) => {
  t.strictSame(unknowableAbsences(loadConfig(join(packageRoot, "config", "fusiond.example.yaml"), {})), []);
  const [, block] = /```yaml\n([^]*?)```/.exec(readFileSync(join(packageRoot, "README.md"), "utf8")) ?? [];
  const readme = parseConfig(block ?? "", "README.md");
  t.ok(readme.prompts.some(({ absence }) => absence === "unless"), "it asks for one");
  t.strictSame(unknowableAbsences(readme), []);
  t.end();
});
