// Answers to a camera that asks for a password over HTTP: Basic and Digest.
import { createHash, randomBytes } from "node:crypto";
import type { Credentials } from "./redact.js";

/** A challenge that can be answered. */
type Challenge = { readonly scheme: "basic" } | { readonly scheme: "digest"; readonly values: ReadonlyMap<string, string>; readonly hash: "md5" | "sha256"; readonly session: boolean };

const DIGEST = /\bdigest\s+((?:[a-z]+\s*=\s*(?:"[^"]*"|[^\s",]+)\s*(?:,\s*(?=[a-z]+\s*=)|$|(?=,)))+)/gi;
const VALUE = /([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s",]+))/gi;
const ALGORITHMS: Readonly<Record<string, "md5" | "sha256">> = { md5: "md5", "sha-256": "sha256" };

/** What one challenge is answered with, request after request: a nonce is used again, counted, until it is refused. */
export class HttpAnswer {
  readonly #challenge: Challenge;
  readonly #credentials: Credentials;
  #count = 0;

  private constructor(challenge: Challenge, credentials: Credentials) {
    this.#challenge = challenge;
    this.#credentials = credentials;
  }

  /** The answer to a `WWW-Authenticate` header, Digest before Basic; nothing if it asks for what is not known here. */
  static to(header: string, credentials: Credentials): HttpAnswer | undefined {
    const challenge = challengeOf(header);
    return challenge === undefined ? undefined : new HttpAnswer(challenge, credentials);
  }

  /** The `Authorization` header of the next GET. Source: RFC 7616, RFC 7617. */
  header(uri: string): string {
    const [user, password] = [octets(this.#credentials.user), octets(this.#credentials.password)];
    if (this.#challenge.scheme === "basic") return `Basic ${Buffer.from(`${user}:${password}`, "latin1").toString("base64")}`;
    const { values, hash, session } = this.#challenge;
    const digest = (...parts: string[]): string => createHash(hash).update(parts.join(":"), "latin1").digest("hex");
    const [realm, nonce] = [values.get("realm") ?? "", values.get("nonce") ?? ""];
    const cnonce = randomBytes(8).toString("hex");
    const count = (++this.#count).toString(16).padStart(8, "0");
    const own = digest(user, realm, password);
    const secret = session ? digest(own, nonce, cnonce) : own;
    const request = digest("GET", uri);
    const counted = values.has("qop");
    const response = counted ? digest(secret, nonce, count, cnonce, "auth", request) : digest(secret, nonce, request);
    const quoted = { username: user, realm, nonce, uri, response, ...(counted || session ? { cnonce } : {}), ...pick(values, "opaque") };
    const bare = { ...pick(values, "algorithm"), ...(counted ? { qop: "auth", nc: count } : {}) };
    const fields = [...Object.entries(quoted).map(([key, value]) => `${key}="${value.replaceAll(/["\\]/g, "\\$&")}"`), ...Object.entries(bare).map(([key, value]) => `${key}=${value}`)];
    return `Digest ${fields.join(", ")}`;
  }
}

/** A text's octets of UTF-8, a character each, as headers come in and go out: what is hashed is what is sent. */
function octets(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function challengeOf(header: string): Challenge | undefined {
  for (const [, fields = ""] of header.matchAll(DIGEST)) {
    const values = new Map([...fields.matchAll(VALUE)].map(([, key = "", quoted, bare]) => [key.toLowerCase(), quoted ?? bare ?? ""]));
    const [, name = "", session] = /^(.*?)(-sess)?$/i.exec((values.get("algorithm") ?? "md5").toLowerCase()) ?? [];
    const hash = ALGORITHMS[name];
    const offered = values.get("qop")?.split(/\s*,\s*/);
    if (hash !== undefined && (offered === undefined || offered.includes("auth"))) return { scheme: "digest", values, hash, session: session !== undefined };
  }
  return /\bbasic\b/i.test(header) ? { scheme: "basic" } : undefined;
}

function pick(values: ReadonlyMap<string, string>, key: string): Record<string, string> {
  const value = values.get(key);
  return value === undefined ? {} : { [key]: value };
}
