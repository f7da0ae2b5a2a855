// Who the daemon is to the broker: one file, in any of the forms that NATS users have.
import { readFileSync } from "node:fs";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";

/** The content of a credentials file. */
export type BusCredentials =
  | { readonly kind: "creds"; readonly text: Uint8Array }
  | { readonly kind: "nkey"; readonly seed: Uint8Array }
  | { readonly kind: "password"; readonly user: string; readonly password: string };

/**
 * Reads a .creds file (JWT and seed), a bare nkey seed, or JSON with "user" and "password".
 * Errors: FusiondError "config_invalid", which never shows what is in the file.
 */
export function readBusCredentials(path: string): BusCredentials {
  const text = readText(path);
  if (text.includes("-----BEGIN NATS USER JWT-----")) return { kind: "creds", text: Buffer.from(text) };
  if (/^SU[A-Z2-7]{56}\s*$/.test(text)) return { kind: "nkey", seed: Buffer.from(text.trim()) };
  const login = parseLogin(text);
  if (login !== undefined) return { kind: "password", ...login };
  throw new FusiondError(
    "config_invalid",
    `${path} holds no NATS credentials: give a .creds file, an nkey seed, or JSON with "user" and "password"`,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new FusiondError("config_invalid", `the NATS credentials file cannot be read (${messageOf(cause)}): see to its path and owner`, { cause });
  }
}

function parseLogin(text: string): { user: string; password: string } | undefined {
  try {
    const { user, password } = JSON.parse(text) as { user?: unknown; password?: unknown };
    return typeof user === "string" && typeof password === "string" ? { user, password } : undefined;
  } catch {
    return undefined; // not JSON: the caller says what is expected
  }
}
