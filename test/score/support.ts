// What the tests of the instruments share.
import { join } from "node:path";
import type { Test } from "tap";
import type { OrdinaryScore } from "../../daemon/score/ordinary.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { runFusiond } from "../support/fusiond.js";

/** A file of rules that numbers are taken with. */
export const rules = (name: string): string => join(packageRoot, "bench", "believe", name);

/** The report of `score ordinary`. */
export async function score(t: Test, ...args: readonly string[]): Promise<OrdinaryScore> {
  const { code, stdout, stderr } = await runFusiond(["score", "ordinary", "--json", ...args]);
  t.equal(code, 0, stderr);
  return JSON.parse(stdout) as OrdinaryScore;
}

