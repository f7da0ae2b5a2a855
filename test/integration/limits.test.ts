// A machine that has no more open files to give.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { programs } from "../support/debian.js";

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
