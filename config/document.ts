// A YAML text as plain values, with the place of every value: the one file that imports yaml.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
  type YAMLError,
} from "yaml";
import { messageOf } from "../fusion/model/errors.js";
import type { ConfigPath, Position } from "./problem.js";

/** Which end of `key: value` a position means. */
export type Part = "key" | "value";

/** A mistake of the YAML itself. */
export interface Fault extends Position {
  readonly message: string;
}

/** A YAML text that was read. */
export interface YamlDocument {
  /** Plain objects, their keys as they are written, lists, strings, numbers, booleans and null; undefined if the text could not be read. */
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** The characters of a scalar that is no text (`007`, `1.0`, `yes` in YAML 1.1); undefined for all else. */
  writtenAt(path: ConfigPath): string | undefined;
  /**
   * Where a value stands: scalars at the value, maps and lists at their key. A path that does not exist ends at the
   * nearest part of it that does.
   */
  positionOf(path: ConfigPath, part?: Part): Position;
}

/** Deeper is no configuration: keeps every later walk off the end of the stack, circular aliases included. */
const DEPTH_MAX = 32;
/** How often aliases may repeat what they name. Source: default of yaml's maxAliasCount. */
const ALIASES_MAX = 100;
/** Codes of mistakes that leave the rest readable, so that its own mistakes can be told too. */
const HARMLESS = ["DUPLICATE_KEY", "TAG_RESOLVE_FAILED"];
const START: Position = { line: 1, column: 1 };

/** Reads one YAML 1.2 document. Never throws: what is wrong is in `faults`. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: areSameKey });
  keepKeysAsWritten(document);
  const positionOf = (path: ConfigPath, part: Part = "value"): Position => {
    const offset = offsetOf(document, path, part);
    return offset === undefined ? START : at(offset);
  };
  const writtenAt = (path: ConfigPath): string | undefined => writtenOf(nodeAt(document, path));
  const all = [...document.errors, ...document.warnings];
  const faultOf = (fault: YAMLError): Fault => ({ ...at(fault.pos[0]), message: sentenceOf(fault.code, fault.message) });
  const fatal = all.find((fault) => !HARMLESS.includes(fault.code));
  if (fatal !== undefined) return { value: undefined, faults: [faultOf(fatal)], positionOf, writtenAt };
  const faults = all.map(faultOf);
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    const unfit = findUnfit(value, []);
    return unfit === undefined
      ? { value, faults, positionOf, writtenAt }
      : { value: undefined, faults: [...faults, { ...positionOf(unfit.path, "key"), message: unfit.message }], positionOf, writtenAt };
  } catch (thrown) {
    const offset = offsetOfMerge(document) ?? offsetOfAlias(document);
    const where = offset === undefined ? START : at(offset);
    return { value: undefined, faults: [...faults, { ...where, message: sentenceOf("", messageOf(thrown)) }], positionOf, writtenAt };
  }
}

/** The characters of a scalar that YAML takes for a number, a truth value, a date or nothing. */
function writtenOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value !== "string" && typeof node.value !== "symbol" ? node.source : undefined;
}

/** Ids are texts: 007 and 7 are two keys, and stay what they are. */
function areSameKey(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  return isScalar(a) && isScalar(b) && (writtenOf(a) ?? a.value) === (writtenOf(b) ?? b.value);
}

function keepKeysAsWritten(document: Document): void {
  visit(document, {
    Pair: (_key, { key }) => {
      if (isScalar(key)) key.value = writtenOf(key) ?? key.value;
    },
  });
}

/** The first alias that names nothing, else the first alias: only aliases make a document that was parsed unreadable. */
function offsetOfAlias(document: Document): number | undefined {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_key, alias) => void aliases.push(alias) });
  return startOf(aliases.find((alias) => alias.resolve(document) === undefined) ?? aliases[0]);
}

/** The first `<<` that takes in something else than maps. */
function offsetOfMerge(document: Document): number | undefined {
  const offsets: (number | undefined)[] = [];
  visit(document, {
    Map: (_key, map) => {
      for (const item of map.items) {
        if (isScalar(item.key) && item.key.source === "<<" && !mergedFrom(item.value, document).every(isMap)) offsets.push(startOf(item.key));
      }
    },
  });
  return offsets[0];
}

function sentenceOf(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "this key stands twice in the same map: remove one of the two";
  if (code === "MULTIPLE_DOCS") return "a second YAML document starts here: a configuration is one document, remove the ---";
  if (code === "RESOURCE_EXHAUSTION") return TOO_DEEP;
  if (message.startsWith("Merge sources")) return "<< takes in a map, or a list of maps: name one by an alias, as in <<: *name";
  if (message.startsWith("Excessive alias count")) return "aliases (*name) repeat too much: write the values out";
  return `not valid YAML: ${message}`;
}

const TOO_DEEP = `nested more than ${DEPTH_MAX} levels deep: no key of a configuration is`;

/** The first place that no configuration may have: nested too deep, or a key that objects give a meaning of their own. */
function findUnfit(value: unknown, path: ConfigPath): { path: ConfigPath; message: string } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length > DEPTH_MAX) return { path, message: TOO_DEEP };
  for (const [key, inner] of Object.entries(value)) {
    const innerPath = [...path, key];
    if (key === "__proto__") return { path: innerPath, message: "__proto__ cannot be a key: choose another id" };
    const unfit = findUnfit(inner, innerPath);
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}

/** The offset of a path's last existing part. */
function offsetOf(document: Document, path: ConfigPath, part: Part): number | undefined {
  let key: Node | undefined;
  let node = nodeOf(document.contents);
  for (const [depth, step] of path.entries()) {
    const entry = stepInto(node, String(step), document);
    if (entry === undefined) return startOf(key ?? node);
    ({ key, node } = entry);
    if (depth === path.length - 1 && part === "value" && isScalar(node) && node.value !== null) return startOf(node);
  }
  return startOf(key ?? node);
}

/** The value at a path, aliases resolved; undefined if there is none. */
function nodeAt(document: Document, path: ConfigPath): Node | undefined {
  let node = nodeOf(document.contents);
  for (const step of path) node = stepInto(node, String(step), document)?.node;
  return isAlias(node) ? node.resolve(document) : node;
}

function stepInto(parent: Node | undefined, step: string, document: Document): { key: Node | undefined; node: Node | undefined } | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === step);
    if (pair !== undefined) return { key: nodeOf(pair.key), node: nodeOf(pair.value) };
    return mergedInto(node, document).map((merged) => stepInto(merged, step, document)).find((entry) => entry !== undefined);
  }
  if (isSeq(node) && Number(step) < node.items.length) return { key: undefined, node: nodeOf(node.items[Number(step)]) };
  return undefined;
}

/** The maps that a map takes in by `<<`, the one that wins first. */
function mergedInto(map: YAMLMap, document: Document): Node[] {
  return map.items.filter((item) => isScalar(item.key) && item.key.source === "<<").flatMap((item) => mergedFrom(item.value, document).filter(isNode));
}

/** What stands behind a `<<`: one value, or those of a list, aliases resolved. */
function mergedFrom(value: unknown, document: Document): unknown[] {
  const from = isAlias(value) ? value.resolve(document) : value;
  return (isSeq(from) ? from.items : [from]).map((one) => (isAlias(one) ? one.resolve(document) : one));
}

function nodeOf(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined;
}

function startOf(node: Node | undefined): number | undefined {
  return node?.range?.[0];
}
