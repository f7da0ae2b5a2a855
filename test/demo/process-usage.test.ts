// CPU and memory of real processes.
import t from "tap";
import { once } from "node:events";
import { ProcessUsageMeter, readProcessTree, roleOf } from "../../daemon/demo/process-usage.js";
import { endChild, spawnBound } from "../../daemon/runtime/child-process.js";

void t.test("usage: finds children and counts what they use, also after they have gone", async (t) => {
  const meter = new ProcessUsageMeter();
  meter.sample();
  const before = meter.usage();
  t.same(before.map((use) => use.role), ["daemon"]);
  t.equal(before[0]?.cpuSeconds, 0, "what was used earlier does not count");

  const busy = "const end = Date.now() + 300; while (Date.now() < end); console.log('done'); setInterval(() => {}, 1000);";
  const child = spawnBound(process.execPath, ["-e", busy], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => endChild(child, 1_000));
  await once(child.stdout as NodeJS.ReadableStream, "data");
  t.ok(readProcessTree(process.pid).some((sample) => sample.pid === child.pid && sample.parentPid === process.pid && sample.role === "perception"));
  meter.sample();
  await endChild(child, 1_000);
  meter.sample();

  const perception = meter.usage().find((use) => use.role === "perception");
  t.ok(perception !== undefined && perception.cpuSeconds > 0, "CPU of the child");
  t.ok(perception !== undefined && perception.rssPeakBytes > 2 ** 20, "memory of the child");
  t.same(readProcessTree(child.pid ?? 0), [], "an ended process has no tree");
});

void t.test("usage: knows what a process is for", (t) => {
  for (const [command, role] of [
    [["/usr/bin/ffmpeg", "-i", "x"], "ffmpeg"],
    [["arecord"], "arecord"],
    [["/cache/usr/sbin/nats-server", "-c", "x"], "nats-server"],
    [["/usr/bin/node", "/app/dist/any.js"], "perception"],
    [["bash", "-c", "node"], "other"],
    [[], "other"],
  ] as const) {
    t.equal(roleOf(command), role, command.join(" "));
  }
  t.end();
});
