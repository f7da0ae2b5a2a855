// A test microphone without hardware: PulseAudio with a null sink, spoken into with paplay.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { debianEnvironment } from "./debian.js";

/** Why there can be no test microphone here, or false: for a test's `skip`. */
export function virtualMicMissing(): string | false {
  try {
    for (const program of ["pulseaudio", "paplay", "arecord"]) execFileSync(program, ["--version"], { env: debianEnvironment(), stdio: "ignore" });
    return false;
  } catch {
    return "pulseaudio, pulseaudio-utils, alsa-utils and libasound2-plugins are not all installed";
  }
}

/** A microphone with the ALSA name `device`; needs `env` in the environment of whoever listens. */
export class VirtualMic {
  readonly device = "fusiondtest";
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #shell: ChildProcess;
  readonly #pulsePid: number;

  private constructor(shell: ChildProcess, folder: string, pulsePid: number, env: Readonly<Record<string, string>>) {
    this.#shell = shell;
    this.#folder = folder;
    this.#pulsePid = pulsePid;
    this.env = env;
  }

  /** Starts one; resolves when it can be listened to. */
  static async start(): Promise<VirtualMic> {
    const script = join(packageRoot, "test/support/virtual_mic.sh");
    const debian = debianEnvironment();
    const report = 'echo "ready $VMIC_PID $PULSE_SERVER $XDG_RUNTIME_DIR"; read -r _';
    const shell = spawn("bash", [script, "bash", "-c", report], { env: debian, stdio: ["pipe", "pipe", "ignore"] });
    for await (const line of createInterface({ input: shell.stdout })) {
      const [word, pid, server = "", runtime = ""] = line.split(" ");
      if (word !== "ready") continue;
      const folder = mkdtempSync(join(tmpdir(), "fusiond-mic-"));
      const config = join(folder, "asound.conf");
      writeFileSync(config, `</usr/share/alsa/alsa.conf>\npcm.fusiondtest { type pulse device "vmic.monitor" }\n`);
      const { LD_LIBRARY_PATH = "", ALSA_PLUGIN_DIR = "" } = debian;
      const env = { LD_LIBRARY_PATH, ALSA_PLUGIN_DIR, PULSE_SERVER: server, XDG_RUNTIME_DIR: runtime, PULSE_RUNTIME_PATH: join(runtime, "pulse"), ALSA_CONFIG_PATH: config };
      return new VirtualMic(shell, folder, Number(pid), env);
    }
    throw new Error("the virtual microphone did not start");
  }

  /** Speaks a sound file into it, once; the child is the caller's. */
  play(path: string): ChildProcess {
    return spawn("paplay", ["-d", "vmic", path], { env: { ...debianEnvironment(), ...this.env }, stdio: "ignore" });
  }

  /** The device goes, as if it were unplugged. */
  unplug(): void {
    process.kill(this.#pulsePid, "SIGKILL");
  }

  /** Ends it and removes its files. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#shell.once("exit", resolve));
    this.#shell.stdin?.end("\n");
    if (this.#shell.exitCode === null) await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
