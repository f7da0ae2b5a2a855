// Entry of a perception process, and its composition: sources, gates and towers of the share that it is given.
import type { Encoder } from "../../../encoders/encoder.js";
import { loadPack } from "../../../encoders/pack.js";
import { FusiondError } from "../../../fusion/model/errors.js";
import { buildEncoders } from "../../compose/encoders.js";
import { buildSources } from "../../compose/sources.js";
import { queueCapacity, WAITING_BUDGET } from "../../compose/waiting.js";
import { systemClock } from "../../runtime/clock.js";
import { ignoreStraySignals } from "../../runtime/stray-signals.js";
import { toldTelemetry } from "../forwarded.js";
import { clockSince } from "../machine-clock.js";
import { Outlet } from "../outlet.js";
import { Perceiver } from "../perceiver.js";
import { BEAT_MS, PROTOCOL_VERSION, type Command, type Configure, type Told, type WaitingInput } from "../protocol.js";
import { toldError } from "../told-error.js";

// A signal meant for the daemon, or for all of its processes, must not end perception or open Node's inspector.
ignoreStraySignals();
process.on("disconnect", () => process.exit(0));
process.on("message", (command: Command) => void heed(command));

const outlet = new Outlet(say);
const never = new AbortController().signal;
let perception: { readonly perceiver: Perceiver; readonly encoders: readonly Encoder[] } | undefined;

async function heed(command: Command): Promise<void> {
  switch (command.kind) {
    case "configure":
      return configure(command);
    case "begin":
      return begin();
    case "taken":
      return outlet.taken(command.reports);
    case "stop":
      return stop();
  }
}

async function configure(share: Configure): Promise<void> {
  try {
    perception = await compose(share);
    say({ kind: "ready" });
    const { perceiver, encoders } = perception;
    setInterval(() => outlet.beat({ oldestMs: Math.max(0, ...encoders.map(({ underWayMs = 0 }) => underWayMs)), waiting: waitingIn(perceiver) }), BEAT_MS);
  } catch (error) {
    say({ kind: "refused", error: toldError(error) });
  }
}

async function compose(share: Configure): Promise<NonNullable<typeof perception>> {
  const { version, site, encoders: digest, run, epochMs, sources: configs, device, threads } = share;
  if (version !== PROTOCOL_VERSION) {
    throw new FusiondError("dependency_missing", `a perception process of protocol ${PROTOCOL_VERSION} was started by a fusiond of protocol ${version}: restart fusiond after an update`);
  }
  const clock = clockSince(epochMs, systemClock);
  const telemetry = toldTelemetry((call) => outlet.call(call));
  const pack = await loadPack(share.pack);
  const sources = buildSources(configs, { pack, clock, telemetry: telemetry.source, mode: "run", fieldsAsked: [], onSecret: () => undefined });
  const encoders = buildEncoders(configs, sources, { pack, device, threads, telemetry: telemetry.encoder });
  for (const encoder of encoders.values()) await encoder.start(never);
  const perceiver = new Perceiver({
    ...{ sources, encoders, clock, queueCapacity },
    origin: { site, encoders: digest, run },
    telemetry: telemetry.perception,
    budget: WAITING_BUDGET,
    report: (report) => outlet.report(report),
  });
  return { perceiver, encoders: [...encoders.values()] };
}

function begin(): void {
  if (perception === undefined) return;
  const { perceiver } = perception;
  perceiver.start();
  perceiver.ended().then(
    () => tellLast({ kind: "ended" }),
    (error: unknown) => tellLast({ kind: "failed", error: toldError(error) }),
  );
}

function waitingIn({ queues }: Perceiver): readonly WaitingInput[] {
  return [...queues].map(([input, queue]) => {
    const [sourceId = "", modality = ""] = input.split(" ");
    return { sourceId, modality, size: queue.size, capacity: queue.capacity, oldestAgeMs: queue.oldestAgeMs() };
  });
}

async function tellLast(told: Told): Promise<void> {
  await outlet.flush();
  say(told);
}

async function stop(): Promise<void> {
  await perception?.perceiver.stop(never);
  await Promise.all(perception?.encoders.map((encoder) => encoder.stop()) ?? []);
  await outlet.flush();
  process.exit(0);
}

function say(told: Told, sent: () => void = () => undefined): void {
  process.send?.(told, sent);
}
