// Exits 0 if node_modules holds what package-lock.json asks for, 1 if not. Compares npm's own record of what it
// installed with the lock file; optional packages of other platforms may be absent.
import { readFileSync } from "node:fs";
import process from "node:process";

/** The packages of a lock file by path. undefined if it cannot be read. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ;
  } catch {
    return undefined;
  }
}

const wanted = packagesOf("package-lock.json");
const installed = packagesOf("node_modules/.package-lock.json");
const matches =
  wanted !== undefined &&
  installed !== undefined &&
  Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const there = installed[path];
    return there === undefined ? entry.optional === true || entry.devOptional === true : there.version === entry.version;
  }) &&
  Object.keys(installed).every((path) => path in wanted);
process.exit(matches ? 0 : 1);
