// fusiond check: every problem of a configuration at once.
import { checkFiles } from "../../config/files.js";
import { inspectConfig, type InspectedConfig } from "../../config/load.js";
import { feedWarnings } from "../../config/own-subjects.js";
import { formatProblem, inOrder, type ConfigProblem } from "../../config/problem.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { missingPrograms } from "../compose/programs.js";
import { scanLines, unknowableAbsences } from "../compose/picture-absences.js";
import { packageRoot } from "../runtime/package-root.js";
import { unknownPrompts } from "../compose/rules.js";
import { untaughtPrompts } from "../compose/untaught.js";
import { EXIT } from "./exit-codes.js";
import { write } from "./output.js";

/**
 * Prints every problem as `file:line:column: message` on stderr, prompts that the pack does not know and files that
 * cannot be read included, whatever else is wrong.
 * Resolves with 0, or 78 if there is a problem; warnings, such as prompts that no tower was taught, are printed but cost nothing.
 * Of a valid configuration stdout says how long each camera takes to look at all of its picture.
 */
export async function check(file: string): Promise<number> {
  const inspected = inspectConfig(file);
  const problems = await problemsIn(inspected);
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length === 0) await write([`${file} is valid`, ...(inspected.loaded === undefined ? [] : scanLines(inspected.loaded.config))].map((line) => `${line}\n`).join(""));
  return problems.length === 0 ? EXIT.ok : EXIT.config;
}

async function problemsIn({ problems, parts, loaded }: InspectedConfig): Promise<readonly ConfigProblem[]> {
  if (parts === undefined) return problems;
  if (loaded !== undefined) warn([...missingPrograms(loaded), ...feedWarnings(loaded)]);
  const named = checkFiles(parts);
  warn(named.warnings);
  const unknowable = loaded === undefined ? [] : unknowableAbsences(loaded);
  return inOrder([...problems, ...named.problems, ...unknowable, ...(await packProblems(parts))]);
}

/** Prompts that the pack does not know, or what is wrong with the pack itself. */
async function packProblems(parts: NonNullable<InspectedConfig["parts"]>): Promise<readonly ConfigProblem[]> {
  try {
    const pack = await loadPack(findPack(parts.encoders.pack, { stateDir: parts.stateDir, packageRoot }));
    warn(untaughtPrompts(parts, pack));
    return unknownPrompts(parts, pack);
  } catch (error) {
    if (!(error instanceof FusiondError) || error.code !== "model_invalid") throw error;
    return [parts.problem(["encoders", "pack"], error.message)];
  }
}

function warn(warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) process.stderr.write(`${formatProblem(warning)} (warning)\n`);
}
