// Who may import whom, as tables, and the judge of a set of sources by them.
import { builtinModules } from "node:module";
import ts from "typescript";
import { folderOf, visit, type SourceFile } from "./source-files.js";

/** Folders that hold the shipped code. */
export const PRODUCT_FOLDERS = ["fusion", "rules", "encoders", "config", "daemon"] as const;
const TOOL_FOLDERS = ["test", "bench", "scripts"] as const;
const STAGES = ["fusion", "fusion/model", "rules", "encoders", "daemon/runtime", "daemon/bus", "daemon/codec", "daemon/sources", "daemon/store", "daemon/sinks"];

/** What a folder may import of the project, beside itself: folders, or single files (ports). The longest row that holds a file counts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "fusion/model": [],
  fusion: ["fusion/model"],
  rules: ["fusion/model"],
  config: ["fusion/model"],
  encoders: ["fusion/model"],
  "encoders/child": ["fusion/model", "encoders"],
  "daemon/runtime": ["fusion/model"],
  "daemon/codec": ["fusion", "fusion/model", "rules"],
  "daemon/bus": ["fusion/model", "daemon/runtime"],
  "daemon/sources": ["fusion/model", "encoders/capture.ts", "daemon/runtime", "daemon/bus"],
  "daemon/store": ["fusion/model", "rules", "daemon/runtime", "daemon/codec"],
  "daemon/sinks": ["fusion/model", "rules", "daemon/runtime", "daemon/bus", "daemon/codec", "daemon/store/store.ts", "daemon/sources/source.ts"],
  "daemon/http": ["fusion/model", "config/loopback.ts", "daemon/runtime"],
  "daemon/telemetry": ["fusion/model", "rules/incident.ts", "encoders/encoder.ts", "daemon/runtime", "daemon/sources/source.ts", "daemon/store/store.ts", "daemon/bus/bus.ts", "daemon/perception/loss-reasons.ts", "daemon/pipeline/pipeline-telemetry.ts", "daemon/groups/group-telemetry.ts", "daemon/intake/intake-telemetry.ts", "rules/episode.ts", "rules/suppression.ts"],
  "daemon/tail": ["fusion/model", "rules", "daemon/runtime", "daemon/bus", "daemon/codec"],
  "daemon/models": ["fusion", "fusion/model", "encoders", "encoders/child", "config/nearest.ts", "daemon/runtime", "daemon/sources/source.ts", "daemon/sources/input-report.ts", "daemon/sources/media-formats.ts", "daemon/sources/phase.ts"],
  "daemon/groups": ["fusion", "fusion/model", "rules"],
  "daemon/report": ["fusion", "fusion/model", "daemon/codec", "daemon/sources/source.ts"],
  "daemon/perception": ["fusion", "fusion/model", "rules", "encoders", "daemon/runtime", "daemon/report", "daemon/sources"],
  "daemon/perception/child": ["fusion/model", "encoders", "daemon/runtime", "daemon/report", "daemon/perception", "daemon/compose"],
  "daemon/intake": ["fusion", "fusion/model", "rules", "daemon/runtime", "daemon/codec", "daemon/report", "daemon/groups", "daemon/store", "daemon/sources/source.ts", "daemon/perception/losses.ts"],
  "daemon/pipeline": [...STAGES, "daemon/groups", "daemon/intake", "daemon/perception", "daemon/report"],
  "daemon/demo": [...STAGES, "daemon/tail"],
  "daemon/score": [...STAGES, "encoders/child", "config", "daemon/compose", "daemon/groups", "daemon/models", "daemon/pipeline"],
  "daemon/compose": [...STAGES, "encoders/child", "config", "daemon/groups", "daemon/http", "daemon/intake", "daemon/perception", "daemon/telemetry", "daemon/pipeline"],
  "daemon/standing": [...STAGES, "config", "daemon/compose", "daemon/score"],
  "daemon/scenes": [...STAGES, "config", "daemon/compose", "daemon/models", "daemon/score"],
  "daemon/cli": [...STAGES, "config", "daemon/compose", "daemon/http/explain-route.ts", "daemon/tail", "daemon/demo", "daemon/models", "daemon/scenes", "daemon/score", "daemon/standing", "daemon/pipeline"],
  daemon: ["daemon/cli", "daemon/runtime"],
};

/** Folders of code that is to be pure. */
const PURE_FOLDERS = ["fusion", "rules", "daemon/groups"] as const;

/** Further imports of which nothing may be left at run time: telemetry implements every stage's small interface. */
const MAY_IMPORT_TYPES: Readonly<Record<string, readonly string[]>> = {
  "daemon/perception": ["config"],
  "daemon/telemetry": [...STAGES, "daemon/groups", "daemon/http", "daemon/intake", "daemon/perception", "daemon/pipeline", "daemon/report"],
};

/** The one folder from which a package is imported. */
const PACKAGE_FOLDER: Readonly<Record<string, string>> = {
  nats: "daemon/bus",
  "better-sqlite3": "daemon/store",
  msgpackr: "daemon/codec",
  "onnxruntime-node": "encoders/child",
  opencv4nodejs: "encoders/child",
  "@u4/opencv-build": "encoders/child",
  "node-record-lpcm16": "daemon/sources",
  fastify: "daemon/http",
  "lossless-json": "daemon/sources",
  luxon: "daemon/sources",
  pino: "daemon/telemetry",
  "prom-client": "daemon/telemetry",
  zod: "config",
  yaml: "config",
  "fastest-levenshtein": "config",
  commander: "daemon/cli",
};

/** A hash is a pure function, so ids may be made of one. */
const PURE_EXCEPTION = { path: "fusion/model/observation.ts", target: "node:crypto", names: ["createHash"] };

/** What is wrong with the imports of these files, one sentence each. */
export function importProblems(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => file.imports.flatMap((used) => (used.own ? ownProblem(file, used) : packageProblem(file, used))));
}

/** What reaches for time, chance, the machine or a promise in code that must be pure, one sentence each. */
export function impurities(file: SourceFile): string[] {
  const found: string[] = [];
  const globals = ["performance", "console", "process", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Promise", "fetch", "globalThis"];
  visit(file.tree, (node) => {
    const text = node.getText(file.tree);
    if (ts.isIdentifier(node) && globals.includes(node.text) && isValue(node)) found.push(node.text);
    else if (ts.isPropertyAccessExpression(node) && ["Math.random", "Date.now"].includes(text)) found.push(text);
    else if (ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0) found.push("new Date()");
    else if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) found.push("async");
  });
  return found.map((what) => `${file.path} is to be pure, but uses ${what}`);
}

type Used = SourceFile["imports"][number];

function ownProblem(file: SourceFile, used: Used): string[] {
  const folders = [...Object.keys(MAY_IMPORT), ...TOOL_FOLDERS];
  const from = layerOf(file.path, folders);
  const to = layerOf(used.target, folders);
  if (from === undefined || to === undefined) {
    return [`${from === undefined ? file.path : used.target} lies in a folder without a row in test/architecture/layers.ts`];
  }
  if (from === to || (TOOL_FOLDERS as readonly string[]).includes(from)) return [];
  if (MAY_IMPORT[from]?.includes(to) || MAY_IMPORT[from]?.includes(used.target)) return [];
  if (used.typeOnly && MAY_IMPORT_TYPES[from]?.includes(to)) return [];
  return [`${file.path} may not import ${used.target}: ${from} does not reach ${to}`];
}

function packageProblem(file: SourceFile, used: Used): string[] {
  if (TOOL_FOLDERS.some((folder) => file.path.startsWith(`${folder}/`))) return [];
  if (used.target.startsWith("node:")) return isPure(file.path) && !isPureException(file, used) ? [`${file.path} is to be pure, but imports ${used.target}`] : [];
  if (builtinModules.includes(used.target)) return [`${file.path} imports ${used.target}: write node:${used.target}`];
  const folder = PACKAGE_FOLDER[used.target];
  if (folder === undefined) return [`${file.path} imports ${used.target}, which has no folder in test/architecture/layers.ts`];
  return folderOf(file.path, [folder]) === folder ? [] : [`${file.path} imports ${used.target}, which belongs to ${folder} alone`];
}

/** The folder's row. `daemon` itself holds files only: a new folder in it needs a row of its own. */
function layerOf(path: string, folders: readonly string[]): string | undefined {
  const folder = folderOf(path, folders);
  return folder === "daemon" && path.split("/").length > 2 ? undefined : folder;
}

/** Code that takes values and returns values. */
export function isPure(path: string): boolean {
  return PURE_FOLDERS.some((folder) => path.startsWith(`${folder}/`));
}

function isPureException(file: SourceFile, used: Used): boolean {
  return file.path === PURE_EXCEPTION.path && used.target === PURE_EXCEPTION.target && used.names.every((name) => PURE_EXCEPTION.names.includes(name));
}

/** Not the name of a property, nor a type. */
function isValue(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return !ts.isTypeReferenceNode(parent) && !ts.isPropertySignature(parent) && !ts.isPropertyAssignment(parent) && !ts.isPropertyDeclaration(parent);
}
