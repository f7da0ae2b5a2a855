// A perception process that does wrong, on real processes: it is replaced, its sources are blind meanwhile, and all is counted.
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { toldTelemetry } from "../../daemon/perception/forwarded.js";
import { PerceptionHost, type PerceptionHostOptions, type PerceptionShare } from "../../daemon/perception/perception-host.js";
import type { TelemetryCall } from "../../daemon/perception/protocol.js";
import type { Report } from "../../daemon/report/report.js";
import { spawnBound } from "../../daemon/runtime/child-process.js";
import { systemClock } from "../../daemon/runtime/clock.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { eventually } from "../support/eventually.js";

const never = new AbortController().signal;
const actor = fileURLToPath(new URL("./acting-process.js", import.meta.url));

/** A host whose first process acts as `faults` say one after another, the last of them for ever. */
function hostOf(t: Test, faults: readonly string[], options: Partial<PerceptionHostOptions> = {}, held: Promise<void> = Promise.resolve()) {
  const reports: Report[] = [];
  const calls: TelemetryCall[] = [];
  const told: string[] = [];
  const children: ChildProcess[] = [];
  let run = 0;
  const host = new PerceptionHost({
    name: "p1",
    share: () => ({ site: "plant", encoders: "e", epochMs: 0, pack: "", device: "cpu", threads: 1, sources: [] }),
    inputs: [{ sourceId: "mic", modality: "audio" }],
    known: () => ({ site: "plant", encoders: "e", space: "s", dimensions: 2, sources: new Map([["mic", ["audio"]]]), nowMs: Date.now() }),
    redact: (text) => text.replaceAll("hunter2", "***"),
    nextRun: () => Promise.resolve(++run),
    spawn: (command, _args, spawnOptions) => {
      const child = spawnBound(command, [actor, faults[Math.min(children.length, faults.length - 1)] as string], spawnOptions);
      children.push(child);
      return child;
    },
    clock: systemClock,
    refuse: ({ seq }) => told.push(`refused report ${seq}`),
    take: async (report) => {
      reports.push(report);
      await held;
    },
    telemetry: {
      ...toldTelemetry((call) => calls.push(call)),
      host: {
        perceiving: (_process, fault) => told.push(fault === undefined ? "up" : "down"),
        restarted: (_process, reason) => told.push(reason),
        callsLost: (_process, count) => told.push(`lost ${count}`),
        refused: (_process, { fault }) => told.push(`refused ${fault}`),
        waiting: () => undefined,
      },
    },
    deadlineMs: 1500,
    ...options,
  });
  t.teardown(() => host.stop(AbortSignal.abort()));
  return { host, reports, calls, told, children };
}

for (const [fault, reason] of [["crash", "crash"], ["nothing", "silence"], ["hang", "deadline"], ["garble", "garbled"], ["flood", "flood"]] as const) {
  void t.test(`perception host: a process that ends by ${reason} is replaced, and its source proves nothing from what it told last`, async (t) => {
    let letGo = (): void => undefined;
    const held = fault === "flood" ? new Promise<void>((resolve) => (letGo = resolve)) : undefined; // what is taken in at once floods nobody
    const { host, reports, told, calls, children } = hostOf(t, [fault, "well"], {}, held);
    await host.start(never);
    host.begin();
    await eventually(() => told.includes(reason));
    letGo();
    await eventually(() => reports.some(({ run, kind, seq }) => run === 2 && kind === "progress" && seq > 0));
    t.same(told.filter((one) => one !== "refused unreadable").slice(0, 4), ["up", reason, "down", "up"]);
    const first = reports.filter(({ run }) => run === 1);
    const last = first.filter(({ kind }) => kind === "progress").at(-1) as Extract<Report, { kind: "progress" }>;
    if (fault === "garble") t.equal(last.seq, 0, "nothing behind what was lost is taken");
    t.match(first.slice(-2), [
      { kind: "health", state: "recovering", seq: last.seq + 1, detail: /^perception process p1 /, witnesses: [{ modality: "audio", healthy: false, at: last.time + 1 }] },
      { kind: "witness", healthy: false, seq: last.seq + 2, at: last.time + 1 },
    ]);
    t.ok(calls.some(({ of, call }) => of === "perception" && call[0] === "dropped" && call[1] === "mic"), "what was in it is counted");
    t.ok(children[0]?.signalCode === "SIGKILL");
    await host.stop(never);
    t.equal(children[1]?.exitCode, 0, "the other one goes when it is told to");
  });
}

void t.test("perception host: one report that cannot be taken in costs its input that report, and the process nothing", async (t) => {
  const { host, reports, told, children } = hostOf(t, ["ahead"]);
  await host.start(never);
  host.begin();
  await eventually(() => reports.some(({ seq }) => seq === 2));
  t.same(told, ["up", "refused future", "refused report 1"]);
  t.same(reports.map(({ seq }) => seq), [0, 2]);
  t.equal(children.length, 1);
});

void t.test("perception host: no secret of a process's last words is told", async (t) => {
  const { host, reports } = hostOf(t, ["babble", "well"]);
  await host.start(never);
  host.begin();
  const told = await eventually(() => reports.find(({ kind }) => kind === "health"));
  t.match(told, { detail: /ended by exit code 1: rtsp:..u:\*\*\*@cam.stream cannot be read$/ });
});

void t.test("perception host: it goes on trying when what it is to perceive cannot be read for a while", async (t) => {
  let isReadable = true;
  const share = (): PerceptionShare => {
    if (!isReadable) throw new FusiondError("config_invalid", "dock-cam.cred cannot be read");
    return { site: "plant", encoders: "e", epochMs: 0, pack: "", device: "auto", threads: 1, sources: [] };
  };
  const { host, told } = hostOf(t, ["crash", "well"], { share });
  await host.start(never);
  isReadable = false;
  host.begin();
  await eventually(() => told.filter((one) => one === "down").length >= 2);
  isReadable = true;
  await eventually(() => told.at(-1) === "up");
  t.same(told, ["up", "crash", "down", "down", "up"]);
});

void t.test("perception host: a process that refuses its start ends the start with its reason", async (t) => {
  const { host, told } = hostOf(t, ["refuse"]);
  await t.rejects(host.start(never), { code: "model_invalid", message: /does not reproduce its golden vector/ });
  t.same(told, []);
});

void t.test("perception host: a driver that takes the process down while the best device is looked for costs the device only", async (t) => {
  const { host, told } = hostOf(t, ["driver"], { share: () => ({ site: "plant", encoders: "e", epochMs: 0, pack: "", device: "auto", threads: 1, sources: [] }) });
  await host.start(never);
  t.same(told, ["crash", "up"]);
});

void t.test("perception host: one that keeps crashing is started again with growing waits", async (t) => {
  const { host, told, children } = hostOf(t, ["crash"]);
  await host.start(never);
  host.begin();
  const startedMs = performance.now();
  await eventually(() => children.length >= 5);
  t.ok(performance.now() - startedMs >= 250 + 500 + 1000, "at once, then after 250, 500 and 1000 ms");
  t.equal(told.filter((one) => one === "crash").length, 4);
  await host.stop(never);
  t.equal(host.pid, undefined);
});
