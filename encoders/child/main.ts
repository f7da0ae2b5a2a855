// Entry of a tower's child process: answers its parent one message at a time and ends with it.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { ChildMessage, HostMessage, StartMessage } from "../host-protocol.js";
import { ImageCutter } from "./image-cutter.js";
import { Model } from "./model.js";
import { loadOpenCv } from "./opencv.js";
import { SoundCutter } from "./sound-cutter.js";
import { encodeLooks, lookAt, type Gate } from "./look.js";

let serving: { readonly gate: Gate; readonly model: Model } | undefined;
let turn = Promise.resolve();

process.on("message", (message: HostMessage) => {
  turn = turn.then(() => handle(message));
});
// A signal meant for the daemon, or for all of its processes, must not end a tower or open Node's inspector.
for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit(0));

async function handle(message: HostMessage): Promise<void> {
  if (message.kind === "start") {
    answer(await start(message));
  } else if (message.kind === "stop") {
    await serving?.model.release();
    process.exit(0);
  } else if (serving !== undefined) {
    const { gate, model } = serving;
    answer({ kind: "encoded", results: await encodeLooks(model, message.captures.map((capture) => lookAt(gate, capture, message.isBusy))) });
  }
}

async function start({ tower, device, threads, gate: gateOptions }: StartMessage): Promise<ChildMessage> {
  try {
    const gate = tower.modality === "image" ? new ImageCutter(tower, gateOptions, loadOpenCv()) : new SoundCutter(tower);
    const model = await Model.open(tower, device, threads);
    serving = { gate, model };
    return { kind: "ready", provider: model.provider, batchMax: model.batchMax };
  } catch (error) {
    const code = error instanceof FusiondError ? error.code : "model_invalid";
    return { kind: "refused", code, message: messageOf(error) };
  }
}

function answer(message: ChildMessage): void {
  process.send?.(message);
}
