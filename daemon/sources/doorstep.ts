// A look at the place where a source should be, without ffmpeg: whether anything answers, and what it is.
import { access } from "node:fs/promises";
import { connect, isIPv6, type Socket } from "node:net";
import { delay, type Clock } from "../runtime/clock.js";

/** How often a place where nothing answers is looked at, ms: bounds how late a return is seen. */
const LOOK_EVERY_MS = 500;
/** After so long the source is tried all the same, so that what is told of it stays true, ms. */
const LOOK_MAX_MS = 30_000;
const ANSWER_WITHIN_MS = 3_000;
const PORTS: Readonly<Record<string, number>> = { "rtsp:": 554, "rtsps:": 322, "http:": 80, "https:": 443 };

/** Whether something takes a connection at a URL's host and port, or a device is there. A place of another kind: true. */
export async function isReachable(location: string, signal: AbortSignal): Promise<boolean> {
  if (location.startsWith("/dev/")) return access(location).then(() => true, () => false);
  const socket = openTo(location);
  if (socket === undefined) return true;
  const answer = await said(socket, ["connect"], signal);
  socket.destroy();
  return answer === "connect";
}

/** Resolves once something is there (at once where it is), after half a minute, or when the signal aborts. True: it had to wait. */
export async function untilReachable(location: string, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const endMs = clock.monotonicNowMs() + LOOK_MAX_MS;
  let waited = false;
  while (!signal.aborted && clock.monotonicNowMs() < endMs && !(await isReachable(location, signal))) {
    waited = true;
    await delay(clock, LOOK_EVERY_MS, signal);
  }
  return waited;
}

/** What answers at an RTSP URL, where that is no camera, in an operator's words; nothing where it may well be one. */
export async function whatAnswers(location: string, signal: AbortSignal): Promise<string | undefined> {
  const socket = /^rtsps?:/i.test(location) ? openTo(location) : undefined;
  if (socket === undefined) return undefined;
  try {
    const opened = await said(socket, ["connect"], signal);
    if (opened !== "connect") return opened === undefined ? "no answer" : undefined;
    socket.write(`OPTIONS ${location.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1")} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    const answer = await said(socket, ["data", "end"], signal);
    if (answer === undefined) return "it takes the connection but does not answer";
    if (answer === "end") return "it hung up: is the port right?";
    if (/^RTSP\//.test(answer)) return undefined;
    return /^(?:HTTP\/|\s*<)/i.test(answer) ? "not a camera but a web server: is the port right?" : "not a camera: what answers does not speak RTSP";
  } finally {
    socket.destroy();
  }
}

function openTo(location: string): Socket | undefined {
  if (!URL.canParse(location)) return undefined;
  const { protocol, hostname, port } = new URL(location);
  const known = port === "" ? PORTS[protocol] : Number(port);
  if (known === undefined || hostname === "") return undefined;
  const host = hostname.replace(/^\[|\]$/g, "");
  return connect({ host, port: known, ...(isIPv6(host) ? { family: 6 } : {}) });
}

/** The first of these events, or its data as text; "error"; nothing when none comes in time. */
function said(socket: Socket, events: readonly ("connect" | "data" | "end")[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(undefined), ANSWER_WITHIN_MS);
    const done = (answer: string | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      resolve(answer);
    };
    const abort = (): void => done("error");
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    socket.on("error", () => done("error"));
    for (const event of events) socket.once(event, (data?: Buffer) => done(data === undefined ? event : data.subarray(0, 256).toString("latin1")));
  });
}
