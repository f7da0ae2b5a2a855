// Standard output and standard error that are closed, full, or read by nobody, for every command.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { programs } from "../support/debian.js";

const MAIN = join(packageRoot, "dist/daemon/main.js");

interface Heard {
  readonly code: number | null;
  readonly out: string;
}

/** Runs a line of bash in which `fusiond` is the command; `out` is what it prints itself. */
function bash(cwd: string, line: string): Promise<Heard> {
  const PATH = [dirname(programs.natsServer()), process.env["PATH"]].join(delimiter);
  const child = spawn("bash", ["-c", `fusiond() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`], { cwd, env: { ...process.env, PATH }, stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out })));
}

/** A recording that gives many alerts, and a daemon that has none. */
function folderOf(t: Test): string {
  const folder = t.testdir();
  const lines = Array.from({ length: 200 }, (_, n) => `{"time":"2026-01-01T${String(Math.floor(n / 60)).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}:00Z","e":"forced"}\n`);
  writeFileSync(join(folder, "door.txt"), lines.join(""));
  const head = "site: out\nnats: {embedded: true, port: 0}\nhttp: {enabled: false}\nstate_dir: state\nlog: {level: debug}\n";
  const rest = "sources: {log: {text: {file: door.txt, json: true}}}\nrules: {r: {within: 1s, all: [{read: {field: e, equals: forced}}], resolve_after: 1s}}\n";
  writeFileSync(join(folder, "c.yaml"), head + rest);
  mkdirSync(join(folder, "state"), { recursive: true });
  return folder;
}

const COMMANDS = ["--help", "--version", "check c.yaml", "replay -c c.yaml", "replay --json -c c.yaml", "models words", "tail -c c.yaml", "nonsense", "check missing.yaml"];

/** Those that print something and end by themselves. */
const SPEAKING = COMMANDS.slice(0, 6);

void t.test("output: every command ends quietly when its reader leaves", async (t) => {
  const folder = folderOf(t);
  await Promise.all(
    COMMANDS.map(async (command, i) => {
      const { out } = await bash(folder, `fusiond ${command} 2>err-${i} | head -c 1 >/dev/null; echo "exit \${PIPESTATUS[0]}"; cat err-${i}`);
      t.match(out, /^exit (0|1|2|78)$/m, command);
      t.notMatch(out, /^ {4}at /m, command);
      t.notMatch(out, /EPIPE/, command);
    }),
  );
  const { out } = await bash(folder, 'fusiond replay --json -c c.yaml 2>err | head -1; echo "exit ${PIPESTATUS[0]}"; cat err');
  t.match(out, /^\{.*\}\nexit 0\n/, "the one line that was wanted, and all is well");
});

void t.test("output: every command says in one sentence that its output cannot be written, and fails", async (t) => {
  const folder = folderOf(t);
  await Promise.all(
    SPEAKING.map(async (command, i) => {
      const { out } = await bash(folder, `fusiond ${command} 2>err-${i} >/dev/full; echo "exit $?"; grep -v '^{' err-${i}`);
      t.equal(out, "exit 1\nstandard output cannot be written, its disk is full: make room, and run the command again\n", command);
    }),
  );
});

void t.test("output: a closed output changes nothing else", async (t) => {
  const folder = folderOf(t);
  await Promise.all(SPEAKING.map(async (command) => t.match(await bash(folder, `fusiond ${command} >&- 2>&-; echo "exit $?"`), { out: "exit 0\n" }, command)));
  t.match(await bash(folder, `fusiond nonsense >&- 2>/dev/full; echo "exit $?"`), { out: "exit 2\n" });
  t.match(await bash(folder, `fusiond check missing.yaml >/dev/full 2>/dev/full; echo "exit $?"`), { out: "exit 78\n" });
});

/** Starts the daemon with its log there, waits until it has its state, stops it, and prints how it ended. */
const daemonWith = (redirection: string): string =>
  `(exec "${process.execPath}" "${MAIN}" run -c c.yaml ${redirection}) & daemon=$!; for i in $(seq 600); do [ -e state/nats/credentials.json ] && break; read -t 0.05 <> <(:); done
   kill -TERM $daemon; wait $daemon; echo "exit $?"`;

void t.test("output: the daemon lives and ends in order wherever its log goes", { timeout: 120_000 }, async (t) => {
  const folder = folderOf(t);
  for (const redirection of [">/dev/full 2>/dev/full", ">&- 2>&-", "2> >(true)", "2> >(exec tail -f /dev/null --pid=$$)"]) {
    t.match(await bash(folder, `rm -rf state; ${daemonWith(redirection)}`), { out: "exit 0\n" }, redirection);
  }
});
