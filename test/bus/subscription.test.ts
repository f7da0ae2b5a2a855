// A broker that does not let fusiond hear a subject: real permissions, given and taken away while it runs.
import t from "tap";
import type { SubscriptionState } from "../../daemon/bus/bus.js";
import { NatsBus } from "../../daemon/bus/nats-bus.js";
import { textFeedOf } from "../../daemon/compose/broker.js";
import { TextSource } from "../../daemon/sources/text-source.js";
import { eventually } from "../support/eventually.js";
import { natsServerMissing, TestNatsServer } from "../support/nats-server.js";
import { RememberedTelemetry } from "../sources/support.js";

const silent = { connected: () => undefined, reconnected: () => undefined, publishFailed: () => undefined, dropped: () => undefined, note: () => undefined };

/** Whoever connects may publish anything, and hear anything but what is denied. */
const permissions = (denied: string): string => `authorization: {default_permissions: {publish: ">", subscribe: {allow: ">", deny: ${JSON.stringify(denied)}}}, users: [{user: u, password: p}]}\nno_auth_user: u`;

void t.test("bus: a subscription that the broker refuses says so, and comes once it is granted", { skip: natsServerMissing() }, async (t) => {
  const server = await new TestNatsServer(permissions("plant.access")).start();
  t.teardown(() => server.stop());
  const bus = new NatsBus({ site: "test", servers: [server.url] }, silent);
  t.teardown(() => bus.close());
  bus.start();
  const never = new AbortController().signal;
  const states: SubscriptionState[] = [];
  bus.listen("plant.access", () => undefined, never, (state) => states.push(state));
  const open: SubscriptionState[] = [];
  bus.listen("plant.doors", () => undefined, never, (state) => open.push(state));
  await eventually(() => open.at(-1)?.up);
  const refused = await eventually(() => states.find((state) => !state.up && state.reason.includes("does not let fusiond subscribe")));
  t.match(refused, { up: false, reason: /^the broker does not let fusiond subscribe to plant\.access \(.*Permissions Violation.*\): grant it, as docs\/nats\.md says$/ });
  t.notOk(states.some(({ up }) => up), "nothing was confirmed in between");

  server.reconfigure(permissions("nothing"));
  await eventually(() => states.at(-1)?.up);
  server.reconfigure(permissions("plant.access"));
  await eventually(() => states.at(-1)?.up === false);
  t.match(states.at(-1), { reason: /does not let fusiond subscribe|the broker is away/ }, "permissions that are taken away are noticed at once");
});

void t.test("bus: a text source over a refused subject is not healthy, with the reason", { skip: natsServerMissing() }, async (t) => {
  const server = await new TestNatsServer(permissions("plant.access")).start();
  t.teardown(() => server.stop());
  const bus = new NatsBus({ site: "test", servers: [server.url] }, silent);
  t.teardown(() => bus.close());
  bus.start();
  await eventually(() => bus.status.state === "connected");
  const origin = { kind: "subject", subject: "plant.access", feed: textFeedOf(bus, "test") } as const;
  const limits = { lineBytesMax: 4096, linesPerSecondMax: 50, queueCapacity: 64 };
  const stop = new AbortController();
  const told: string[] = [];
  for await (const signal of new TextSource({ id: "badges", origin, json: false, ...limits }, new RememberedTelemetry()).observe(stop.signal)) {
    if (signal.kind !== "state") continue;
    told.push(`${signal.state}: ${signal.detail ?? ""}`);
    if (told.length === 2) server.reconfigure(permissions("nothing"));
    if (signal.state === "healthy") stop.abort();
  }
  t.match(told, ["starting: ", /^alarmed: the broker does not let fusiond subscribe to plant\.access/]);
  t.match(told.at(-1), /^healthy/, "and healthy once it may hear it");
  t.notOk(told.slice(0, -1).some((one) => one.startsWith("healthy")));
});
