// Secrets: they stand in files of their own, and are never printed.
import { readFileSync, statSync } from "node:fs";
import { inspect } from "node:util";
import { FusiondError } from "../fusion/model/errors.js";

/** A text that shows itself only to who asks: printing, logging or serialising it gives `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself; never log it, never put it on a command line. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** A secret that was read. */
export interface ReadSecret {
  readonly secret: Secret;
  /** A sentence: everybody on the machine can read it. */
  readonly warning?: string;
}

/** A user and the password. */
export interface Credentials {
  readonly user: string;
  readonly password: Secret;
}

/** Source: the largest credential that systemd passes on, systemd.exec(5). */
const SECRET_BYTES_MAX = 1024 * 1024;
/** The bit that lets everybody read a file. */
const OTHERS_READ = 0o004;

/** Reads a secret, blanks around it removed. Errors: FusiondError "config_invalid" if it is missing, unreadable, empty or too large. */
export function readSecret(file: string): ReadSecret {
  const invalid = (problem: string, cause?: unknown): FusiondError =>
    new FusiondError("config_invalid", `secret file ${file} ${problem}`, { cause });
  let text: string;
  let mode: number;
  try {
    const found = statSync(file);
    if (!found.isFile()) throw invalid("is no file: name a file that holds only the secret");
    if (found.size > SECRET_BYTES_MAX) throw invalid("is larger than 1 MiB: name a file that holds only the secret");
    mode = found.mode;
    text = readFileSync(file, "utf8").trim();
  } catch (cause) {
    if (cause instanceof FusiondError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw invalid(missing ? "does not exist: create it and let only fusiond read it" : "cannot be read: let fusiond's user read it", cause);
  }
  if (text === "") throw invalid("is empty: write the secret into it");
  if ((mode & OTHERS_READ) === 0) return { secret: new Secret(text) };
  return { secret: new Secret(text), warning: `everybody can read secret file ${file}: run chmod 600 on it` };
}

/** Reads a file that holds `user:password` on one line; the password may be empty (`admin:`). Errors: as readSecret, and if it is not of that form. */
export function readCredentials(file: string): Credentials {
  const text = readSecret(file).secret.reveal();
  const colon = text.indexOf(":");
  if (colon < 1 || /[\r\n]/.test(text)) {
    throw new FusiondError("config_invalid", `secret file ${file} must hold user:password on one line, and nothing else`);
  }
  return { user: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) };
}
