// Every module of the pure centre and of the configuration loads alone, in any order, and does nothing by that. It also
// makes the coverage of these folders honest: a file of types counts as loaded, a function that no test calls does not.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { sourceFiles } from "./source-files.js";

void t.test("modules: each of fusion, rules and config loads by itself", async (t) => {
  for (const { path } of sourceFiles(packageRoot, ["fusion", "rules", "config"])) {
    const compiled = join(packageRoot, "dist", path.replace(/\.ts$/, ".js"));
    await t.resolves(import(pathToFileURL(compiled).href), path);
  }
});
