// The machine's clock is set under the real daemon, and between two of its runs.
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t from "tap";
import { STATE_FILE } from "../../daemon/store/state-file.js";
import { eventually } from "../support/eventually.js";
import { Fusiond } from "../support/fusiond.js";
import { SetClock, setClockMissing } from "../support/set-clock.js";

interface Alert {
  readonly state: string;
  readonly id: string;
  readonly started_at: string;
  readonly delayed: boolean;
}

const CONFIG = [
  "site: clock",
  "state_dir: state",
  "nats: {embedded: true, port: 0}",
  'http: {listen: "127.0.0.1:0"}',
  "sources: {door: {text: {file: door.txt, json: true}}}",
  "rules: {forced: {any: [{read: {field: e, equals: forced}}], within: 1s, resolve_after: 1s}}",
  "",
].join("\n");

const DAY_S = 86_400;

void t.test("clock: times are right, and nothing is delayed, after the clock was set while running and between runs", { skip: setClockMissing() }, async (t) => {
  const folder = t.testdir({ "door.txt": "", "fusiond.yaml": CONFIG });
  const clock = new SetClock(folder);
  const ids = new Set<string>();
  /** Forces the door once; gives how far its alert's start is from the true time, ms. */
  const force = async (tail: Fusiond): Promise<number> => {
    const at = Date.now();
    appendFileSync(join(folder, "door.txt"), '{"e":"forced"}\n');
    const alert = await eventually(() => alertsOf(tail).find(({ id, state }) => state === "firing" && !ids.has(id)));
    ids.add(alert.id);
    t.equal(alert.delayed, false);
    await eventually(() => alertsOf(tail).some(({ id, state }) => state === "resolved" && id === alert.id));
    return Date.parse(alert.started_at) - at;
  };
  const run = async (work: (daemon: Fusiond, tail: Fusiond) => Promise<void>): Promise<void> => {
    const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder, env: clock.env });
    t.teardown(() => daemon.end());
    await daemon.running();
    const tail = Fusiond.start(["tail", "--config", "fusiond.yaml", "--json"], { cwd: folder });
    t.teardown(() => tail.end());
    await eventually(() => tail.stderr.includes("connected, waiting"));
    await work(daemon, tail);
    await tail.end();
    daemon.kill("SIGTERM");
    t.equal((await daemon.ended()).code, 0);
  };
  const isRight = (offMs: number, aheadS: number): boolean => Math.abs(offMs - aheadS * 1000) < 10_000;

  clock.set(-DAY_S);
  await run(async (daemon, tail) => {
    t.ok(isRight(await force(tail), -DAY_S), "as the clock says, a day behind");
    for (const aheadS of [0, 3600, -10, 3 * DAY_S]) {
      const steps = stepsOf(daemon);
      clock.set(aheadS);
      await eventually(() => stepsOf(daemon) > steps);
      t.ok(isRight(await force(tail), aheadS), `${aheadS} s ahead`);
    }
    rmSync(join(folder, "door.txt")); // what is told of the source is numbered by a clock that is ahead
    await eventually(() => daemon.log.some(({ source, state }) => source === "door" && state === "alarmed"));
  });
  const ahead = seqsOf(folder);
  t.ok(Math.min(...ahead) > 0 && Math.max(...ahead) > Date.now() + 2 * DAY_S * 1000, "as the clock said");
  clock.set(0);
  writeFileSync(join(folder, "door.txt"), "");
  await run(async (daemon, tail) => {
    t.equal(stepsOf(daemon), 1, "the state of the last run lay ahead");
    t.ok(isRight(await force(tail), 0), "and right at once");
  });
  const since = seqsOf(folder).filter((seq) => !ahead.includes(seq));
  t.ok(since.length > 0 && Math.min(...since) > Math.max(...ahead), "what tells of sources is numbered on, though the clock was set back");
});

function alertsOf(tail: Fusiond): readonly Alert[] {
  return tail.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Alert);
}

/** The numbers of the messages that told of sources, as the state of a daemon that does not run has them. */
function seqsOf(folder: string): readonly number[] {
  const db = new Database(join(folder, "state", STATE_FILE), { readonly: true });
  const ids = db.prepare<[], string>("SELECT message_id FROM outbox WHERE class = 'health'").pluck().all();
  db.close();
  return ids.map((id) => Number(id.split(".").at(-1)));
}

/** How often the daemon said that its clock was set. */
function stepsOf(daemon: Fusiond): number {
  return daemon.log.filter(({ msg }) => /^the clock (went|was)|^the state was written under a clock/.test(String(msg))).length;
}
