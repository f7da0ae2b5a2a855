// A test camera: a real RTSP server of this machine, which can be frozen, lost and brought back.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { debianEnvironment, programs } from "./debian.js";

const PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer, Gst; Gst.init(None); assert Gst.ElementFactory.find('x264enc')";

/** Why there can be no test camera here, or false: for a test's `skip`. */
export function rtspMissing(): string | false {
  try {
    execFileSync(programs.python(), ["-c", PROBE], { env: debianEnvironment(), stdio: "ignore" });
    return false;
  } catch {
    return "python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-{base,good,bad,ugly} are not all installed";
  }
}

/** A running RTSP server with a generated picture and a 1 kHz tone at /test, and a file at /file if one was given. */
export class RtspServer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts one, on a free port unless one is named, with a file to show if one is given; resolves when it listens. */
  static async start(port = 0, file?: string): Promise<RtspServer> {
    const script = join(packageRoot, "test/support/rtsp_server.py");
    const args = file === undefined ? [] : [file, String(await freeUdpPort())];
    const child = spawn(programs.python(), [script, String(port), ...args], { env: debianEnvironment(), stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: child.stdout })) {
      const ready = /^ready (\d+)/.exec(line);
      if (ready !== null) return new RtspServer(child, Number(ready[1]));
    }
    throw new Error("the RTSP server did not start");
  }

  /** The generated picture and tone. */
  get url(): string {
    return `rtsp://127.0.0.1:${this.port}/test`;
  }

  /** A picture of which each client gets one keyframe at once and the next after a minute. */
  get longGroupUrl(): string {
    return `rtsp://127.0.0.1:${this.port}/long`;
  }

  /** The file that was given, again and again. */
  get fileUrl(): string {
    return `rtsp://127.0.0.1:${this.port}/file`;
  }

  /** A camera that hangs: its connections stay open and nothing comes. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  /** It goes on. */
  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** A camera whose cable is pulled. Resolves when it has gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
