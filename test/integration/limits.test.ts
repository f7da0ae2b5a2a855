// A machine that has no more open files to give.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { programs } from "../support/debian.js";
import { eventually, momentLater } from "../support/eventually.js";
import { descendants, Fusiond } from "../support/fusiond.js";

const env = { ...process.env, PATH: [dirname(programs.natsServer()), process.env["PATH"]].join(delimiter) };

function folderOf(t: Test): string {
  const folder = t.testdir();
  execFileSync("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "anoisesrc=d=4:r=16000", "-ac", "1", join(folder, "noise.wav")]);
  writeFileSync(join(folder, "c.yaml"), 'site: few\nstate_dir: state\nnats: {embedded: true, port: 0}\nhttp: {enabled: false}\nsources: {mic: {microphone: noise.wav, loop: true}}\nrules: {r: {any: [{hear: dog}]}}\n');
  return folder;
}

void t.test("limits: a start with too few open files runs or says so in one sentence", { timeout: 90_000 }, (t) => {
  const folder = folderOf(t);
  // Without the options of the test runner, whose loaders open files of their own before fusiond is there.
  for (const most of [20, 32, 64]) {
    const { status, stderr } = spawnSync("env", ["-u", "NODE_OPTIONS", "prlimit", `--nofile=${most}`, process.execPath, join(packageRoot, "dist/daemon/main.js"), "run", "--config", join(folder, "c.yaml")], { env, encoding: "utf8", timeout: 20_000 });
    t.equal(status, 1, `${most}`);
    t.match(stderr, /^fusiond cannot start: no more open files are allowed \(E[MN]FILE\): raise .*\n$/, `${most}`);
  }
  t.end();
});

void t.test("limits: a perception process that may open no more files loses a camera, says so, and has it back once it may", { timeout: 90_000 }, async (t) => {
  const folder = t.testdir();
  execFileSync("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=5", "-t", "4", join(folder, "clip.mp4")]);
  const sources = "sources: {cam: {camera: clip.mp4, loop: true, fps: 2}}\nrules: {r: {any: [{see: person}]}}\n";
  writeFileSync(join(folder, "c.yaml"), `site: few\nstate_dir: state\nnats: {embedded: true, port: 0}\nhttp: {enabled: false}\n${sources}`);
  const daemon = Fusiond.start(["run", "-c", "c.yaml"], { cwd: folder, env });
  t.teardown(() => daemon.end());
  let seen = 0;
  /** What the log says from the last look on, up to an entry like this. */
  const said = async (like: RegExp): Promise<Readonly<Record<string, unknown>>> => {
    const at = await eventually(() => {
      const index = daemon.log.findIndex((entry, i) => i >= seen && like.test(JSON.stringify(entry)));
      return index === -1 ? undefined : index + 1;
    });
    seen = at;
    return daemon.log[at - 1] ?? {};
  };
  await daemon.running();
  await said(/"source":"cam","state":"healthy"/);
  const perception = descendants(daemon.pid).find((pid) => lineOf(pid).includes("perception/child/main.js")) ?? 0;
  const most = execFileSync("prlimit", ["--pid", `${perception}`, "--nofile", "--output=SOFT", "--noheadings"], { encoding: "utf8" }).trim();
  limitFiles(perception, limitFor(perception, 5));
  for (const pid of descendants(daemon.pid).filter((one) => basename(commandOf(one)) === "ffmpeg")) process.kill(pid, "SIGKILL");
  await said(/cannot start ffmpeg: no more open files, processes or memory are allowed \(EMFILE\): raise /);
  await momentLater(3000); // in which it is tried again and again
  t.equal(daemon.log.filter((entry) => JSON.stringify(entry).includes("cannot start ffmpeg")).length, 1, "one sentence");
  limitFiles(perception, Number(most));
  await said(/"source":"cam","state":"healthy"/);
  t.same(daemon.stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{")), [], "no stack trace");
  daemon.kill("SIGTERM");
  t.equal((await daemon.ended()).code, 0);
});

function limitFiles(pid: number, soft: number): void {
  execFileSync("prlimit", ["--pid", `${pid}`, `--nofile=${soft}:`]);
}

/** The limit that leaves a process so many descriptors: it bounds their numbers, and the low ones are not all in use. */
function limitFor(pid: number, free: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let left = free; left > 0; limit += 1) if (!used.has(limit)) left -= 1;
  return limit;
}

function commandOf(pid: number): string {
  return lineOf(pid).split("\0")[0] ?? "";
}

/** The command line, its words ended by NUL. */
function lineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it has gone
  }
}
