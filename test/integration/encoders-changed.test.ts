// Another pack under a running site: what the old encoders saw goes on, and their vectors meet none of the new ones.
import Database from "better-sqlite3";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { eventually } from "../support/eventually.js";
import { Fusiond } from "../support/fusiond.js";

const EMBEDDED = join(packageRoot, "encoders/packs/embedded");
const SITE = {
  "fusiond.yaml": [
    "site: change",
    "state_dir: state",
    "nats: {embedded: true, port: 0}",
    "http: {enabled: false}",
    "encoders: {pack: pack}",
    "sources: {log: {text: {file: log.txt}}}",
    'rules: {dog: {any: [{read: "dog barking"}], within: 2s, resolve_after: 4s}}',
    "",
  ].join("\n"),
  "log.txt": "",
};

/** What is looked at of the manifest. */
interface PackJson {
  space: string;
  readonly towers: { readonly audio: { readonly graphs: [PackFileJson] }; readonly text: { readonly vocabulary: PackFileJson } };
}
interface PackFileJson {
  readonly file: string;
  sha256: string;
  bytes: number;
}

/** The embedded pack as it would be if it had been made anew: of another space, or of the same one with another sound tower. */
const CHANGES = {
  "a pack of another space": (manifest: PackJson, pack: string): void => {
    const table = JSON.parse(readFileSync(join(pack, "text.json"), "utf8")) as { space: string };
    manifest.space = "another-space";
    replaceFile(pack, manifest.towers.text.vocabulary, Buffer.from(JSON.stringify({ ...table, space: manifest.space })));
  },
  "other towers of the same space": (manifest: PackJson, pack: string): void => {
    const graph = manifest.towers.audio.graphs[0];
    replaceFile(pack, graph, Buffer.concat([readFileSync(join(pack, graph.file)), Buffer.from([0])])); // no microphone, so it is never run
  },
} as const;

function replaceFile(pack: string, file: PackFileJson, bytes: Buffer): void {
  writeFileSync(join(pack, file.file), bytes);
  file.bytes = bytes.length;
  file.sha256 = createHash("sha256").update(bytes).digest("hex");
}

/** Starts the daemon of a folder. */
async function start(t: Test, folder: string): Promise<Fusiond> {
  const daemon = Fusiond.start(["run", "--config", "fusiond.yaml"], { cwd: folder });
  t.teardown(() => daemon.end());
  await daemon.running();
  return daemon;
}

/** The daemon's one incident when it came into this state. */
function incidentIn(daemon: Fusiond, state: string): Promise<string> {
  return eventually(() => daemon.log.find((entry) => entry["rule"] === "dog" && entry["state"] === state)?.["incident"] as string | undefined);
}

/** Alerts that were accepted, in their order. */
function alertsIn(folder: string): readonly { readonly id: string; readonly revision: number; readonly state: string; readonly reason?: string }[] {
  const db = new Database(join(folder, "state/fusiond.db"), { readonly: true });
  try {
    const bodies = db.prepare<[], Buffer>("SELECT body FROM outbox WHERE class = 'alert' ORDER BY row_id").pluck().all();
    return bodies.map((body) => JSON.parse(body.toString("utf8")) as ReturnType<typeof alertsIn>[number]);
  } finally {
    db.close();
  }
}

for (const { change, signal } of [{ change: "a pack of another space", signal: "SIGKILL" }, { change: "other towers of the same space", signal: "SIGTERM" }] as const) {
  void t.test(`encoders: a firing incident outlives ${change} after ${signal}`, async (t) => {
    const folder = t.testdir(SITE);
    const pack = join(folder, "pack");
    cpSync(EMBEDDED, pack, { recursive: true });
    const before = await start(t, folder);
    appendFileSync(join(folder, "log.txt"), "a dog barking\n");
    await eventually(() => alertsIn(folder).length > 0);
    before.kill(signal);
    await before.ended();

    const manifest = JSON.parse(readFileSync(join(pack, "manifest.json"), "utf8")) as PackJson;
    CHANGES[change](manifest, pack);
    writeFileSync(join(pack, "manifest.json"), JSON.stringify(manifest));
    const after = await start(t, folder);
    const resolved = await incidentIn(after, "resolved");
    await eventually(() => alertsIn(folder).length === 2);
    const told = alertsIn(folder).map(({ id, revision, state, reason }) => [id, revision, state, reason]);
    t.strictSame(told, [[resolved, 1, "firing", undefined], [resolved, 2, "resolved", undefined]], "one incident, which ended by itself");
    t.equal(after.log.filter(({ msg }) => String(msg).startsWith("other encoders")).length, 1, "the operator is told once");
    after.kill("SIGTERM");
    t.match(await after.ended(), { code: 0 });

    const third = await start(t, folder);
    t.equal(third.log.filter(({ msg }) => String(msg).startsWith("other encoders")).length, 0, "and not again");
  });
}
