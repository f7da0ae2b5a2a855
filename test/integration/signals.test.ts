// Signals: those that mean nothing to the daemon, and those that end it at any moment of its start.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import fc from "fast-check";
import t, { type Test } from "tap";
import { STRAY_SIGNALS } from "../../daemon/runtime/stray-signals.js";
import { programs } from "../support/debian.js";
import { eventually, momentLater } from "../support/eventually.js";
import { descendants, Fusiond, isAlive, type Ended } from "../support/fusiond.js";

function daemon(t: Test, folder: string): Fusiond {
  const env = { ...process.env, PATH: [dirname(programs.natsServer()), process.env["PATH"]].join(delimiter) };
  const started = Fusiond.start(["run", "--config", join(folder, "c.yaml")], { env, cwd: folder });
  t.teardown(() => started.end());
  return started;
}

function folderOf(t: Test): string {
  const folder = t.testdir({ "mic.wav": silence() });
  const config = ["site: sig", "state_dir: state", "nats: {embedded: true, port: 0}", 'http: {listen: "127.0.0.1:0"}', "sources: {mic: {microphone: mic.wav, loop: true}}", "rules: {r: {any: [{hear: dog}]}}", ""];
  writeFileSync(join(folder, "c.yaml"), config.join("\n"));
  return folder;
}

/** Two seconds of nothing, 16 kHz mono. */
function silence(): Buffer {
  const header = Buffer.from("RIFF....WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data....", "latin1");
  header.writeUInt32LE(36 + 64_000, 4);
  header.writeUInt32LE(64_000, 40);
  return Buffer.concat([header, Buffer.alloc(64_000)]);
}

/** Ports of the machine on which a process listens. */
function inspectorsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).filter((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, "utf8").includes("inspector"));
}

void t.test("signals: those of other daemons' habits end nothing and open nothing", { timeout: 60_000 }, async (t) => {
  const fusiond = daemon(t, folderOf(t));
  await fusiond.running();
  const towers = descendants(fusiond.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("child/main.js"));
  t.ok(towers.length > 0, "a tower's child runs");
  for (const signal of [...STRAY_SIGNALS, "SIGPIPE", "SIGCONT", "SIGWINCH"] as const) {
    fusiond.kill(signal);
    for (const pid of towers) process.kill(pid, signal);
  }
  const logged = await eventually(() => {
    const entries = fusiond.log.filter(({ msg }) => msg === "a signal is ignored");
    return entries.length >= STRAY_SIGNALS.length && entries;
  });
  t.same(logged.map(({ signal }) => signal).sort(), [...STRAY_SIGNALS].sort());
  t.match(logged.find(({ signal }) => signal === "SIGHUP"), { detail: /restart fusiond/ });
  for (const pid of [fusiond.pid, ...towers]) {
    t.ok(isAlive(pid));
    t.same(inspectorsOf(pid), []);
  }
  t.notMatch(fusiond.stderr, /Debugger|inspector/);
  fusiond.kill("SIGTERM");
  t.match(await fusiond.ended(), { code: 0 });
});

void t.test("signals: SIGQUIT ends the daemon in order", { timeout: 60_000 }, async (t) => {
  const fusiond = daemon(t, folderOf(t));
  await fusiond.running();
  fusiond.kill("SIGQUIT");
  t.match(await fusiond.ended(), { code: 0, signal: null });
});

void t.test("signals: SIGTERM at any moment of the start leaves nothing behind", { timeout: 120_000 }, async (t) => {
  const folder = folderOf(t);
  const whole = daemon(t, folder);
  const beganAt = Date.now();
  await whole.running();
  const startMs = Date.now() - beganAt;
  whole.kill("SIGTERM");
  await whole.ended();
  const endOf = async (share: number, signal: "SIGTERM" | "SIGINT"): Promise<Ended> => {
    const fusiond = daemon(t, folder);
    await momentLater(share * startMs);
    const below = descendants(fusiond.pid);
    fusiond.kill(signal);
    const ended = await fusiond.ended();
    await eventually(() => below.every((pid) => !isAlive(pid)));
    return ended;
  };
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1.1, noNaN: true }), fc.constantFrom("SIGTERM" as const, "SIGINT" as const), async (share, signal) => {
      const { code, signal: by, stderr } = await endOf(share, signal);
      const inOrder = code === 0 || by === signal; // before it knows the signal it has nothing open
      if (!inOrder || /^ {4}at |cannot start|in order/m.test(stderr)) throw new Error(`after ${share} of the start: code ${code}, ${by}: ${stderr}`);
    }),
    { numRuns: 14, endOnFailure: true },
  );
  const again = daemon(t, folder);
  await again.running();
  again.kill("SIGTERM");
  t.match(await again.ended(), { code: 0 }, "the state folder serves on");
});
