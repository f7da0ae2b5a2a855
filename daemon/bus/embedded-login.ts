// The users of the embedded broker, made at its first start and kept.
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fchmodSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { readBusCredentials } from "./bus-credentials.js";

/** Who may use the embedded broker. */
export interface EmbeddedLogin {
  readonly user: string;
  readonly password: string;
}

/** The login in the file, or a new one of this user, which is not written yet. Errors: FusiondError "config_invalid" if the file holds none. */
export function embeddedLogin(path: string, user = "fusiond"): EmbeddedLogin {
  if (!existsSync(path)) return { user, password: randomBytes(24).toString("base64url") };
  const credentials = readBusCredentials(path);
  if (credentials.kind === "password") return { user: credentials.user, password: credentials.password };
  return { user, password: randomBytes(24).toString("base64url") };
}

/** Writes a file that only the daemon's user can read, whole or not at all. */
export function writePrivateFile(path: string, text: string): void {
  const part = `${path}.part`;
  const fd = openSync(part, "w", 0o600);
  try {
    fchmodSync(fd, 0o600);
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
}
