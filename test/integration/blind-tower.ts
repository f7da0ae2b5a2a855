// A picture tower that is kept dead, on real processes: what nobody could see must not be taken for absent.
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import { makeDogScene } from "../support/dog-scene.js";
import { again, eventually } from "../support/eventually.js";
import { descendants, Fusiond, isAlive } from "../support/fusiond.js";

const CONFIG = `
site: blind
state_dir: state
nats: {embedded: true, port: 0}
http: {listen: "127.0.0.1:0"}
sources:
  cam: {camera: people.mp4, loop: true, fps: 5, gate: {scan_rate: 30}}
  door: {text: {file: door.jsonl, json: true}}
groups:
  yard: {sources: [cam, door], allowed_lateness: 1s}
rules:
  person: {any: [{see: person}], resolve_after: 1s}
  nobody: {all: [{read: {field: door, equals: open}}, {not: {see: person}}], within: 3s, resolve_after: 100ms}
  alone: {all: [{read: {field: door, equals: open}}], unless: {see: person, within: 3s}, resolve_after: 100ms}
  quiet: {all: [{read: {field: door, equals: open}}], unless: {see: dog, confidence: 0.9, within: 3s}, resolve_after: 100ms}
  careless: {all: [{read: {field: door, equals: open}}], unless: {see: dog, confidence: 0.9, within: 3s}, resolve_after: 100ms, when_blind: fire}
`;

/** What is looked at of an alert. */
interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly unwitnessed?: boolean;
}

/** The processes that perceive for the daemon. */
function perceptionOf(daemon: Fusiond): readonly number[] {
  return descendants(daemon.pid).filter((pid) => isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("perception/child/main.js"));
}

/** Gives the tower a signal each time it starts, while doors open and nobody can see who is there; then lets it live again. */
export async function staysSilentWhileBlind(t: Test, fault: "SIGKILL" | "SIGSTOP"): Promise<void> {
  const folder = t.testdir({ "fusiond.yaml": CONFIG, "door.jsonl": "" });
  makeDogScene(folder, 10);
  const args = ["--config", join(folder, "fusiond.yaml")];
  const daemon = Fusiond.start(["run", ...args], { cwd: folder });
  t.teardown(() => daemon.end());
  const http = `http://127.0.0.1:${await daemon.running()}`;
  const tail = Fusiond.start(["tail", ...args, "--json"], { cwd: folder });
  t.teardown(() => tail.end());
  /** The incidents of a rule, each as it was told first: its end may have overtaken its beginning. */
  const fired = (rule: string): readonly Alert[] => {
    const alerts = tail.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Alert);
    return alerts.filter((alert, i) => alert.rule === rule && alerts.findIndex(({ id }) => id === alert.id) === i);
  };
  const opens = (): void => appendFileSync(join(folder, "door.jsonl"), '{"door": "open"}\n');

  await eventually(() => fired("person").length > 0);
  const heal = again(20, () => {
    for (const pid of perceptionOf(daemon)) process.kill(pid, fault);
  });
  t.teardown(heal);
  const broken = await eventually(async () => {
    const report = await (await fetch(`${http}/readyz`)).text();
    return report.includes("the picture of cam is lost") && report;
  });
  t.match(broken, /observations: the picture of cam is lost since \d+ s \(.+\)/, "readyz says what is lost, and why");
  t.match(await (await fetch(`${http}/metrics`)).text(), /fusiond_source_up\{source="cam"\} 0\n[^]*fusiond_source_witness\{source="cam",modality="image"\} 0\n/);
  const opening = again(700, opens);
  t.teardown(opening);
  const careless = await eventually(() => fired("careless").length >= 3 && fired("careless"));
  t.ok(careless.every(({ unwitnessed }) => unwitnessed === true), "who asks to be told all the same is told that nobody looked");
  for (const rule of ["nobody", "alone", "quiet"]) t.strictSame(fired(rule), [], `${rule} stays silent`);

  heal();
  for (const pid of perceptionOf(daemon)) process.kill(pid, "SIGKILL"); // one that was stopped never starts
  const real = await eventually(() => fired("quiet")[0]);
  t.notOk(real.unwitnessed, "what is really absent is told as soon as somebody looks again");
  opening();
  t.match(await eventually(async () => (await (await fetch(`${http}/readyz`)).text()).startsWith("ok")), true);
  t.strictSame([...fired("nobody"), ...fired("alone")], [], "and who is there was not taken for absent");
}
