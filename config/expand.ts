// `~` and `${NAME}` at the places where a configuration names files and folders.
import { homedir } from "node:os";

/** What the environment says. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A path with its variables replaced, or why that cannot be: the rest of a sentence that starts with the key. */
export type Expanded = { readonly path: string } | { readonly problem: string };

const VARIABLE = /\$\{([^}]*)\}/g;
/** `$HOME/x`: what a shell would take for a variable. */
const BARE_VARIABLE = /(?:^|\/)\$([A-Za-z_]\w*)(?=\/|$)/;
/** `%d/x`: what systemd replaces in units. */
const SPECIFIER = /^%[A-Za-z](?=\/|$)/;

/** Whether a text asks for variables to be replaced. */
export function hasVariables(written: string): boolean {
  return written.includes("${");
}

/**
 * Replaces a leading `~` by the home folder and `${NAME}` by the environment's NAME. What looks meant to be replaced but
 * is not (`$NAME`, `~user`, systemd's `%d`) is a problem, never a folder of that name; `./~x` names one.
 */
export function expandPath(written: string, env: Env): Expanded {
  const bare = BARE_VARIABLE.exec(written)?.[1];
  if (bare !== undefined) return { problem: `holds $${bare}: write \${${bare}} to have it replaced` };
  const specifier = SPECIFIER.exec(written)?.[0];
  if (specifier !== undefined) return { problem: `starts with ${specifier}, which only units of systemd replace: write \${CREDENTIALS_DIRECTORY}, \${STATE_DIRECTORY} or the path` };
  if (/^~[^/]/.test(written)) return { problem: "starts with ~ and a name: write the path of that user's folder" };
  const home = written === "~" || written.startsWith("~/") ? homeOf(env) : "";
  if (home === undefined) return { problem: "starts with ~, but there is no home folder: write the whole path" };
  const unset = [...written.matchAll(VARIABLE)].map(([, name = ""]) => name).find((name) => (env[name] ?? "") === "");
  if (unset !== undefined) return { problem: unset === "" ? "holds ${} without a name" : `holds \${${unset}}, which is not set in the environment` };
  const path = written.replace(/^~/, home).replaceAll(VARIABLE, (_whole, name: string) => env[name] ?? "");
  return path.includes("\0") ? { problem: "holds a zero byte" } : { path };
}

/** The user's home folder: $HOME, else that of the user database; nothing where neither knows one. */
export function homeOf(env: Env): string | undefined {
  const home = env["HOME"];
  if (home !== undefined && home !== "") return home;
  try {
    return homedir();
  } catch {
    return undefined; // a user id without an entry
  }
}
