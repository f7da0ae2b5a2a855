// Whether the files that a configuration names are there and readable.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
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
    // Whoever writes the secret itself where its file belongs must not find it in a log.
    if (!existsSync(file)) throw new FusiondError("config_invalid", `the secret file named here does not exist${below(file)}: write its path, not the secret, and let only fusiond read it`);
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
    // No file, but perhaps a mistyped URL that holds a password.
    if (file.includes("@") && !existsSync(file)) {
      throw new FusiondError("config_invalid", `the file named here does not exist${below(file)}; if it is a URL, write rtsp://host/path, and put user:password into a file for credentials_file`, { cause });
    }
    const problem = missing ? "does not exist: correct the path" : "cannot be read: let fusiond's user read it";
    throw new FusiondError("config_invalid", `${file} ${problem}`, { cause });
  }
}

/** Where a file would be, if that folder is there: its own name may be a secret. */
function below(file: string): string {
  return existsSync(dirname(file)) ? ` in ${dirname(file)}` : "";
}
