// Groups as the configuration makes them: who is waited for, and for how long.
import t from "tap";
import { parseConfig } from "../../config/load.js";
import { buildGroups } from "../../daemon/compose/groups.js";
import { compileRules } from "../../daemon/compose/rules.js";
import { SilentInputs } from "../../daemon/intake/silent-inputs.js";
import type { Source } from "../../daemon/sources/source.js";
import { loadPack } from "../../encoders/pack.js";
import { daemonTelemetry } from "../telemetry/daemon-telemetry.js";
import { embeddedPack } from "../encoders/support.js";

void t.test("groups: a slow camera is waited for as long as three of its pictures take, a quick one as long as idle_after", async (t) => {
  const pack = await loadPack(embeddedPack);
  for (const [fps, waitsMs] of [[5, 10_000], [0.1, 30_000]] as const) {
    const loaded = parseConfig(
      `site: s\nnats: {embedded: true}\nsources: {cam: {camera: "rtsp://127.0.0.1/x", fps: ${fps}}, log: {text: {file: a.txt}}}\ngroups: {g: {sources: [cam, log]}}\nrules: {r: {all: [{see: dog}]}}`,
      "f.yaml",
      { HOME: "/" },
    );
    const source = (id: string, modality: "image" | "text"): Source => ({ id, modalities: [modality], finite: false, observe: () => t.fail("is not observed") as never });
    const sources = [source("cam", "image"), source("log", "text")];
    const group = buildGroups(loaded.config, pack, compileRules(loaded, pack), sources, daemonTelemetry().events.fusion, true).of("cam");
    const silent = new SilentInputs(group);
    t.strictSame(silent.look(0), []);
    silent.progress({ sourceId: "log", modality: "text" }, { time: 0, lagMs: 0, origin: { run: 0, seq: 0 } }, waitsMs);
    t.strictSame(silent.look(waitsMs), [], `${fps} pictures a second, after ${waitsMs} ms`);
    t.strictSame(silent.look(waitsMs + 1).map(({ input }) => input.sourceId), ["cam"]);
  }
});
