// fusiond check: every problem of a configuration at once.
import { checkFiles } from "../../config/files.js";
import { loadConfig } from "../../config/load.js";
import { formatProblem, problemsOf, type ConfigProblem } from "../../config/problem.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { packageRoot } from "../runtime/package-root.js";
import { unknownPrompts } from "../compose/rules.js";
import { untaughtPrompts } from "../compose/untaught.js";
import { EXIT } from "./exit-codes.js";

/**
 * Prints every problem as `file:line:column: message` on stderr, prompts that the pack does not know included.
 * Resolves with 0, or 78 if there is a problem; warnings, such as prompts that no tower was taught, are printed but cost nothing.
 */
export async function check(file: string): Promise<number> {
  const problems = await problemsIn(file);
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length === 0) process.stdout.write(`${file} is valid\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.config;
}

async function problemsIn(file: string): Promise<readonly ConfigProblem[]> {
  try {
    const loaded = loadConfig(file);
    const { problems, warnings } = checkFiles(loaded);
    warn(warnings);
    const { pack: name } = loaded.config.encoders;
    try {
      const pack = await loadPack(findPack(name, { stateDir: loaded.config.stateDir, packageRoot }));
      warn(untaughtPrompts(loaded, pack));
      return [...problems, ...unknownPrompts(loaded, pack)];
    } catch (error) {
      if (!(error instanceof FusiondError) || error.code !== "model_invalid") throw error;
      return [...problems, loaded.problem(["encoders", "pack"], error.message)];
    }
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.length === 0) throw error;
    return problems;
  }
}

function warn(warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) process.stderr.write(`${formatProblem(warning)} (warning)\n`);
}
