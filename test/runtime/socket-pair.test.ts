// Pairs of sockets where descriptors run out: an error, never a wait without end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import t from "tap";

const script = `
import { closeSync, openSync } from "node:fs";
const { socketPair } = await import(process.argv[1]);
const onread = { buffer: () => new Uint8Array(1024), callback: () => true };
const seen = new Set();
for (let left = 0; left < 24; left++) {
  const held = [];
  try { for (;;) held.push(openSync("/dev/null", "r")); } catch { /* all are taken */ }
  for (const fd of held.splice(0, left)) closeSync(fd);
  const outcome = await Promise.race([
    socketPair(onread).then(({ ours, theirs }) => { ours.destroy(); theirs.destroy(); return "made"; }, (error) => error.code),
    new Promise((resolve) => setTimeout(() => resolve("hung with " + left), 5000)),
  ]);
  for (const fd of held) closeSync(fd);
  await new Promise((resolve) => setTimeout(resolve, 20));
  seen.add(outcome);
}
console.log([...seen].sort().join());
`;

void t.test("socket pair: is made or refused in one sentence, however few descriptors are left", { timeout: 60_000 }, async (t) => {
  const url = new URL("../../daemon/runtime/socket-pair.js", import.meta.url).href;
  const child = spawn("bash", ["-c", 'ulimit -n 128; exec "$0" --input-type=module -e "$1" "$2"', process.execPath, script, url], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child, "close");
  t.equal(said.trim(), "made,resources_exhausted");
});
