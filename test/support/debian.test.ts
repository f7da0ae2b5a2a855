// What `scripts/setup --test` unpacked answers: every program, module and medium that tests lean on.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import t from "tap";
import { debianEnvironment, debianPath, media, programs } from "./debian.js";

/** What a program prints on stdout and stderr. */
function answer(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env: debianEnvironment(), encoding: "utf8" });
  return error === undefined && status === 0 ? stdout + stderr : `${program} ended with ${String(status)}: ${stderr}${String(error ?? "")}`;
}

void t.test("debian: the programs run from where they were unpacked", (t) => {
  t.match(answer(programs.natsServer(), ["--version"]), "nats-server");
  t.match(answer(programs.promtool(), ["--version"]), "promtool");
  t.match(answer(debianPath("usr", "bin", "pulseaudio"), ["--version"]), "pulseaudio");
  t.match(answer(debianPath("usr", "bin", "pactl"), ["--version"]), "pactl");
  t.end();
});

void t.test("debian: Python finds the unpacked modules", (t) => {
  t.equal(answer(programs.python(), ["-c", "import msgpack; print(msgpack.unpackb(msgpack.packb(7)))"]), "7\n");
  const lines = ["import gi", "gi.require_version('Gst', '1.0')", "gi.require_version('GstRtspServer', '1.0')", "from gi.repository import Gst, GstRtspServer"];
  const found = [...lines, "Gst.init(None)", "print(all(Gst.ElementFactory.find(n) for n in ('x264enc', 'rtph264pay', 'alawenc', 'tsdemux')))"];
  t.equal(answer(programs.python(), ["-c", found.join("\n")]), "True\n");
  t.end();
});

void t.test("debian: the media are there", (t) => {
  for (const path of [media.pedestrians(), media.stamp("animals"), media.desktopSound("bell"), media.desktopSound("alarm-clock-elapsed")]) {
    t.ok(statSync(path).size > 0, path);
  }
  t.throws(() => media.desktopSound("no-such-sound"), /is missing: run "bash scripts\/setup --test"/);
  t.end();
});
