// fusiond check: every mistake at once, and what this machine lacks.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";

const main = join(packageRoot, "dist", "daemon", "main.js");

function check(t: Test, text: string, env: NodeJS.ProcessEnv = process.env): { status: number | null; stdout: string; stderr: readonly string[] } {
  const folder = t.testdir({ "f.yaml": text, "a.txt": "" });
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "check", join(folder, "f.yaml")], { encoding: "utf8", env });
  return { status, stdout, stderr: stderr.split("\n").filter((line) => line !== "").map((line) => line.replace(`${folder}/`, "")) };
}

void t.test("check: mistakes of the file, of its words and of its files are told at once, in the order of the file", (t) => {
  const { status, stderr } = check(
    t,
    `site: s
colour: red
nats: {embedded: true}
sources: {cam: {camera: gone.mp4, credentials_file: gone.cred, audio: true}}
rules:
  r: {all: [{hear: "dogg"}]}
  off: {enabled: false, all: [{hear: "no such word"}]}
`,
  );
  t.equal(status, 78);
  const told = stderr.filter((line) => !line.endsWith("(warning)"));
  t.match(told, [/^f\.yaml:2:1: unknown key "colour"/, /^f\.yaml:4:25: .*gone\.mp4 does not exist/, /^f\.yaml:4:53: the secret file named here does not exist in /, /^f\.yaml:6:20: .*does not know "dogg"; the nearest it knows: dog/]);
  t.equal(told.length, 4, "nothing of the rule that is switched off");
  t.end();
});

void t.test("check: a pack that is not there is told beside other mistakes", (t) => {
  const { status, stderr } = check(t, 'site: s\nnats: {embedded: true}\nencoders: {pack: nowhere, colour: red}\nsources: {l: {text: {file: a.txt}}}\n');
  t.equal(status, 78);
  t.match(stderr.join("\n"), /f\.yaml:3:18: .*"nowhere" was found/);
  t.match(stderr.join("\n"), /unknown key "colour"/);
  t.end();
});

void t.test("check: programs that this machine lacks are warned of where they are asked for", (t) => {
  const text = `site: s
nats: {embedded: true}
sources: {cam: {camera: "rtsp://127.0.0.1/x"}, mic: {microphone: default}, off: {microphone: hw:1, enabled: false}, l: {text: {file: a.txt}}}
`;
  const nowhere = t.testdir({});
  const { status, stdout, stderr } = check(t, text, { PATH: nowhere, HOME: nowhere });
  t.equal(status, 0, "the file is valid, on this machine or another");
  t.match(stdout, /f\.yaml is valid/);
  t.match(stderr.join("\n"), /f\.yaml:3:25: ffmpeg was not found.*apt-get install ffmpeg.*\(warning\)/);
  t.match(stderr.join("\n"), /f\.yaml:3:66: arecord was not found.*apt-get install alsa-utils.*\(warning\)/);
  t.equal(stderr.filter((line) => line.includes("setpriv")).length, 1, "once, though two ask for it");
  t.end();
});

void t.test("check: says which process perceives which source", (t) => {
  const sources = "sources: {a: {camera: a.txt}, b: {camera: a.txt}, m: {microphone: a.txt}, l: {text: {file: a.txt}}, off: {camera: a.txt, enabled: false}}";
  const { stdout } = check(t, `site: s\nnats: {embedded: true}\nperception: {processes: 2}\n${sources}\n`);
  const lines = stdout.split("\n").filter((line) => line.startsWith("perception "));
  t.match(lines, [/^perception p1: /, /^perception p2: /]);
  t.same(lines.flatMap((line) => line.replace(/^.*: /, "").split(", ")).sort(), ["a", "b", "m"], "each once, and no feed of text");
  t.match(check(t, `site: s\nnats: {embedded: true}\nperception: {processes: 65}\n${sources}\n`).stderr.join("\n"), /f\.yaml:3:25: "processes" must be at most 64/);
  t.end();
});

void t.test("check: the command is one that a shell can start", (t) => {
  const { status, stdout } = spawnSync(main, ["--version"], { encoding: "utf8" });
  t.equal(status, 0);
  t.match(stdout, /^\d+\.\d+\.\d+\n$/);
  t.end();
});

void t.test("check: the example has nothing wrong but for the secret that it names", (t) => {
  const { stderr } = spawnSync(main, ["check", join(packageRoot, "config", "fusiond.example.yaml")], { encoding: "utf8" });
  const told = stderr.split("\n").filter((line) => line !== "" && !line.endsWith("(warning)"));
  t.match(told, [/fusiond\.example\.yaml:\d+:\d+: the secret file named here does not exist in /]);
  t.equal(told.length, 1);
  t.end();
});
