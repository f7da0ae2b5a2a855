// Media and programs of Debian packages that `scripts/setup --test` unpacks into the user's cache folder, and shared
// data that may be absent. What setup brings is never skipped over: without it a test fails and says so.
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";

/** The tree of unpacked packages: `usr/sbin/nats-server`, `usr/share/...`. */
export const debianRoot: string = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "fusiond", "debian");

/** The full path of a file or folder of the unpacked packages. Throws, with what to run, if it is not there. */
export function debianPath(...parts: readonly string[]): string {
  const path = join(debianRoot, ...parts);
  if (!existsSync(path)) throw new Error(`${path} is missing: run "bash scripts/setup --test"`);
  return path;
}

/** Programs, by full path. */
export const programs = {
  /** A NATS server with JetStream (nats-server 2.9). */
  natsServer: (): string => debianPath("usr", "sbin", "nats-server"),
  /** Checks metrics and alert rules (prometheus). */
  promtool: (): string => debianPath("usr", "bin", "promtool"),
  /** Makes system calls fail (strace); run it in `debianEnvironment()`. */
  strace: (): string => debianPath("usr", "bin", "strace"),
  /** Debian's own Python: the one that the unpacked modules (msgpack, gi) are made for. */
  python: (): string => "/usr/bin/python3",
} as const;

/** Media, by full path. */
export const media = {
  /** Pedestrians seen by a fixed camera: 768x576, 10 frames/s, 795 frames (opencv-doc). */
  pedestrians: (): string => debianPath("usr", "share", "doc", "opencv-doc", "examples", "data", "vtest.avi"),
  /** A file below the stamps' folder: photographs and recorded sounds, `animals/...` (tuxpaint-stamps-default). */
  stamp: (...parts: readonly string[]): string => debianPath("usr", "share", "tuxpaint", "stamps", ...parts),
  /** A desktop sound by name, such as `bell` (sound-theme-freedesktop). */
  desktopSound: (name: string): string => debianPath("usr", "share", "sounds", "freedesktop", "stereo", `${name}.oga`),
} as const;

/**
 * The environment in which programs and Python modules of the unpacked packages run: a PulseAudio as a microphone,
 * a GStreamer RTSP server as a camera. Writes two small settings files into a fresh temporary folder.
 */
export function debianEnvironment(): NodeJS.ProcessEnv {
  const multiarch = join(debianRoot, "usr", "lib", multiarchName());
  const pulseModules = debianPath("usr", "lib", pulseFolder(), "modules");
  const settings = mkdtempSync(join(tmpdir(), "fusiond-debian-"));
  writeFileSync(join(settings, "daemon.conf"), `dl-search-path = ${pulseModules}\n`);
  writeFileSync(join(settings, "asound.conf"), "</usr/share/alsa/alsa.conf>\npcm.pulse { type pulse }\n");
  return {
    ...process.env,
    PATH: joined(join(debianRoot, "usr", "bin"), process.env["PATH"]),
    LD_LIBRARY_PATH: joined(multiarch, join(multiarch, "pulseaudio"), pulseModules, process.env["LD_LIBRARY_PATH"]),
    PYTHONPATH: join(debianRoot, "usr", "lib", "python3", "dist-packages"),
    GI_TYPELIB_PATH: join(multiarch, "girepository-1.0"),
    GST_PLUGIN_PATH_1_0: join(multiarch, "gstreamer-1.0"),
    GST_REGISTRY_1_0: join(settings, "gstreamer-registry.bin"),
    PULSE_CONFIG: join(settings, "daemon.conf"),
    ALSA_PLUGIN_DIR: join(multiarch, "alsa-lib"),
    ALSA_CONFIG_PATH: join(settings, "asound.conf"),
  };
}

/**
 * The full path of a file or folder of the shared data beside the package root, or undefined where that is absent;
 * then `t` shows a skip that names it, and the test returns.
 */
export function sharedData(t: Test, ...parts: readonly string[]): string | undefined {
  const path = join(packageRoot, "..", "shared", ...parts);
  if (existsSync(path)) return path;
  t.pass(`shared data is absent: ${join("..", "shared", ...parts)}`, { skip: true });
  return undefined;
}

/** Debian's name of this machine's architecture in library paths. */
function multiarchName(): string {
  const processor = { x64: "x86_64", arm64: "aarch64" }[process.arch as string];
  if (processor === undefined) throw new Error(`no Debian library folder is known for ${process.arch}`);
  return `${processor}-linux-gnu`;
}

function pulseFolder(): string {
  return readdirSync(debianPath("usr", "lib")).find((name) => name.startsWith("pulse-")) ?? "pulse";
}

function joined(...paths: readonly (string | undefined)[]): string {
  return paths.filter((path) => path !== undefined && path !== "").join(delimiter);
}
