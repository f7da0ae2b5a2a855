// The embedded broker's stream follows the configuration: larger and smaller, and no loss is told of what was intended.
import t, { type Test } from "tap";
import { connect } from "nats";
import { readFileSync } from "node:fs";
import { EmbeddedServer } from "../../daemon/bus/embedded-server.js";
import { systemClock } from "../../daemon/runtime/clock.js";
import { batch, message, temporaryFolder } from "../store/store-support.js";
import { natsServerMissing } from "../support/nats-server.js";
import { startDelivery } from "./delivery-support.js";

const skip = natsServerMissing();
const MIB = 2 ** 20;
const DAY_MS = 86_400_000;

const alert = (key: string) =>
  message(key, 1, { subject: `fusiond.v1.test.alert.dock.info.${key}`, body: Buffer.from(JSON.stringify({ text: "x".repeat(60_000) })), causedAt: Date.now() });

/** One life of a daemon with these limits: publishes the keys' alerts and says what the stream is then. */
async function life(t: Test, stateFolder: string, limits: { maxBytes: number; maxAgeMs: number }, keys: readonly string[]) {
  const server = new EmbeddedServer({ stateFolder, site: "test", port: 0 }, { restarted: () => undefined, note: () => undefined });
  const { url, credentialsFile } = await server.start();
  t.teardown(() => server.stop());
  const d = await startDelivery(t, stateFolder, url, { ...limits, owned: true }, systemClock, credentialsFile);
  if (keys.length > 0) await d.store.commit(batch(...keys.map(alert)));
  d.publisher.wake();
  const { acknowledged } = await d.until((counts) => counts.pending === 0 && d.telemetry.deliveries.length > 0);
  const { user, password } = JSON.parse(readFileSync(credentialsFile, "utf8")) as Record<string, string>;
  const connection = await connect({ servers: url, user: user ?? "", pass: password ?? "" });
  const { config, state } = await (await connection.jetstreamManager()).streams.info("FUSIOND_test");
  await connection.close();
  await d.stop();
  await server.stop();
  return { telemetry: d.telemetry, acknowledged, maxBytes: config.max_bytes, maxAgeMs: config.max_age / 1e6, state };
}

await t.test("own stream: takes the limits of the configuration at each start, and cries no loss", { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const keys = Array.from({ length: 40 }, (_, i) => `a${i}`);
  const first = await life(t, folder, { maxBytes: 1024 * MIB, maxAgeMs: 7 * DAY_MS }, keys);
  t.match(first, { maxBytes: 1024 * MIB, state: { messages: 40 } });
  t.notOk(first.telemetry.notes.join().includes("limits of the configuration"), "nothing had to be changed");
  for (const [maxBytes, maxAgeMs] of [[MIB, 7 * DAY_MS], [4096 * MIB, DAY_MS], [64 * MIB, 14 * DAY_MS]] as const) {
    const next = await life(t, folder, { maxBytes, maxAgeMs }, []);
    t.match(next, { maxBytes, maxAgeMs, acknowledged: 40 });
    t.ok(next.state.messages > 0 && (maxBytes > MIB || next.state.messages < 20), `${next.state.messages} are there`);
    t.equal(next.telemetry.regressions, 0);
    t.equal(next.telemetry.notes.filter((note) => note.includes("limits of the configuration")).length, 1, "said once");
    t.same(next.telemetry.deliveries.filter(({ state }) => state === "degraded"), []);
  }
  const last = await life(t, folder, { maxBytes: 64 * MIB, maxAgeMs: 14 * DAY_MS }, ["b"]);
  t.match(last, { acknowledged: 41, telemetry: { regressions: 0 } });
});
