// Where setup unpacks what it fetched.
import { homedir } from "node:os";
import { join } from "node:path";

/** The user's cache of fusiond; undefined where there is no home folder, as with a user id that has no entry. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const base = environment["XDG_CACHE_HOME"];
  if (base !== undefined && base !== "") return join(base, "fusiond");
  const home = environment["HOME"] || homeOfUser();
  return home === undefined ? undefined : join(home, ".cache", "fusiond");
}

function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined; // the user database does not know the user either
  }
}
