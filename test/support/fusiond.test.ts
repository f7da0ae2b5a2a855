// What a test starts does not outlive it, even where the test is killed.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t from "tap";
import { eventually } from "./eventually.js";
import { isAlive } from "./fusiond.js";

void t.test("support: a fusiond dies with the test that started it", { timeout: 60_000 }, async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, "c.yaml"), 'site: s\nstate_dir: state\nnats: {servers: ["nats://127.0.0.1:1"]}\nsources: {l: {text: {file: l.txt}}}\n');
  const script = `
    import { Fusiond } from ${JSON.stringify(new URL("./fusiond.js", import.meta.url).href)};
    import { eventually } from ${JSON.stringify(new URL("./eventually.js", import.meta.url).href)};
    const tail = Fusiond.start(["tail", "-c", "c.yaml"]);
    await eventually(() => tail.stderr.includes("trying again"));
    console.log(tail.pid);`;
  const test = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const { value } = (await createInterface({ input: test.stdout })[Symbol.asyncIterator]().next()) as { value: string };
  const pid = Number(value);
  t.ok(isAlive(pid));
  test.kill("SIGKILL");
  await eventually(() => !isAlive(pid));
});
