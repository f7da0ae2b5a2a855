// scripts/setup where it may not use apt: it names what is missing and changes nothing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";

/** A folder with the machine's programs, less some. */
function programsWithout(t: Test, left: readonly string[]): string {
  const folder = t.testdir({ bin: {} });
  const seen = new Set(left);
  for (const from of (process.env["PATH"] ?? "").split(":")) {
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      if (!seen.has(name)) symlinkSync(join(from, name), join(folder, "bin", name));
      seen.add(name);
    }
  }
  return join(folder, "bin");
}

/** Runs scripts/setup with these programs and an empty cache; its words and how it ended. */
function setup(t: Test, path: string, ...options: readonly string[]): { readonly code: number | null; readonly words: string } {
  const cache = join(t.testdirName, "cache");
  mkdirSync(cache, { recursive: true });
  const env = { ...process.env, PATH: path, XDG_CACHE_HOME: cache, FUSIOND_SKIP_APT: "1" };
  const { status, stderr } = spawnSync("bash", [join(packageRoot, "scripts", "setup"), ...options], { env, encoding: "utf8" });
  return { code: status, words: stderr };
}

void t.test("setup: names the missing programs when apt is to be left alone", (t) => {
  const { code, words } = setup(t, programsWithout(t, ["ffmpeg", "arecord"]), "--test");
  t.equal(code, 0);
  t.match(words, "missing: ffmpeg alsa-utils; install them with: apt-get install --no-install-recommends ffmpeg alsa-utils");
  t.match(words, /missing in .*cache\/fusiond\/debian: nats-server /);
  t.end();
});

void t.test("setup: installs, unpacks and compiles nothing when all is fresh", (t) => {
  const { code, words } = setup(t, process.env["PATH"] ?? "");
  t.equal(code, 0);
  t.notMatch(words, /installing|unpacking|compiling/);
  t.end();
});

void t.test("setup: says what is wrong with an option or without node", (t) => {
  t.match(setup(t, process.env["PATH"] ?? "", "--everything"), { code: 1, words: "unknown option --everything: give --demo, --test or nothing" });
  t.match(setup(t, programsWithout(t, ["node"])), { code: 1, words: "node was not found on PATH: install Node 20.19 or newer" });
  t.end();
});
