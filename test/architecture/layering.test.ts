// The arrows of the architecture: who imports whom, no circles, one folder a package, a pure centre.
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { importProblems, impurities, isPure, PRODUCT_FOLDERS } from "./layers.js";
import { importCircles, parseSource, sourceFiles, type SourceFile } from "./source-files.js";

const product = sourceFiles(packageRoot, PRODUCT_FOLDERS);
const everything = [...product, ...sourceFiles(packageRoot, ["test", "bench", "scripts"])];

void t.test("layering: imports follow the arrows, and a package has one folder", (t) => {
  t.ok(product.length > 0, "there are sources");
  t.strictSame(importProblems(everything), []);
  t.end();
});

void t.test("layering: no file imports itself through others", (t) => {
  t.strictSame(importCircles(everything), []);
  t.end();
});

void t.test("layering: fusion and rules take values and return values", (t) => {
  t.strictSame(product.filter((file) => isPure(file.path)).flatMap(impurities), []);
  t.end();
});

/** One file with one line, as if it were in the project. */
function planted(path: string, text: string): readonly SourceFile[] {
  return [parseSource(path, text)];
}

void t.test("layering: a planted wrong import is found", (t) => {
  const wrong: readonly (readonly [path: string, text: string])[] = [
    ["fusion/a.ts", 'import { b } from "../daemon/b.js";'],
    ["fusion/a.ts", 'import type { b } from "../rules/b.js";'],
    ["fusion/model/a.ts", 'import { b } from "../b.js";'],
    ["rules/a.ts", 'import { readFileSync } from "node:fs";'],
    ["rules/a.ts", 'export { b } from "../fusion/b.js";'],
    ["fusion/model/observation.ts", 'import { randomBytes } from "node:crypto";'],
    ["encoders/a.ts", 'import { b } from "../daemon/runtime/b.js";'],
    ["encoders/a.ts", 'import { b } from "./child/b.js";'],
    ["encoders/a.ts", 'import ort from "onnxruntime-node";'],
    ["encoders/a.ts", 'const cv = require("opencv4nodejs");'],
    ["daemon/sinks/a.ts", 'import { connect } from "nats";'],
    ["daemon/a.ts", 'const { connect } = await import("nats");'],
    ["daemon/bus/a.ts", 'import _ from "lodash";'],
    ["daemon/bus/a.ts", 'import { join } from "path";'],
    ["daemon/bus/a.ts", 'import { load } from "../../config/load.js";'],
    ["daemon/telemetry/a.ts", 'import { B } from "../sources/b.js";'],
    ["daemon/sinks/a.ts", 'import { B } from "../store/worker.js";'],
    ["daemon/new-folder/a.ts", 'import { b } from "../b.js";'],
    ["daemon/a.ts", 'import { b } from "../test/support/b.js";'],
  ];
  for (const [path, text] of wrong) t.equal(importProblems(planted(path, text)).length, 1, `${path}: ${text}`);
  t.end();
});

void t.test("layering: a planted right import is not complained about", (t) => {
  const right: readonly (readonly [path: string, text: string])[] = [
    ["fusion/a.ts", 'import { b } from "./model/b.js";'],
    ["fusion/model/observation.ts", 'import { createHash } from "node:crypto";'],
    ["encoders/child/a.ts", 'import ort from "onnxruntime-node"; import { b } from "../b.js";'],
    ["daemon/telemetry/a.ts", 'import type { B } from "../sources/b.js"; import { DROP_REASONS } from "../sources/source.js";'],
    ["daemon/compose/daemon.ts", 'import { load } from "../../config/load.js";'],
    ["config/schema/a.ts", 'import { z } from "zod/v4"; import { b } from "../b.js";'],
    ["test/daemon/a.ts", 'import { connect } from "nats"; import { b } from "../../daemon/b.js";'],
  ];
  for (const [path, text] of right) t.strictSame(importProblems(planted(path, text)), [], `${path}: ${text}`);
  t.end();
});

void t.test("layering: a planted circle is found", (t) => {
  const circle = [parseSource("rules/a.ts", 'import "./b.js";'), parseSource("rules/b.ts", 'import type { A } from "./a.js";')];
  t.strictSame(importCircles(circle), [["rules/a.ts", "rules/b.ts", "rules/a.ts"]]);
  t.end();
});

void t.test("layering: a planted impurity is found", (t) => {
  const impure = ["Date.now()", "new Date()", "Math.random()", "console.log(1)", "setTimeout(f, 1)", "Promise.resolve()", "async () => 1", "process.env.X"];
  for (const text of impure) t.equal(impurities(parseSource("fusion/a.ts", `const x = ${text};`)).length, 1, text);
  t.strictSame(impurities(parseSource("fusion/a.ts", "const x = new Date(atMs).toISOString(); const y = { process: 1 }.process;")), []);
  t.end();
});
