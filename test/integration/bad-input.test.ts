// Bad input through the real command: the right exit code, one sentence that says what to do, and nothing lost.
import Database from "better-sqlite3";
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { media } from "../support/debian.js";
import { ffmpeg } from "../support/dog-scene.js";
import { eventually } from "../support/eventually.js";
import { Fusiond, runFusiond, type Ended } from "../support/fusiond.js";

const TEXT = "{log: {text: {file: log.txt}}}";

/** A configuration that differs from a good one in what is given. */
function configOf(parts: { sources?: string; rules?: string; pack?: string; http?: string; state?: string; natsPort?: number } = {}): string {
  const { sources = TEXT, rules = "{}", pack = "embedded", http = "{enabled: false}", state = "state", natsPort = 0 } = parts;
  return [
    "site: bad",
    `state_dir: ${state}`,
    `nats: {embedded: true, port: ${natsPort}}`,
    `encoders: {pack: ${pack}}`,
    `http: ${http}`,
    `sources: ${sources}`,
    `rules: ${rules}`,
    "",
  ].join("\n");
}

/** A folder with a configuration, a followed file and a short sound file. */
function folderWith(t: Test, config: string): string {
  const folder = t.testdir();
  writeFileSync(join(folder, "fusiond.yaml"), config);
  writeFileSync(join(folder, "log.txt"), "");
  return folder;
}

/** Lines of stderr that are for people: all that is no log entry. */
function sentences({ stderr }: Pick<Ended, "stderr">): readonly string[] {
  return stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
}

/** What is asked for, how it ends, and the one sentence. */
function refused(t: Test, ended: Ended, code: number, sentence: RegExp): void {
  t.equal(ended.code, code, `exit code ${code}`);
  t.match(sentences(ended), [sentence], "says what to do");
  t.equal(sentences(ended).length, 1, `one sentence: ${sentences(ended).join(" | ")}`);
  t.equal(ended.stdout, "", "and nothing on stdout");
}

/** A folder with a few programs and no others, for PATH. */
function onlyPrograms(folder: string, ...names: readonly string[]): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of names) symlinkSync(execFileSync("which", [name], { encoding: "utf8" }).trim(), join(bin, name));
  return bin;
}

function makeSound(folder: string): void {
  ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "5", join(folder, "sound.wav"));
}

const SOUND = "{mic: {microphone: sound.wav, loop: true}}";

/** Configurations that every command which reads them refuses, with 78. */
const CONFIGURATIONS: Readonly<Record<string, readonly [config: string, sentence: RegExp]>> = {
  "an unknown key": [configOf().replace("sources", "sorces"), /fusiond\.yaml:6:1: unknown key "sorces"; did you mean "sources"\?/],
  "a wrong unit": [configOf({ rules: "{r: {any: [{read: door}], within: 5}}" }), /fusiond\.yaml:7:\d+: "within" is a duration and needs a unit/],
  "a missing file": [configOf({ sources: "{cam: {camera: none.mp4}}" }), /fusiond\.yaml:6:\d+: .*none\.mp4 does not exist: correct the path/],
  "a missing pack": [configOf({ pack: "other" }), /no pack "other" was found: give a folder/],
  "an unknown prompt": [configOf({ rules: "{r: {any: [{read: dogg brking}]}}" }), /does not know "dogg brking"; the nearest it knows: .*dog barking/],
};

for (const [what, [config, sentence]] of Object.entries(CONFIGURATIONS)) {
  void t.test(`bad input: run and check refuse ${what}`, async (t) => {
    const folder = folderWith(t, config);
    refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 78, sentence);
    refused(t, await runFusiond(["check", "fusiond.yaml"], { cwd: folder }), 78, sentence);
  });
}

void t.test("bad input: a missing configuration is refused", async (t) => {
  refused(t, await runFusiond(["run", "--config", "none.yaml"], { cwd: t.testdir() }), 78, /none\.yaml.* does not exist: correct the path/);
});

void t.test("bad input: wrong usage is refused with the usage", async (t) => {
  for (const args of [["rn"], ["run", "--confg", "x"]]) {
    const { code, stderr, stdout } = await runFusiond(args, { cwd: t.testdir() });
    t.equal(code, 2);
    t.match(stderr, /^error: unknown (command|option).*\n.*(Did you mean|Usage)/s);
    t.equal(stdout, "");
  }
});

/** What is done to a copy of the embedded pack, and what is said about it. */
const PACKS: Readonly<Record<string, readonly [damage: (pack: string) => void, sentence: RegExp]>> = {
  "a missing file": [(pack) => rmSync(join(pack, "audio.onnx")), /audio\.onnx is missing or cannot be read: fetch the pack again/],
  "a wrong hash": [
    (pack) => {
      const bytes = readFileSync(join(pack, "audio.onnx"));
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(join(pack, "audio.onnx"), bytes);
    },
    /audio\.onnx .*fetch the pack again/,
  ],
  "a wrong shape": [
    (pack) => {
      const manifest = JSON.parse(readFileSync(join(pack, "manifest.json"), "utf8")) as { towers: { audio: { input: { shape: unknown[] } } } };
      manifest.towers.audio.input.shape = ["batch", 16_000];
      writeFileSync(join(pack, "manifest.json"), JSON.stringify(manifest));
    },
    /towers\.audio\.input must be float32 of shape \["batch", 32000\]/,
  ],
  "towers that have nothing to do with each other": [
    (pack) => {
      const manifest = JSON.parse(readFileSync(join(pack, "manifest.json"), "utf8")) as { cross_modal: { sound_to_picture_r_at_10: number; chance: number } };
      manifest.cross_modal.sound_to_picture_r_at_10 = manifest.cross_modal.chance;
      writeFileSync(join(pack, "manifest.json"), JSON.stringify(manifest));
    },
    /the pack "embedded" is too near chance .*: use another pack, or train its towers to one space/,
  ],
  "a graph of another shape than the manifest's": [
    (pack) => {
      const manifest = JSON.parse(readFileSync(join(pack, "manifest.json"), "utf8")) as { towers: Record<"audio" | "image", { graphs: unknown }> };
      manifest.towers.audio.graphs = manifest.towers.image.graphs;
      writeFileSync(join(pack, "manifest.json"), JSON.stringify(manifest));
    },
    /the input of image\.onnx is rgb: .* but the manifest says pcm: .*: fetch the pack again/,
  ],
};

for (const [what, [damage, sentence]] of Object.entries(PACKS)) {
  void t.test(`bad input: a pack with ${what} is refused`, async (t) => {
    const folder = folderWith(t, configOf({ pack: "./pack", sources: SOUND }));
    makeSound(folder);
    cpSync(join(packageRoot, "encoders/packs/embedded"), join(folder, "pack"), { recursive: true });
    damage(join(folder, "pack"));
    refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 78, sentence);
  });
}

void t.test("bad input: without ffmpeg the operator is told what to install", async (t) => {
  const folder = folderWith(t, configOf({ sources: SOUND }));
  makeSound(folder);
  const env = { ...process.env, PATH: onlyPrograms(folder, "setpriv") };
  for (const command of ["run", "replay"]) {
    refused(t, await runFusiond([command, "--config", "fusiond.yaml"], { cwd: folder, env }), 78, /ffmpeg was not found on PATH: install it with "apt-get install ffmpeg"/);
  }
});

void t.test("bad input: without nats-server the operator is told what to install", async (t) => {
  const folder = folderWith(t, configOf());
  const env = { ...process.env, PATH: onlyPrograms(folder, "setpriv"), XDG_CACHE_HOME: folder };
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder, env }), 78, /nats-server was not found: install it with "apt-get install nats-server"/);
});

void t.test("bad input: a port in use is named, and what to do about it", async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  t.teardown(() => other.close());
  const { port } = other.address() as AddressInfo;
  const folder = folderWith(t, configOf({ http: `{listen: "127.0.0.1:${port}"}` }));
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 1, new RegExp(`http\\.listen: .*${port} is already in use, stop .* or choose another port`));
  writeFileSync(join(folder, "fusiond.yaml"), configOf({ natsPort: port }));
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 1, new RegExp(`port ${port} of 127\\.0\\.0\\.1 is taken: set another port for the embedded broker`));
});

void t.test("bad input: a second daemon on the same state folder is refused, and the first goes on", async (t) => {
  const folder = folderWith(t, configOf());
  const first = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
  t.teardown(() => first.end());
  await first.running();
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 1, /state folder .* is used by another fusiond: end that one, or give this one/);
  first.kill("SIGTERM");
  t.match(await first.ended(), { code: 0, signal: null }, "the first ends in order");
});

void t.test("bad input: a state folder that cannot be written is named", async (t) => {
  const folder = folderWith(t, configOf({ state: "log.txt" }));
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 1, /state folder .*log\.txt cannot be written .*choose another one/);
  writeFileSync(join(folder, "fusiond.yaml"), configOf({ state: "/sys/fusiond" }));
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 1, /state folder \/sys\/fusiond cannot be written .*choose another one/);
});

void t.test("bad input: the state of a newer version is refused and left as it is", async (t) => {
  const folder = folderWith(t, configOf());
  const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
  t.teardown(() => daemon.end());
  await daemon.running();
  daemon.kill("SIGTERM");
  await daemon.ended();
  const file = join(folder, "state/fusiond.db");
  const look = <T>(what: (db: Database.Database) => T): T => {
    const db = new Database(file);
    try {
      return what(db);
    } finally {
      db.close();
    }
  };
  const rows = look((db) => db.prepare("SELECT * FROM outbox").all());
  t.ok(rows.length > 0, "it holds something");
  look((db) => db.pragma("user_version = 99"));
  refused(t, await runFusiond(["run", "--config", "fusiond.yaml"], { cwd: folder }), 78, /was written by a newer fusiond .*: run that one, or choose another state folder/);
  t.equal(look((db) => db.pragma("user_version", { simple: true })), 99);
  t.strictSame(look((db) => db.prepare("SELECT * FROM outbox").all()), rows);
});

void t.test("bad input: a replay of what is no media, or of a film cut off before its index, says so", async (t) => {
  const folder = folderWith(t, configOf({ sources: "{cam: {camera: film.mp4}}" }));
  const film = join(folder, "film.mp4");
  const sentence = /source cam: .*film\.mp4 is no media file that ffmpeg can read: name another file/;
  writeFileSync(film, "no film\n".repeat(100));
  refused(t, await runFusiond(["replay", "--config", "fusiond.yaml"], { cwd: folder }), 1, sentence);
  ffmpeg("-t", "2", "-i", media.pedestrians(), "-c:v", "libx264", "-preset", "ultrafast", film);
  writeFileSync(film, readFileSync(film).subarray(0, 20_000));
  refused(t, await runFusiond(["replay", "--config", "fusiond.yaml"], { cwd: folder }), 1, sentence);
});

void t.test("bad input: of a film that is cut off, what can be decoded is used", async (t) => {
  const folder = folderWith(t, configOf({ sources: "{cam: {camera: film.avi}}", rules: "{r: {any: [{see: person}]}}" }));
  writeFileSync(join(folder, "film.avi"), readFileSync(media.pedestrians()).subarray(0, 700_001));
  const ended = await runFusiond(["replay", "--config", "fusiond.yaml", "--json"], { cwd: folder });
  t.equal(ended.code, 0);
  t.match(ended.stdout, /"rule":"r"/);
  t.match(ended.stderr, /the file is damaged or cut off: what could be decoded was used/);
});

void t.test("bad input: a source that is no media is told in its state, and the others go on", async (t) => {
  const rules = "{door: {any: [{read: {field: door, equals: open}}]}}";
  const folder = folderWith(t, configOf({ sources: "{cam: {camera: film.mp4}, log: {text: {file: log.txt, json: true}}}", rules }));
  writeFileSync(join(folder, "film.mp4"), "no film\n".repeat(100));
  const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
  t.teardown(() => daemon.end());
  await daemon.running();
  const alarmed = await eventually(() => daemon.log.find(({ source, state }) => source === "cam" && state === "alarmed"));
  t.match(alarmed["detail"], /film\.mp4 is no media file that ffmpeg can read: name another file/);
  appendFileSync(join(folder, "log.txt"), '{"door":"open"}\n');
  await eventually(() => daemon.log.find(({ rule, state }) => rule === "door" && state === "firing"));
  daemon.kill("SIGTERM");
  t.match(await daemon.ended(), { code: 0 });
});
