// How long a camera takes from the start of a connection to its first picture, and each picture from the camera to a capture.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultPatience } from "../../daemon/sources/live-run.js";
import { defaultAnomalies } from "../../daemon/sources/anomalies.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import type { SourceTelemetry } from "../../daemon/sources/source.js";
import { describeMachine } from "../machine.js";
import { renderTable } from "../table.js";
import { H264Camera, picturesOf } from "./h264-camera.js";

/** What is measured. */
export interface CameraBenchOptions {
  /** Connections to each camera. */
  readonly connections: number;
  /** Pictures taken of each connection. */
  readonly pictures: number;
}

/** A picture's number shows in how bright it is; so many follow each other before they repeat. */
const LEVELS = 15;
const FPS = 10;
const LONG_GROUP_SECONDS = 25;
/** A connection that has given nothing for so long is given up, ms. */
const GIVE_UP_MS = 10_000;

interface Camera {
  readonly name: string;
  /** Starts it; `sent` is told each picture's number as it leaves. */
  readonly start: (sent: (picture: number) => void) => Promise<{ readonly url: string; readonly stop: () => void }>;
}

/** Prints a table: first picture and delay of the steady stream, ms. */
export async function benchCamera({ connections, pictures }: CameraBenchOptions, output: { print(text: string): void }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-bench-"));
  try {
    const rows = [["camera", "connections", "first picture p50", "max", "delay p50", "p95", "max"]];
    for (const camera of cameras(folder)) {
      const firsts: number[] = [];
      const delays: number[] = [];
      for (let i = 0; i < connections; i++) {
        const one = await measure(camera, pictures);
        firsts.push(one.firstMs);
        delays.push(...one.delaysMs);
      }
      rows.push([camera.name, String(connections), ...[quantile(firsts, 0.5), quantile(firsts, 1), quantile(delays, 0.5), quantile(delays, 0.95), quantile(delays, 1)].map(shown)]);
    }
    output.print(`${describeMachine()}\n\n${renderTable(rows).join("\n")}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function cameras(folder: string): Camera[] {
  const grey = `color=black:s=640x360:r=${FPS},geq=lum='mod(N,${LEVELS})*16+8':cb=128:cr=128`;
  const ffmpeg = (...args: string[]): void => void execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", grey, ...args]);
  const coding = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-pix_fmt", "yuv420p", "-sc_threshold", "0"];
  const h264 = (seconds: number): Buffer => {
    const path = join(folder, `${seconds}.h264`);
    ffmpeg("-t", String(LONG_GROUP_SECONDS), ...coding, "-g", String(FPS * seconds), "-bf", "0", path);
    return readFileSync(path);
  };
  ffmpeg("-frames:v", String(LEVELS), "-pix_fmt", "yuvj420p", join(folder, "%02d.jpg"));
  const jpegs = Array.from({ length: LEVELS }, (_, i) => readFileSync(join(folder, `${String(i + 1).padStart(2, "0")}.jpg`)));
  return [...[1, LONG_GROUP_SECONDS].map((seconds) => rtsp(h264(seconds), seconds)), motionJpeg(jpegs), snapshots(jpegs)];
}

function rtsp(stream: Buffer, groupSeconds: number): Camera {
  return {
    name: `RTSP, H.264, keyframe every ${groupSeconds} s`,
    start: async (sent) => {
      const camera = new H264Camera(picturesOf(stream), FPS, sent);
      return { url: await camera.start(), stop: () => camera.stop() };
    },
  };
}

function motionJpeg(jpegs: readonly Buffer[]): Camera {
  return {
    name: "HTTP, motion JPEG",
    start: async (sent) => {
      const server = createServer((_request, response) => {
        response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=cam" });
        let picture = 0;
        const send = (): void => {
          const jpeg = jpegs[picture % LEVELS] as Buffer;
          response.write(Buffer.concat([Buffer.from(`--cam\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`), jpeg, Buffer.from("\r\n")]));
          sent(picture++);
        };
        send();
        const timer = setInterval(send, 1000 / FPS);
        response.on("close", () => clearInterval(timer));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => void server.close() };
    },
  };
}

function snapshots(jpegs: readonly Buffer[]): Camera {
  return {
    name: "HTTP, one JPEG a request",
    start: async (sent) => {
      let picture = 0;
      const server = createServer((_request, response) => {
        response.writeHead(200, { "content-type": "image/jpeg" }).end(jpegs[picture % LEVELS]);
        sent(picture++);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop: () => void server.close() };
    },
  };
}

/** One connection. The first second is the start's: its pictures were on their way while ffmpeg started. */
async function measure(camera: Camera, pictures: number): Promise<{ firstMs: number; delaysMs: number[] }> {
  const sentMs = new Map<number, number>();
  const { url, stop } = await camera.start((picture) => sentMs.set(picture % LEVELS, performance.now()));
  const limits = { startsAtMs: 0, queueCapacity: 16, patience: defaultPatience, anomalies: defaultAnomalies, skewMaxMs: 2000 };
  const source = new MediaSource({ id: "cam", kind: "url", location: url, follow: false, mode: "live", picture: { fps: FPS, widthPx: 64 }, ...limits }, silent);
  const done = new AbortController();
  const startedMs = performance.now();
  const giveUp = setTimeout(() => done.abort(), GIVE_UP_MS + (pictures * 1000) / FPS);
  let firstMs = Infinity;
  const delaysMs: number[] = [];
  for await (const signal of source.observe(done.signal)) {
    if (signal.kind !== "capture" || signal.capture.modality !== "image") continue;
    const nowMs = performance.now();
    firstMs = Math.min(firstMs, nowMs - startedMs);
    const level = Math.round(((signal.capture.pixels[0] as number) / 255) * 219 + 16 - 8) / 16;
    const sent = sentMs.get(Math.round(level));
    if (sent !== undefined && nowMs - startedMs > firstMs + 1000) delaysMs.push(nowMs - sent);
    if (delaysMs.length >= pictures) done.abort();
  }
  clearTimeout(giveUp);
  stop();
  return { firstMs, delaysMs };
}

const silent: SourceTelemetry = {
  dropped: () => undefined,
  lineFault: () => undefined,
  unwatched: () => undefined,
  restarted: () => undefined,
  anomaly: () => undefined,
  clockSkew: () => undefined,
  note: () => undefined,
};

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Infinity;
}

function shown(ms: number): string {
  return Number.isFinite(ms) ? ms.toFixed(0) : "never";
}
