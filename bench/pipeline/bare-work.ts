// What a step's work costs where nothing carries it about: measured beside the daemon, in the same minute.
import { fork } from "node:child_process";
import { once } from "node:events";
import { endChild } from "../../daemon/runtime/child-process.js";
import type { BareCosts, BareReply, BareRequest } from "./bare-protocol.js";

/** For media, towers and as much again as is measured, ms. */
const SLACK_MS = 60_000;

/** Runs the bare work in a process of its own. Errors: what it could not do. */
export async function bareCosts(request: BareRequest): Promise<BareCosts> {
  const child = fork(new URL("./bare-host.js", import.meta.url), [JSON.stringify(request)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    const [reply] = (await once(child, "message", { signal: AbortSignal.timeout(request.measureMs * 2 + SLACK_MS) })) as [BareReply];
    if (reply.kind === "failed") throw new Error(reply.message);
    return reply.costs;
  } finally {
    await endChild(child, 1_000);
  }
}

/** What went through the daemon, a second. */
export interface Rates {
  readonly frames: number;
  readonly regions: number;
  readonly windows: number;
}

/** The bare work at these rates, cores. */
export function bareCores({ ffmpegASecond, gateAFrame, towerARegion, towerAWindow }: BareCosts, { frames, regions, windows }: Rates): { ffmpeg: number; gate: number; towers: number; all: number } {
  const [ffmpeg, gate, towers] = [ffmpegASecond, gateAFrame * frames, towerARegion * regions + towerAWindow * windows];
  return { ffmpeg, gate, towers, all: ffmpeg + gate + towers };
}
