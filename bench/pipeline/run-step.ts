// One step of the benchmark: a daemon with so many sources, warmed up, measured, stopped.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessUsageMeter, type ProcessRole, type RoleUsage } from "../../daemon/demo/process-usage.js";
import { endChild } from "../../daemon/runtime/child-process.js";
import { loadAverage, machineBusySeconds } from "../machine.js";
import type { BareCosts } from "./bare-protocol.js";
import { bareCosts } from "./bare-work.js";
import { benchConfigText } from "./config-text.js";
import type { HostReply, HostReport, HostRequest } from "./host-protocol.js";
import type { BenchMedia } from "./media.js";
import { PssMeter } from "./pss.js";

/** What a step is. */
export interface StepOptions {
  readonly pairs: number;
  readonly oneGroup: boolean;
  /** Whether whole pictures are looked at in turn. */
  readonly scans: boolean;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly media: BenchMedia;
  /** Where a CPU profile of the daemon is written. */
  readonly profileFolder?: string;
}

/** What a step saw in its measured time. */
export interface StepResult extends HostReport {
  readonly pairs: number;
  readonly scans: boolean;
  readonly usage: readonly RoleUsage[];
  /** Memory in which shared pages count once, when all roles together had most, bytes. */
  readonly pssBytes: ReadonlyMap<ProcessRole, number>;
  /** What the same work costs bare, measured right afterwards. */
  readonly bare: BareCosts;
  /** CPU time of all processes of the machine, the daemon's and the benchmark's included. */
  readonly machineSeconds: number;
  /** The load average of the minute that ended with the step. */
  readonly load: number;
}

const SAMPLE_EVERY_MS = 1_000;
/** For encoders to load and sources to become healthy, ms. */
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
/** The kernel walks all pages for it. */
const PSS_EVERY_SAMPLES = 5;
/** Longest measurement of the bare work, ms: it is the same work all the time. */
const BARE_MS_MAX = 15_000;

/** Runs one step in a state folder of its own. Errors: the daemon's own sentence if it cannot start. */
export async function runStep(options: StepOptions): Promise<StepResult> {
  const stateFolder = mkdtempSync(join(tmpdir(), "fusiond-bench-"));
  const configFile = join(stateFolder, "bench.yaml");
  writeFileSync(configFile, benchConfigText({ ...options, ...options.media, stateFolder }));
  const { profileFolder } = options;
  const execArgv = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  const child = fork(new URL("./daemon-host.js", import.meta.url), [configFile], { execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    await reply(child, "ready", READY_WITHIN_MS);
    const seen = await measure(child, options).finally(() => stop(child));
    const { pairs, measureMs, media } = options;
    return { ...seen, bare: await bareCosts({ configFile, stillVideo: media.still, pairs, measureMs: Math.min(measureMs, BARE_MS_MAX) }) };
  } finally {
    await stop(child);
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

async function measure(child: ChildProcess, { pairs, scans, warmUpMs, measureMs }: StepOptions): Promise<Omit<StepResult, "bare">> {
  await pause(warmUpMs);
  await ask(child, "measure", "measuring");
  const meter = new ProcessUsageMeter(child.pid);
  const busyBefore = machineBusySeconds();
  const memory = new PssMeter(child.pid ?? 0);
  meter.sample();
  for (let leftMs = measureMs, i = 0; leftMs > 0; leftMs -= SAMPLE_EVERY_MS, i++) {
    await pause(Math.min(leftMs, SAMPLE_EVERY_MS));
    meter.sample();
    if (i % PSS_EVERY_SAMPLES === 0) memory.sample();
  }
  const machineSeconds = machineBusySeconds() - busyBefore;
  const { report } = await ask(child, "report", "report");
  return { ...report, pairs, scans, usage: meter.usage(), pssBytes: memory.peak, machineSeconds, load: loadAverage() };
}

type ReplyOf<K extends HostReply["kind"]> = Extract<HostReply, { kind: K }>;

async function ask<K extends HostReply["kind"]>(child: ChildProcess, request: HostRequest, kind: K): Promise<ReplyOf<K>> {
  const answered = reply(child, kind, READY_WITHIN_MS);
  child.send(request);
  return answered;
}

/** The next message of a kind; rejects if the daemon failed, ended or stays silent. */
async function reply<K extends HostReply["kind"]>(child: ChildProcess, kind: K, withinMs: number): Promise<ReplyOf<K>> {
  const [signal, exit] = [AbortSignal.timeout(withinMs), new AbortController()];
  const ended = once(child, "exit", { signal: exit.signal }).then(() => Promise.reject(new Error("the daemon of the benchmark has ended by itself")));
  ended.catch(() => undefined); // the race below hears it
  try {
    const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as [HostReply];
    if (message.kind === "failed") throw new Error(message.message);
    if (message.kind !== kind) throw new Error(`the daemon of the benchmark said ${message.kind} where ${kind} was due`);
    return message as ReplyOf<K>;
  } finally {
    exit.abort();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.connected) child.send("stop" satisfies HostRequest);
  const late = AbortSignal.timeout(STOP_WITHIN_MS);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit", { signal: late }).catch(() => undefined);
  await endChild(child, 1_000);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
