// Paths of a configuration made absolute, and a list of the files that it names.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expandPath, homeOf, type Env } from "./expand.js";
import { nameOf, type Finding } from "./explain.js";
import { cameraPlace, linesProblem, microphonePlace } from "./media-place.js";
import type { ConfigPath } from "./problem.js";
import type { Config, ParsedConfig } from "./schema.js";
import type { NatsAuthConfig, NatsServerConfig } from "./schema/nats.js";
import type { CameraConfig, MediaInput, MicrophoneConfig, SourceConfig } from "./schema/sources.js";

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
  /** HOME, STATE_DIRECTORY, CREDENTIALS_DIRECTORY, XDG_STATE_HOME, and whatever a path names as `${NAME}`. */
  readonly env: Env;
}

/** What came of the paths of a configuration. */
export interface ResolvedPaths {
  readonly config: Config;
  /** Those of sources that are switched off are left out: nothing reads them. */
  readonly files: readonly NamedFile[];
  /** Paths that cannot be made absolute, which stand in `config` as they were written, and places that give no media. */
  readonly findings: readonly Finding[];
}

/** The configuration with absolute paths, its cameras and microphones looked at, and the files that it names. */
export function resolvePaths(parsed: ParsedConfig, options: PathOptions): ResolvedPaths {
  const paths = new Paths(options);
  const config: Config = {
    ...parsed,
    stateDir: parsed.stateDir === undefined ? paths.defaultStateDir() : paths.absolute(parsed.stateDir, "state_dir"),
    encoders: { ...parsed.encoders, pack: paths.pack(parsed.encoders.pack) },
    nats: { ...parsed.nats, server: paths.server(parsed.nats.server) },
    sources: parsed.sources.map((source) => paths.source(source)),
  };
  return { config, files: paths.files, findings: paths.findings };
}

/** Collects named files and problems while paths are made absolute. */
class Paths {
  readonly files: NamedFile[] = [];
  readonly findings: Finding[] = [];
  readonly #options: PathOptions;

  constructor(options: PathOptions) {
    this.#options = options;
  }

  /** From the configuration's folder, variables replaced. */
  absolute(written: string, ...path: ConfigPath): string {
    return resolve(this.#options.folder, this.#expanded(written, path));
  }

  /** Source: systemd.exec(5), StateDirectory= (several are separated by colons); XDG base directory specification. */
  defaultStateDir(): string {
    const { env, folder } = this.#options;
    const given = env["STATE_DIRECTORY"]?.split(":")[0];
    if (given !== undefined && given !== "") return resolve(folder, given);
    const stateHome = env["XDG_STATE_HOME"];
    if (stateHome !== undefined && stateHome !== "") return join(stateHome, "fusiond");
    const home = homeOf(env);
    if (home !== undefined) return join(home, ".local", "state", "fusiond");
    this.#find([], "state_dir is missing, and there is no home folder to keep the state in: name a folder");
    return folder;
  }

  /** Names of packs stay names; whatever holds a slash, or starts with ~ or a variable, is a path. */
  pack(pack: string): string {
    return /\/|^~|^\$/.test(pack) ? this.absolute(pack, "encoders", "pack") : pack;
  }

  source(source: SourceConfig): SourceConfig {
    const at = ["sources", source.id];
    if (source.kind === "text") {
      const { feed, enabled } = source;
      return feed.kind === "subject" ? source : { ...source, feed: { ...feed, path: this.#lines(feed.path, enabled, [...at, "text", "file"]) } };
    }
    const { credentialsFile, enabled } = source;
    return {
      ...source,
      input: this.#look(source, at),
      ...(credentialsFile === undefined ? {} : { credentialsFile: this.#take(credentialsFile, "credentials", enabled, ...at, "credentials_file") }),
    };
  }

  /** Where lines are written to: something that can give some, where it is there already. */
  #lines(written: string, enabled: boolean, at: ConfigPath): string {
    const path = this.absolute(written, ...at);
    const problem = enabled ? linesProblem(path) : undefined;
    if (problem !== undefined) this.#find(at, problem);
    return path;
  }

  /** What is at the place of a camera or microphone, which must suit its other keys; one that is switched off may be anything. */
  #look(source: CameraConfig | MicrophoneConfig, at: ConfigPath): MediaInput {
    const { enabled } = source;
    const written = source.input.kind === "url" ? source.input : { ...source.input, location: this.#expanded(source.input.location, [...at, source.kind]) };
    const { folder } = this.#options;
    const seen = source.kind === "camera" ? cameraPlace(written, folder) : microphonePlace(written, folder);
    if ("problem" in seen) {
      if (enabled) this.#find([...at, source.kind], seen.problem);
      return written;
    }
    const { input } = seen;
    if (!enabled) return input;
    if (input.kind === "file") this.files.push({ path: [...at, source.kind], file: input.location, kind: "media" });
    else if (source.loop) this.#find([...at, "loop"], '"loop" only works with a file: remove it');
    if (input.kind !== "url" && source.follow) this.#find([...at, "follow"], '"follow" only works with a URL: remove it');
    if (input.kind !== "file" && source.startsAt !== 0) this.#find([...at, "starts_at"], '"starts_at" only works with a file: remove it');
    if (input.kind === "video_device" && source.kind === "camera" && source.audio) {
      this.#find([...at, "audio"], '"audio" needs a URL or a file: a video device has no sound, add its microphone as a source');
    }
    return input;
  }

  server(server: NatsServerConfig): NatsServerConfig {
    if (server.kind === "embedded") return server;
    const { auth, tls } = server;
    const certificate = (written: string | undefined, name: "caFile" | "certFile" | "keyFile", key: string): object =>
      written === undefined ? {} : { [name]: this.#take(written, key === "key_file" ? "secret" : "certificate", true, "nats", "tls", key) };
    return {
      ...server,
      ...(auth === undefined ? {} : { auth: this.#auth(auth) }),
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

  #auth(auth: NatsAuthConfig): NatsAuthConfig {
    switch (auth.kind) {
      case "credentials":
        return { ...auth, credentialsFile: this.#take(auth.credentialsFile, "secret", true, "nats", "credentials_file") };
      case "nkey":
        return { ...auth, nkeyFile: this.#take(auth.nkeyFile, "secret", true, "nats", "nkey_file") };
      case "password":
        return { ...auth, passwordFile: this.#take(auth.passwordFile, "secret", true, "nats", "password_file") };
    }
  }

  /** The absolute path of a file that must be there; `needed`: something reads it. */
  #take(written: string, kind: Exclude<NamedFile["kind"], "media">, needed: boolean, ...path: ConfigPath): string {
    const expanded = this.#expanded(written, path);
    const file = this.#secretPath(expanded);
    if (needed) this.files.push({ path, file, kind });
    return file;
  }

  /** A secret of systemd's credentials folder if there is one of that name, else a path from the configuration's folder. */
  #secretPath(path: string): string {
    const { env, folder } = this.#options;
    const credentials = env["CREDENTIALS_DIRECTORY"];
    const given = credentials === undefined ? undefined : resolve(credentials, path);
    return given !== undefined && existsSync(given) ? given : resolve(folder, path);
  }

  #expanded(written: string, path: ConfigPath): string {
    const expanded = expandPath(written, this.#options.env);
    if ("path" in expanded) return expanded.path;
    this.#find(path, `${nameOf(path)} ${expanded.problem}`);
    return written;
  }

  #find(path: ConfigPath, message: string): void {
    this.findings.push({ path, part: "value", message });
  }
}
