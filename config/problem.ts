// What is wrong with a configuration, and where.
import { FusiondError } from "../fusion/model/errors.js";

/** The way from the top of the configuration to a value: keys and list indices. */
export type ConfigPath = readonly (string | number)[];

/** A place in a file; both count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One mistake of a configuration. Never holds a secret: values of `*_file` contents and URLs are not repeated. */
export interface ConfigProblem extends Position {
  readonly file: string;
  readonly message: string;
}

/** The most problems that one message lists; the rest is counted. */
const LISTED_MAX = 100;

/** `file:line:column: message`, as compilers and editors write it. */
export function formatProblem(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** The problems of one file in its order, no two the same. */
export function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** FusiondError "config_invalid" whose message lists the problems, one a line; `problemsOf` gives them back. */
export function configInvalid(problems: readonly ConfigProblem[]): FusiondError {
  const lines = problems.slice(0, LISTED_MAX).map(formatProblem);
  if (problems.length > LISTED_MAX) lines.push(`and ${problems.length - LISTED_MAX} more problems`);
  return new FusiondError("config_invalid", lines.join("\n"), { cause: new ProblemList(problems) });
}

/** The problems that an error of `configInvalid` carries; none for any other error. */
export function problemsOf(error: unknown): readonly ConfigProblem[] {
  return error instanceof FusiondError && error.cause instanceof ProblemList ? error.cause.problems : [];
}

/** Carries problems as the cause of an error. */
class ProblemList {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    this.problems = problems;
  }
}
