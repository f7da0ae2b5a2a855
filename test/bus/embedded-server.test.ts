// The embedded broker: one process on one store, ours alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect, StorageType } from "nats";
import t, { type Test } from "tap";
import { EmbeddedServer, type EmbeddedServerOptions } from "../../daemon/bus/embedded-server.js";
import { temporaryFolder } from "../store/store-support.js";
import { eventually } from "../support/eventually.js";
import { natsServerMissing } from "../support/nats-server.js";

const skip = natsServerMissing();

function embedded(t: Test, options: Partial<EmbeddedServerOptions> = {}) {
  const told = { restarts: 0, notes: [] as string[] };
  const stateFolder = options.stateFolder ?? temporaryFolder(t);
  const server = new EmbeddedServer(
    { stateFolder, site: "test", port: 0, ...options },
    { restarted: () => void told.restarts++, note: (_level, message) => void told.notes.push(message) },
  );
  t.teardown(() => server.stop());
  return { server, told, stateFolder };
}

/** Processes whose command line names the configuration in this state folder. */
function brokersOf(stateFolder: string): number[] {
  const config = join(stateFolder, "nats", "server.conf");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(config);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function login(credentialsFile: string) {
  const { url, user, password } = JSON.parse(readFileSync(credentialsFile, "utf8")) as Record<"url" | "user" | "password", string>;
  return connect({ servers: url, user, pass: password, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
}

await t.test("embedded server: lets in who has its credentials, and keeps streams over a restart of both", { skip }, async (t) => {
  const { server, stateFolder } = embedded(t);
  const address = await server.start();
  t.equal(address.url, `nats://127.0.0.1:${address.port}`);
  t.equal(statSync(address.credentialsFile).mode & 0o777, 0o600);
  t.equal(statSync(join(stateFolder, "nats", "server.conf")).mode & 0o777, 0o600);
  await t.rejects(connect({ servers: address.url, reconnect: false }), /Authorization/i);
  const connection = await login(address.credentialsFile);
  await (await connection.jetstreamManager()).streams.add({ name: "S", subjects: ["s"], storage: StorageType.File });
  await connection.jetstream().publish("s");
  await connection.close();
  const { password } = JSON.parse(readFileSync(address.credentialsFile, "utf8")) as { password: string };
  const [pid] = brokersOf(stateFolder);
  t.notOk(readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(password), "no password in argv");
  await server.stop();
  t.same(brokersOf(stateFolder), []);
  const again = embedded(t, { stateFolder });
  const second = await (await again.server.start(), login(join(stateFolder, "nats", "credentials.json")));
  t.equal((await (await second.jetstreamManager()).streams.info("S")).state.messages, 1);
  await second.close();
});

await t.test("embedded server: lets publishers say lines to text sources, and nothing else", { skip }, async (t) => {
  const { server, stateFolder } = embedded(t, { publishSubjects: ["plant.access.>", ">"] });
  const { credentialsFile } = await server.start();
  const publisherFile = join(stateFolder, "nats", "publisher.json");
  t.equal(statSync(publisherFile).mode & 0o777, 0o600);
  const daemon = await login(credentialsFile);
  const heard = daemon.subscribe(">", { max: 1 });
  await daemon.flush();
  const publisher = await login(publisherFile);
  const refused: unknown[] = [];
  void (async () => {
    for await (const event of publisher.status()) refused.push(event.permissionContext);
  })();
  publisher.subscribe("plant.access.>");
  for (const subject of ["fusiond.v1.test.alert.a.info.b", "$JS.API.STREAM.DELETE.FUSIOND_test"]) publisher.publish(subject, "x");
  publisher.publish("plant.access.door", "line");
  await publisher.flush();
  for await (const message of heard) t.equal(message.subject, "plant.access.door");
  await eventually(() => refused.length >= 3);
  t.match(refused, [{ operation: "subscription" }, { operation: "publish", subject: /^fusiond/ }, { operation: "publish", subject: /^\$JS/ }]);
  const { password } = JSON.parse(readFileSync(publisherFile, "utf8")) as { password: string };
  await publisher.close();
  await daemon.close();
  await server.stop();
  const again = embedded(t, { stateFolder, publishSubjects: ["plant.access.>"] });
  await again.server.start();
  t.equal((JSON.parse(readFileSync(publisherFile, "utf8")) as { password: string }).password, password, "kept over a restart");
  await again.server.stop();
  await embedded(t, { stateFolder }).server.start();
  t.notOk(readdirSync(join(stateFolder, "nats")).includes("publisher.json"), "nobody may where nothing is read");
});

await t.test("embedded server: is started again on the same port when it is killed", { skip }, async (t) => {
  const { server, told, stateFolder } = embedded(t);
  const { credentialsFile } = await server.start();
  const connection = await login(credentialsFile);
  const [pid] = brokersOf(stateFolder);
  process.kill(pid!, "SIGKILL");
  for await (const event of connection.status()) if (String(event.type) === "reconnect") break;
  await connection.flush();
  t.not(brokersOf(stateFolder)[0], pid);
  t.equal(told.restarts, 1);
  t.match(told.notes.join(), /started again/);
  await connection.close();
});

await t.test("embedded server: says in one sentence that its port is taken", { skip }, async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  t.teardown(() => other.close());
  const { port } = other.address() as AddressInfo;
  const { server, stateFolder } = embedded(t, { port });
  await t.rejects(server.start(), { code: "address_in_use", message: new RegExp(`^port ${port} of 127.0.0.1 is taken: set another port`) });
  t.same(brokersOf(stateFolder), []);
});

await t.test("embedded server: says what to install when there is none", async (t) => {
  const { server } = embedded(t, { program: "/nowhere/nats-server" });
  await t.rejects(server.start(), { code: "dependency_missing" });
});

await t.test("embedded server: does not start on a credentials file that it cannot use", { skip }, async (t) => {
  const { server, stateFolder } = embedded(t);
  await server.start();
  await server.stop();
  writeFileSync(join(stateFolder, "nats", "credentials.json"), "{}");
  await t.rejects(embedded(t, { stateFolder }).server.start(), { code: "config_invalid" });
});

await t.test("embedded server: dies with a daemon that is killed, and waits for one that is still dying", { skip }, async (t) => {
  const stateFolder = temporaryFolder(t);
  const program = fileURLToPath(new URL("./embedded-host.js", import.meta.url));
  const host = spawn(process.execPath, [program, stateFolder], { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface({ input: host.stdout }), "line");
  const [pid] = brokersOf(stateFolder);
  t.ok(pid);
  host.kill("SIGKILL");
  const { server } = embedded(t, { stateFolder });
  await server.start();
  const running = brokersOf(stateFolder);
  t.equal(running.length, 1);
  t.not(running[0], pid);
});
