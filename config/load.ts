// A configuration file read, checked and made into values, or all its mistakes at once.
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { FusiondError } from "../fusion/model/errors.js";
import { asWritten } from "./as-written.js";
import { conditionsOf } from "./conditions.js";
import { readYaml, type Part, type YamlDocument } from "./document.js";
import { findingsOf, predicateOf, type Finding } from "./explain.js";
import { resolvePaths, type NamedFile, type PathOptions } from "./paths.js";
import { configInvalid, inOrder, problemsOf, type ConfigPath, type ConfigProblem, type Position } from "./problem.js";
import { entriesOf, isSwitchedOff, valueAt } from "./raw.js";
import { checkReferences } from "./references.js";
import { salvage } from "./salvage.js";
import { configSchema, type Config } from "./schema.js";
import { withStandIns } from "./stand-ins.js";
import { checkVariables } from "./variables.js";

/** A phrase that a rule looks for, and where it stands: prompts are checked against the pack elsewhere. */
export interface ConfigPrompt extends Position {
  readonly text: string;
  readonly kind: "hear" | "see" | "read";
  /** The outermost key around it that asks for an absence, if there is one: a `not` within it may turn that around. */
  readonly absence?: "not" | "unless";
  readonly ruleId: string;
  readonly path: ConfigPath;
}

/** What could be read of a configuration, with mistakes in it or not: for checks that need more than the file. */
export interface ConfigParts {
  /** The name of the file as it was given. */
  readonly file: string;
  /** Every phrase of the rules that are not switched off. */
  readonly prompts: readonly ConfigPrompt[];
  /** Secrets, certificates and media files that it names; see checkFiles. */
  readonly files: readonly NamedFile[];
  /** Where a value stands; a path that is not in the file gives the nearest part that is. Keys as the file writes them. */
  positionOf(path: ConfigPath): Position;
  /** A problem at a value; pass them to configInvalid. */
  problem(path: ConfigPath, message: string): ConfigProblem;
}

/** A valid configuration and where its values stand. */
export interface LoadedConfig extends ConfigParts {
  readonly config: Config;
}

/** A configuration that was looked at, whatever is wrong with it. */
export interface InspectedConfig {
  /** Every mistake that the file itself shows, in its order. */
  readonly problems: readonly ConfigProblem[];
  /** The configuration, where there is no mistake. */
  readonly loaded?: LoadedConfig;
  /** What can be checked all the same; absent where the file is no map that could be read. */
  readonly parts?: ConfigParts & Pick<Config, "stateDir" | "encoders">;
}

/** Larger is no configuration. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Reads a configuration file. Errors: FusiondError "config_invalid" with every problem, see problemsOf. */
export function loadConfig(file: string, env: PathOptions["env"] = process.env): LoadedConfig {
  return parseConfig(readText(file), file, env);
}

/**
 * Reads the text of a configuration; relative paths start from the folder of `file`, which need not exist.
 * Errors: FusiondError "config_invalid" with every problem, see problemsOf.
 */
export function parseConfig(text: string, file: string, env: PathOptions["env"] = process.env): LoadedConfig {
  const { loaded, problems } = inspectText(text, file, env);
  if (loaded === undefined) throw configInvalid(problems);
  return loaded;
}

/**
 * Reads the rules of a file, with its gate and encoders if it has them: a whole configuration or one with only `rules`.
 * What else it says is left alone; sources stand in for those that the rules are for.
 * Errors: FusiondError "config_invalid" with every problem, see problemsOf.
 */
export function loadRules(file: string, env: PathOptions["env"] = process.env): LoadedConfig {
  const { loaded, problems } = inspectText(readText(file), file, env, withStandIns);
  if (loaded === undefined) throw configInvalid(problems);
  if (loaded.config.rules.every(({ enabled }) => !enabled)) throw configInvalid([atStart(file, 'has no rule: write at least one under "rules"')]);
  return loaded;
}

/** Looks at a configuration file as far as its mistakes allow. Never throws for what it holds, or for a file that cannot be read. */
export function inspectConfig(file: string, env: PathOptions["env"] = process.env): InspectedConfig {
  try {
    return inspectText(readText(file), file, env);
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.length === 0) throw error;
    return { problems };
  }
}

/** `completed`: what is added to what the file says before it is checked. */
function inspectText(text: string, file: string, env: PathOptions["env"], completed: (value: unknown) => unknown = (value) => value): InspectedConfig {
  const document = readYaml(text);
  if (document.value === undefined) return { problems: document.faults.map((fault) => ({ file, ...fault })) };
  if (document.value === null) return { problems: [atStart(file, "is empty: start from config/fusiond.example.yaml")] };
  const value = completed(asWritten(document));
  const parsed = configSchema.safeParse(value, { error: predicateOf, reportInput: true });
  const readable = parsed.success ? parsed.data : salvage(value);
  const resolved = readable === undefined ? undefined : resolvePaths(readable, { folder: dirname(resolve(file)), env });
  const findings = [
    ...(parsed.success ? [] : findingsOf(parsed.error)),
    ...checkReferences(value),
    ...checkVariables(value),
    ...(resolved?.findings ?? []),
  ];
  const problems = problemsAt(findings, file, document);
  const positionOf = (path: ConfigPath): Position => document.positionOf(path);
  const parts: ConfigParts = {
    file,
    files: resolved?.files ?? [],
    prompts: promptsOf(value, document),
    positionOf,
    problem: (path, message) => ({ file, ...positionOf(path), message }),
  };
  return {
    problems,
    ...(resolved === undefined ? {} : { parts: { ...parts, stateDir: resolved.config.stateDir, encoders: resolved.config.encoders } }),
    ...(resolved === undefined || problems.length > 0 ? {} : { loaded: { ...parts, config: resolved.config } }),
  };
}

function readText(file: string): string {
  try {
    const found = statSync(file);
    if (!found.isFile()) throw configInvalid([atStart(file, "is no file: name the configuration file itself")]);
    if (found.size > FILE_BYTES_MAX) throw configInvalid([atStart(file, "is larger than 1 MiB: that is no configuration")]);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    if (cause instanceof FusiondError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw configInvalid([atStart(file, "does not exist: correct the path, or start from config/fusiond.example.yaml")]);
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") throw configInvalid([atStart(file, "is not UTF-8: save it in that encoding")]);
    throw configInvalid([atStart(file, "cannot be read: let fusiond's user read it")]);
  }
}

function atStart(file: string, predicate: string): ConfigProblem {
  return { file, line: 1, column: 1, message: `the configuration ${predicate}` };
}

/** Problems in the order of the file, no two the same. */
function problemsAt(findings: readonly Finding[], file: string, document: YamlDocument): ConfigProblem[] {
  const at = (path: ConfigPath, part: Part): Position => document.positionOf(path, part);
  const told = findings.map(({ path, part, message }) => ({ file, ...at(path, part), message }));
  return inOrder([...document.faults.map((fault) => ({ file, ...fault })), ...told]);
}

function promptsOf(value: unknown, document: YamlDocument): ConfigPrompt[] {
  return entriesOf(valueAt(value, "rules")).filter(([, rule]) => !isSwitchedOff(rule)).flatMap(([ruleId, rule]) =>
    [...conditionsOf(rule, ["rules", ruleId])].flatMap(({ kind, phrase, path, absence }) =>
      phrase === undefined ? [] : [{ text: phrase.trim(), kind, ruleId, path, ...(absence === undefined ? {} : { absence }), ...document.positionOf(path) }],
    ),
  );
}
