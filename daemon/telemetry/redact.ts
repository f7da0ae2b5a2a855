// Takes secrets out of whatever is about to be logged.
import { FusiondError } from "../../fusion/model/errors.js";

/** What stands where a secret was. */
export const REDACTED = "***";

/** Keys whose value is a secret whatever it looks like; a `credentials_file` is only a path. */
const SECRET_KEY = /(password|passwd|passphrase|secret|token|credentials?|authorization|api_?key|private_?key)$/i;
const SECRET_PARAMETER = /(password|passwd|pwd|passphrase|secret|token|credentials?|auth|api_?key)(=|%(?:25)*3d)[^\s&;"'<>]+/gi;
const AUTHORIZATION_HEADER = /\b(authorization:?\s*)(basic|bearer|digest)\s+\S+/gi;
/** What may hold a URL. Only white space ends it: a password that nobody encoded may hold anything else. */
const TOKEN = /\S+/g;
/** At and colon as they are and percent-encoded, any number of times over. */
const AT = /@|%(?:25)*40/gi;
const COLON = /:|%(?:25)*3a/i;
const SCHEME = /^[^@]{0,64}?(?::|%(?:25)*3a)(?:(?:\/|%(?:25)*2f){2})/i;

const MAX_DEPTH = 6;
const MAX_ENTRIES = 64;
const MAX_TEXT_LENGTH = 4096;
/** Shorter "secrets" are left to the patterns: replacing them everywhere would leave no readable line. */
const MIN_SECRET_LENGTH = 4;
const MAX_SECRETS = 256;

/**
 * Replaces `user:password@` in URLs (also percent-encoded, also without a scheme), secret parameters, values of secret
 * keys, and every secret that it was told. Rather too much than too little: a stray `@` may cost a piece of a path.
 *
 * Bound: texts are cut at 4096 characters, values at 6 levels and 64 entries each.
 */
export class Redactor {
  readonly #secrets: string[] = [];

  /** From now on this value appears nowhere, as it is or percent-encoded. */
  addSecret(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    for (const form of [secret, encodeForm(secret)]) {
      if (this.#secrets.includes(form) || this.#secrets.length >= MAX_SECRETS) continue;
      this.#secrets.push(form);
    }
    this.#secrets.sort((a, b) => b.length - a.length);
  }

  /** The text without secrets. */
  text(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, REDACTED);
    clean = clean
      .replace(AUTHORIZATION_HEADER, `$1${REDACTED}`)
      .replace(SECRET_PARAMETER, `$1$2${REDACTED}`)
      .replace(TOKEN, redactToken);
    return clean.length <= MAX_TEXT_LENGTH ? clean : `${clean.slice(0, MAX_TEXT_LENGTH)}…`;
  }

  /** A copy of the value without secrets, ready for JSON. Bytes become their length; errors become plain objects. */
  value(value: unknown, depth = 0): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "bigint") return value.toString();
    if (typeof value === "function" || typeof value === "symbol") return undefined;
    if (typeof value !== "object" || value === null) return value;
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    if (depth >= MAX_DEPTH) return "…";
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof Date || value instanceof URL) return this.text(String(value));
    if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry) => this.value(entry, depth + 1));
    return this.fields(value, depth);
  }

  /** A copy of an object without secrets, neither in its keys nor in its values. */
  fields(fields: object, depth = 0): Record<string, unknown> {
    const entries = Object.entries(fields).slice(0, MAX_ENTRIES);
    return Object.fromEntries(entries.map(([key, value]) => [this.text(key), SECRET_KEY.test(key) ? REDACTED : this.value(value, depth + 1)]));
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    return {
      message: this.text(error.message),
      ...("code" in error && typeof error.code === "string" ? { code: error.code } : {}),
      // A stack is for programmers' errors; an operator's error says what to do.
      ...(error instanceof FusiondError || error.stack === undefined ? {} : { stack: this.text(error.stack) }),
      ...(error.cause === undefined ? {} : { cause: this.value(error.cause, depth + 1) }),
    };
  }
}

function redactToken(token: string): string {
  const at = [...token.matchAll(AT)].at(-1);
  if (at === undefined) return token;
  const head = token.slice(0, at.index);
  const scheme = SCHEME.exec(head)?.[0];
  if (scheme === undefined && !COLON.test(head)) return token;
  return `${scheme ?? ""}${REDACTED}${token.slice(at.index)}`;
}

/** Percent-encoded, or as it is where that cannot be (a lone surrogate). */
function encodeForm(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret; // no Unicode text, so no URL can hold it
  }
}
