// Whether the files that a configuration names are there and readable.
import { accessSync, constants, statSync } from "node:fs";
import { FusiondError } from "../fusion/model/errors.js";
import type { ConfigParts } from "./load.js";
import type { NamedFile } from "./paths.js";
import type { ConfigProblem } from "./problem.js";
import { readCredentials, readSecret } from "./secrets.js";

/** What is wrong with named files (`problems`), and what is only careless (`warnings`), in the order of the file. */
export function checkFiles(loaded: Pick<ConfigParts, "files" | "problem">): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  for (const named of loaded.files) {
    try {
      const warning = checkFile(named);
      if (warning !== undefined) warnings.push(loaded.problem(named.path, warning));
    } catch (thrown) {
      if (!(thrown instanceof FusiondError)) throw thrown;
      problems.push(loaded.problem(named.path, thrown.message));
    }
  }
  return { problems, warnings };
}

/** A warning, if there is one. Errors: FusiondError "config_invalid". */
function checkFile({ file, kind }: NamedFile): string | undefined {
  if (kind === "secret" || kind === "credentials") {
    const { warning } = readSecret(file);
    if (kind === "credentials") readCredentials(file);
    return warning;
  }
  try {
    if (!statSync(file).isFile()) throw new FusiondError("config_invalid", `${file} is no file: name the file itself`);
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (cause) {
    if (cause instanceof FusiondError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const problem = missing ? "does not exist: correct the path" : "cannot be read: let fusiond's user read it";
    throw new FusiondError("config_invalid", `${file} ${problem}`, { cause });
  }
}
