// fusiond check: every problem of a configuration at once.
import { checkFiles } from "../../config/files.js";
import { inspectConfig, type InspectedConfig } from "../../config/load.js";
import { feedWarnings } from "../../config/own-subjects.js";
import { formatProblem, inOrder, type ConfigProblem } from "../../config/problem.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { conditionLines, unmeasuredCosts, weakConditions } from "../compose/condition-terms.js";
import { missingPrograms } from "../compose/programs.js";
import { scanLines, unknowableAbsences } from "../compose/picture-absences.js";
import { packageRoot } from "../runtime/package-root.js";
import { shareLines } from "../compose/perception.js";
import { unknownPrompts } from "../compose/rules.js";
import { untaughtPrompts } from "../compose/untaught.js";
import { EXIT } from "./exit-codes.js";
import { write } from "./output.js";

/**
 * Prints every problem as `file:line:column: message` on stderr, prompts that the pack does not know and files that
 * cannot be read included, whatever else is wrong.
 * Where there is none it prints on stdout how sure each condition must be, and what that costs and finds.
 * Resolves with 0, or 78 if there is a problem; warnings, such as prompts that no tower was taught, are printed but cost nothing.
 * Of a valid configuration stdout says which process perceives which source on a machine like this one, and how long each camera takes to look at all of its picture.
 */
export async function check(file: string): Promise<number> {
  const { problems, lines } = await look(file);
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length === 0) await write([`${file} is valid`, ...lines, ""].join("\n"));
  return problems.length === 0 ? EXIT.ok : EXIT.config;
}

/** What is wrong, and what can be said of a configuration in which nothing is. */
interface Found {
  readonly problems: readonly ConfigProblem[];
  readonly lines: readonly string[];
}

async function look(file: string): Promise<Found> {
  const { problems, parts, loaded } = inspectConfig(file);
  if (parts === undefined) return { problems, lines: [] };
  if (loaded !== undefined) warn([...missingPrograms(loaded), ...feedWarnings(loaded)]);
  const named = checkFiles(parts);
  warn(named.warnings);
  const ofPack = await lookAtPack(parts, loaded);
  const [unknowable, scans] = loaded === undefined ? [[], []] : [unknowableAbsences(loaded), [...shareLines(loaded.config), ...scanLines(loaded.config)]];
  return { problems: inOrder([...problems, ...named.problems, ...unknowable, ...ofPack.problems]), lines: [...scans, ...ofPack.lines] };
}

/** Prompts that the pack does not know and costs that it cannot tell, or what is wrong with the pack itself; and how sure each condition must be. */
async function lookAtPack(parts: NonNullable<InspectedConfig["parts"]>, loaded: InspectedConfig["loaded"]): Promise<Found> {
  try {
    const pack = await loadPack(findPack(parts.encoders.pack, { stateDir: parts.stateDir, packageRoot }));
    warn([...untaughtPrompts(parts, pack), ...(loaded === undefined ? [] : weakConditions(loaded, pack))]);
    const unknown = unknownPrompts(parts, pack);
    if (loaded === undefined) return { problems: unknown, lines: [] };
    return { problems: [...unknown, ...unmeasuredCosts(loaded, pack)], lines: conditionLines(loaded, pack) };
  } catch (error) {
    if (!(error instanceof FusiondError) || error.code !== "model_invalid") throw error;
    return { problems: [parts.problem(["encoders", "pack"], error.message)], lines: [] };
  }
}

function warn(warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) process.stderr.write(`${formatProblem(warning)} (warning)\n`);
}
