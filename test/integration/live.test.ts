// The daemon as it runs at a site: a real camera and a real microphone, its own broker, somebody who watches.
import Database from "better-sqlite3";
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { programs } from "../support/debian.js";
import { makeDogClip } from "../support/dog-scene.js";
import { again, eventually } from "../support/eventually.js";
import { descendants, Fusiond, isAlive } from "../support/fusiond.js";
import { RtspServer, rtspMissing } from "../support/rtsp.js";
import { VirtualMic, virtualMicMissing } from "../support/virtual-mic.js";

/** Incidents that come and go with every bark, so that there is always another one to wait for. */
function configOf(camera: string, microphone: string): string {
  return [
    "site: live",
    "state_dir: state",
    "nats: {embedded: true, port: 0}",
    'http: {listen: "127.0.0.1:0"}',
    "sources:",
    `  cam: {camera: "${camera}", audio: true}`,
    `  mic: {microphone: ${microphone}}`,
    "groups:",
    "  yard: {sources: [cam]}",
    "  porch: {sources: [mic]}",
    "rules:",
    "  dog-with-person: {groups: [yard], all: [{hear: dog}, {see: person}], within: 2s, resolve_after: 500ms}",
    "  dog: {groups: [porch], any: [{hear: dog}], within: 2s, resolve_after: 500ms}",
    "",
  ].join("\n");
}

/** What is looked at of an alert. */
interface Alert {
  readonly rule: string;
  readonly state: string;
  readonly evidence: readonly { readonly modality: string; readonly source: string }[];
}

function alertsOf(tail: Fusiond): readonly Alert[] {
  return tail.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Alert);
}

/** The process below the daemon whose program has this name. */
function childNamed(daemon: Fusiond, name: string): number | undefined {
  return descendants(daemon.pid).find((pid) => isAlive(pid) && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === name);
}

/** A camera that shows people while a dog barks, and a microphone that hears a dog. */
async function site(t: Test): Promise<{ folder: string; env: NodeJS.ProcessEnv }> {
  const folder = t.testdir();
  const camera = await RtspServer.start(0, makeDogClip(folder, 18));
  t.teardown(() => camera.kill());
  const mic = await VirtualMic.start();
  t.teardown(() => mic.stop());
  t.teardown(again(6000, () => void mic.play(join(folder, "barks.wav"))));
  writeFileSync(join(folder, "fusiond.yaml"), configOf(camera.fileUrl, mic.device));
  return { folder, env: { ...process.env, ...mic.env } };
}

void t.test("live: alerts of a camera and a microphone reach who watches, and the daemon ends in order", { skip: rtspMissing() || virtualMicMissing() }, async (t) => {
  const { folder, env } = await site(t);
  const args = ["--config", join(folder, "fusiond.yaml")];
  const daemon = Fusiond.start(["run", ...args], { env });
  t.teardown(() => daemon.end());
  const http = `http://127.0.0.1:${await daemon.running()}`;
  const tail = Fusiond.start(["tail", ...args, "--json"]);
  t.teardown(() => tail.end());

  const fused = await eventually(() => alertsOf(tail).find(({ rule }) => rule === "dog-with-person"));
  t.same(new Set(fused.evidence.map(({ modality, source }) => `${source} ${modality}`)), new Set(["cam audio", "cam image"]), "one camera's picture and sound");
  const heard = await eventually(() => alertsOf(tail).find(({ rule }) => rule === "dog"));
  t.same(new Set(heard.evidence.map(({ source }) => source)), new Set(["mic"]), "and the microphone");

  t.match(await fetch(`${http}/readyz`), { status: 200 });
  const metrics = await (await fetch(`${http}/metrics`)).text();
  const checked = spawnSync(programs.promtool(), ["check", "metrics"], { input: metrics, encoding: "utf8" });
  t.match(checked, { status: 0, stdout: "", stderr: "" }, "promtool has nothing to say");

  const server = childNamed(daemon, "nats-server");
  t.ok(server !== undefined && process.kill(server, "SIGKILL"), "the broker is killed");
  await eventually(() => daemon.log.find(({ msg }) => msg === "the embedded nats-server ended by itself: it is started again"));
  await eventually(() => childNamed(daemon, "nats-server") !== undefined);
  const before = alertsOf(tail).length;
  await eventually(() => alertsOf(tail).slice(before).some(({ state }) => state === "firing"));
  t.pass("and alerts come again");

  const children = descendants(daemon.pid);
  daemon.kill("SIGTERM");
  t.match(await daemon.ended(), { code: 0, signal: null }, "it ends in order, within its deadline");
  await eventually(() => !children.some(isAlive));
  t.pass(`none of ${children.length} children is left`);
});

void t.test("live: Ctrl-C ends the daemon in order, and the broker not before the last alert", async (t) => {
  const folder = t.testdir({ "log.txt": "" });
  const rules = "rules: {door: {any: [{read: {field: door, equals: open}}], hold_for: 0s}}";
  const text = ["site: live", "state_dir: state", "nats: {embedded: true, port: 0}", "http: {enabled: false}", "sources: {log: {text: {file: log.txt, json: true}}}", rules];
  writeFileSync(join(folder, "fusiond.yaml"), text.join("\n"));
  const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
  t.teardown(() => daemon.end());
  await daemon.running();
  appendFileSync(join(folder, "log.txt"), '{"door":"open"}\n');
  await eventually(() => daemon.log.find(({ rule, state }) => rule === "door" && state === "firing"));
  daemon.interrupt();
  t.match(await daemon.ended(), { code: 0, signal: null });
  t.strictSame(daemon.log.filter(({ level, line }) => level !== "info" && line === undefined), [], "nothing broke on the way");
  const db = new Database(join(folder, "state/fusiond.db"), { readonly: true });
  t.teardown(() => db.close());
  t.equal(db.prepare("SELECT count(*) FROM outbox WHERE acknowledged_at IS NULL").pluck().get(), 0, "everything was published");
});
