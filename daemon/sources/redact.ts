// Keeps credentials out of everything that is told: notes, states, errors.

/** What a camera or server asks for. From a file, never from the configuration. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"]*@/gi;
const QUERY = /([a-z][a-z0-9+.-]*:\/\/[^\s?#'"]*)\?[^\s'"]*/gi;
const HIDDEN = "***";

/**
 * Makes a function that takes out user names and passwords in URLs, the queries of URLs (cameras take tokens and
 * passwords there), and the password in each form in which a program may print it: plain, percent-encoded, base64.
 */
export function redactor(credentials?: Credentials): Redact {
  const secrets = credentials === undefined || credentials.password === "" ? [] : formsOf(credentials);
  return (text) => {
    const plain = secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
    return plain.replace(USERINFO, `$1${HIDDEN}@`).replace(QUERY, `$1?${HIDDEN}`);
  };
}

/** A location as it may be shown: no user, password or query. */
export function shownLocation(location: string): string {
  return redactor()(location);
}

/** Percent-encodes for the user part of a URL; unlike encodeURIComponent also the quote, which ends an ffconcat name. */
export function encodeUserinfo(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Longest first, so that no form is left half hidden by a shorter one. */
function formsOf({ user, password }: Credentials): string[] {
  const base64 = Buffer.from(`${user}:${password}`).toString("base64");
  const forms = [base64, encodeUserinfo(password), encodeURIComponent(password), password];
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}
