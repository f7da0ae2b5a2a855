// Relative paths of a configuration made absolute, and a list of the files that it names.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { ConfigPath } from "./problem.js";
import type { Config, ParsedConfig } from "./schema.js";
import type { NatsAuthConfig, NatsServerConfig } from "./schema/nats.js";
import type { SourceConfig } from "./schema/sources.js";

/** A file that a configuration names and that must exist. */
export interface NamedFile {
  /** Where the configuration names it. */
  readonly path: ConfigPath;
  /** Absolute. */
  readonly file: string;
  /** "credentials": a secret that is one `user:password`. */
  readonly kind: "secret" | "credentials" | "certificate" | "media";
}

/** Where relative paths start, and what the environment says. */
export interface PathOptions {
  /** The configuration file's folder, absolute. */
  readonly folder: string;
  /** STATE_DIRECTORY, CREDENTIALS_DIRECTORY and XDG_STATE_HOME count. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Take = (written: string, kind: NamedFile["kind"], ...path: (string | number)[]) => string;

/** The configuration with absolute paths, and the files that it names. */
export function resolvePaths(parsed: ParsedConfig, options: PathOptions): { config: Config; files: readonly NamedFile[] } {
  const { folder } = options;
  const files: NamedFile[] = [];
  const take: Take = (written, kind, ...path) => {
    const file = kind === "media" ? resolve(folder, written) : secretPath(written, options);
    files.push({ path, file, kind });
    return file;
  };
  const config: Config = {
    ...parsed,
    stateDir: parsed.stateDir === undefined ? defaultStateDir(options) : resolve(folder, parsed.stateDir),
    encoders: { ...parsed.encoders, pack: packPath(parsed.encoders.pack, folder) },
    nats: { ...parsed.nats, server: serverPaths(parsed.nats.server, take) },
    sources: parsed.sources.map((source) => sourcePaths(source, folder, take)),
  };
  return { config, files };
}

/** A secret of systemd's credentials folder if there is one of that name, else a path from the configuration's folder. */
function secretPath(written: string, { folder, env }: PathOptions): string {
  const credentials = env["CREDENTIALS_DIRECTORY"];
  const given = credentials === undefined ? undefined : resolve(credentials, written);
  return given !== undefined && existsSync(given) ? given : resolve(folder, written);
}

/** Source: systemd.exec(5), StateDirectory= (several are separated by colons); XDG base directory specification. */
function defaultStateDir({ folder, env }: PathOptions): string {
  const given = env["STATE_DIRECTORY"]?.split(":")[0];
  if (given !== undefined && given !== "") return resolve(folder, given);
  const stateHome = env["XDG_STATE_HOME"];
  return join(stateHome === undefined || stateHome === "" ? join(homedir(), ".local", "state") : stateHome, "fusiond");
}

/** Names of packs stay names; whatever holds a slash is a path. */
function packPath(pack: string, folder: string): string {
  return pack.includes("/") ? resolve(folder, pack) : pack;
}

function sourcePaths(source: SourceConfig, folder: string, take: Take): SourceConfig {
  if (source.kind === "text") {
    return source.feed.kind === "subject" ? source : { ...source, feed: { kind: "file", path: resolve(folder, source.feed.path) } };
  }
  const at = ["sources", source.id];
  const { input, credentialsFile } = source;
  return {
    ...source,
    input: input.kind === "file" ? { ...input, location: take(input.location, "media", ...at, source.kind) } : input,
    ...(credentialsFile === undefined ? {} : { credentialsFile: take(credentialsFile, "credentials", ...at, "credentials_file") }),
  };
}

function serverPaths(server: NatsServerConfig, take: Take): NatsServerConfig {
  if (server.kind === "embedded") return server;
  const { auth, tls } = server;
  const certificate = (written: string | undefined, name: "caFile" | "certFile" | "keyFile", key: string): object =>
    written === undefined ? {} : { [name]: take(written, key === "key_file" ? "secret" : "certificate", "nats", "tls", key) };
  return {
    ...server,
    ...(auth === undefined ? {} : { auth: authPaths(auth, take) }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...certificate(tls.caFile, "caFile", "ca_file"),
            ...certificate(tls.certFile, "certFile", "cert_file"),
            ...certificate(tls.keyFile, "keyFile", "key_file"),
          },
        }),
  };
}

function authPaths(auth: NatsAuthConfig, take: Take): NatsAuthConfig {
  switch (auth.kind) {
    case "credentials":
      return { ...auth, credentialsFile: take(auth.credentialsFile, "secret", "nats", "credentials_file") };
    case "nkey":
      return { ...auth, nkeyFile: take(auth.nkeyFile, "secret", "nats", "nkey_file") };
    case "password":
      return { ...auth, passwordFile: take(auth.passwordFile, "secret", "nats", "password_file") };
  }
}
