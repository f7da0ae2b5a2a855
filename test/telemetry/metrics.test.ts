// Names, labels and values of /metrics.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { Metrics } from "../../daemon/telemetry/metrics.js";
import { readyz } from "../../daemon/telemetry/health.js";
import { daemonTelemetry, incident, outboxCounts, tellEverything } from "./daemon-telemetry.js";

const promtool = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fusiond/debian/usr/bin/promtool");

/** Labels whose values come from the configuration, the build, or the error codes that the log has. */
const OPEN_LABELS = new Set(["source", "group", "rule", "queue", "version", "node_version", "code", "process"]);
/** Metrics that show nothing but what is so at present. */
const PRESENT_ONLY = new Set(["fusiond_encoder_provider_info"]);

/** The value of one sample, by its name and labels as they are written. */
function valueOf(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

/** Every value of a label over the whole text. */
function labelValues(text: string, label: string): string[] {
  return [...new Set([...text.matchAll(new RegExp(`[{,]${label}="([^"]*)"`, "g"))].map((match) => match[1] ?? ""))].sort();
}

void t.test("metrics: the document and the daemon list the same names, types and labels", (t) => {
  const documented = readFileSync(join(packageRoot, "docs/metrics.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `fusiond_"))
    .map((line) => {
      const [, name = "", type = "", labels = ""] = line.split("|").map((cell) => cell.trim());
      return { name: name.replaceAll("`", ""), type, labels: [...labels.matchAll(/`(\w+)`/g)].map((match) => match[1]) };
    });
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  t.strictSame([...daemonTelemetry().metrics.describe()].sort(byName), documented.sort(byName));
  t.end();
});

void t.test("metrics: the document and the daemon list the same values of every closed label", async (t) => {
  const daemon = daemonTelemetry();
  tellEverything(daemon);
  const samples = (await daemon.metrics.scrape()).split("\n").filter((line) => line.startsWith("fusiond_"));
  let intro = "";
  for (const line of readFileSync(join(packageRoot, "docs/metrics.md"), "utf8").split("\n")) {
    if (line.startsWith("#")) intro = "";
    if (!line.startsWith("| `fusiond_")) {
      intro += line;
      continue;
    }
    const [, name = "", , labels = "", meaning = ""] = line.split("|").map((cell) => cell.trim().replace(/^`(fusiond_\w+)`$/, "$1"));
    const series = samples.filter((sample) => sample.startsWith(`${name}{`) || sample.startsWith(`${name}_count{`));
    const shown = new Set(series.flatMap((sample) => [...sample.matchAll(/[{,](\w+)="([^"]*)"/g)].filter(([, label]) => !OPEN_LABELS.has(label ?? "")).map(([, , value]) => value)));
    shown.delete("other");
    const said = new Set([...meaning.matchAll(/`([a-z_0-9]+)`/g)].map((match) => match[1]).filter((word) => !labels.includes(`\`${word ?? ""}\``)));
    for (const value of shown) t.ok(said.has(value) || intro.includes(`\`${value ?? ""}\``), `${name} has the value ${value ?? ""}, of which the document says nothing`);
    for (const value of said) t.ok(shown.has(value) || PRESENT_ONLY.has(name), `${name} is said to have the value ${value ?? ""}, which it does not show from the start`);
  }
});

void t.test("metrics: promtool has nothing to say when everything has been told", { skip: existsSync(promtool) ? false : "promtool is not in the cache" }, async (t) => {
  const daemon = daemonTelemetry();
  daemon.metrics.observeProcess();
  daemon.metrics.observeProcess();
  for (const told of [false, true]) {
    if (told) tellEverything(daemon);
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input: await daemon.metrics.scrape(), encoding: "utf8" });
    t.equal(stdout + stderr, "", told ? "populated" : "just started");
    t.equal(status, 0);
  }
});

void t.test("metrics: every described family has a sample when everything has been told", async (t) => {
  const daemon = daemonTelemetry();
  tellEverything(daemon);
  const text = await daemon.metrics.scrape();
  for (const { name, type } of daemon.metrics.describe()) {
    t.match(text, new RegExp(`^${name}${type === "histogram" ? "_count" : ""}[{ ]`, "m"), name);
  }
  t.match(text, /^# TYPE fusiond_build_info gauge$/m);
});

void t.test("metrics: labels hold only closed or configured values whatever is told", async (t) => {
  const daemon = daemonTelemetry();
  tellEverything(daemon);
  const text = await daemon.metrics.scrape();
  t.notMatch(text, /hunter2|secret|nobody/);
  t.strictSame(labelValues(text, "source"), ["dock-cam", "other"]);
  t.strictSame(labelValues(text, "group"), ["dock", "other"]);
  t.strictSame(labelValues(text, "rule"), ["break-in", "other"]);
  t.strictSame(labelValues(text, "tower"), ["audio", "image", "text"]);
  t.strictSame(labelValues(text, "provider"), ["cpu", "other"]);
  t.strictSame(labelValues(text, "code"), ["encode_timeout", "other"]);
  t.strictSame(labelValues(text, "stage"), ["capture", "encode", "fuse", "outbox"]);
  t.strictSame(labelValues(text, "queue"), ["dock-cam image", "encode:image"]);
});

void t.test("metrics: counts what it was told", async (t) => {
  const daemon = daemonTelemetry();
  tellEverything(daemon);
  daemon.clock.advance(60_000);
  const text = await daemon.metrics.scrape();
  const expected: Record<string, number> = {
    'fusiond_source_up{source="dock-cam"}': 1,
    'fusiond_source_state{source="dock-cam",state="healthy"}': 1,
    'fusiond_source_state{source="dock-cam",state="starting"}': 0,
    'fusiond_source_dropped_total{source="dock-cam",reason="queue_full"}': 3,
    'fusiond_source_dropped_total{source="dock-cam",reason="too_late"}': 0,
    'fusiond_source_last_observation_timestamp_seconds{source="dock-cam",modality="image"}': 1_700_000_000.5,
    'fusiond_source_last_scan_timestamp_seconds{source="dock-cam"}': 1_700_000_001,
    'fusiond_source_anomaly{source="dock-cam",kind="silent"}': 0,
    'fusiond_calibration_warm{source="dock-cam",modality="image"}': 1,
    'fusiond_calibration_warm{source="dock-cam",modality="audio"}': 0,
    'fusiond_stage_duration_seconds_bucket{le="0.025",stage="fuse"}': 1,
    'fusiond_stage_duration_seconds_bucket{le="0.01",stage="fuse"}': 0,
    'fusiond_stage_errors_total{stage="encode",code="encode_timeout"}': 1,
    'fusiond_queue_items{queue="encode:image"}': 3,
    'fusiond_queue_oldest_age_seconds{queue="encode:image"}': 0.25,
    'fusiond_events_open{group="dock"}': 2,
    'fusiond_events_total{group="dock",outcome="merged"}': 1,
    fusiond_event_merges_total: 2,
    'fusiond_watermark_lag_seconds{group="dock"}': 1.5,
    'fusiond_incidents_total{rule="break-in",state="firing"}': 1,
    'fusiond_incidents_total{rule="break-in",state="resolved"}': 0,
    fusiond_outbox_offered_total: 12,
    fusiond_outbox_pending: 3,
    'fusiond_outbox_shed_total{class="health",at="door"}': 2,
    fusiond_outbox_oldest_age_seconds: 60,
    fusiond_nats_connected: 1,
    fusiond_nats_reconnects_total: 1,
    fusiond_alert_latency_seconds_count: 1,
  };
  for (const [sample, value] of Object.entries(expected)) t.equal(valueOf(text, sample), value, sample);
});

void t.test("metrics: a source, group or rule that is gone leaves no series behind", async (t) => {
  const daemon = daemonTelemetry();
  tellEverything(daemon);
  daemon.events.sources.add({ id: "yard-mic", modalities: ["audio"] });
  await daemon.events.sources.remove("dock-cam");
  await daemon.events.fusion.removeGroup("dock");
  await daemon.events.fusion.removeRule("break-in");
  daemon.events.pipeline.observed("dock-cam", "image", 0);
  daemon.events.pipeline.sourceState("dock-cam", { state: "failed", at: 0, witnesses: [] });
  const text = await daemon.metrics.scrape();
  t.strictSame(labelValues(text, "source"), ["other", "yard-mic"]);
  t.strictSame(labelValues(text, "group"), ["other"]);
  t.strictSame(labelValues(text, "rule"), ["other"]);
  t.notOk(daemon.health.snapshot().sources.has("dock-cam"));
});

void t.test("metrics: a queue is shown until it is no longer watched", async (t) => {
  const { events, metrics } = daemonTelemetry();
  const end = events.stages.watchQueue("dock-cam", { capacity: 4, size: 1, oldestAgeMs: () => 0 });
  t.equal(events.stages.waitingItems(), 1);
  t.match(await metrics.scrape(), /queue="dock-cam"/);
  end();
  t.notMatch(await metrics.scrape(), /queue="dock-cam"/);
});

void t.test("metrics: the outbox has no sample before its first counts", async (t) => {
  const { metrics } = daemonTelemetry();
  t.notMatch(await metrics.scrape(), /^fusiond_outbox_(offered_total|pending|shed_total|bytes)\b/m);
});

void t.test("metrics: a scrape ends in time and shows the last counts when the store hangs", async (t) => {
  const { clock, events, metrics } = daemonTelemetry();
  let asked = 0;
  let answer = (): Promise<typeof outboxCounts> => Promise.resolve(outboxCounts);
  events.store.watch({
    counts: () => {
      asked += 1;
      return answer();
    },
  });
  await metrics.scrape();
  answer = () => new Promise(() => undefined);
  for (let i = 0; i < 3; i++) {
    const scrape = metrics.scrape();
    clock.advance(500);
    t.equal(valueOf(await scrape, "fusiond_outbox_offered_total"), 12);
  }
  t.equal(asked, 2, "what hangs is not asked again");
  t.equal(clock.pendingTimers, 0);
});

void t.test("metrics: a scrape shows the last counts when the store fails, and the next ones when it is back", async (t) => {
  const { events, metrics, lines } = daemonTelemetry();
  let answer = (): Promise<typeof outboxCounts> => Promise.resolve(outboxCounts);
  events.store.watch({ counts: () => answer() });
  await metrics.scrape();
  answer = () => Promise.reject(new Error("database is locked"));
  t.equal(valueOf(await metrics.scrape(), "fusiond_outbox_offered_total"), 12);
  t.match(lines.at(-1), { level: "warn", msg: "the outbox could not be counted", error: { message: "database is locked" } });
  answer = () => Promise.resolve({ ...outboxCounts, offered: 13 });
  t.equal(valueOf(await metrics.scrape(), "fusiond_outbox_offered_total"), 13);
});

void t.test("metrics: a capture that could not be encoded is one error of its stage", async (t) => {
  const { events, metrics } = daemonTelemetry();
  const error = new FusiondError("encode_timeout", "the tower of images took too long");
  events.encoders.of("p1").failed("image", error.code);
  events.pipeline.failed("encode", error);
  t.match(await metrics.scrape(), /fusiond_stage_errors_total\{stage="encode",code="encode_timeout"\} 1$/m);
});

void t.test("metrics: two metrics of one name are a programmer's error", (t) => {
  const metrics = new Metrics();
  metrics.counter({ name: "a_total", help: "A." });
  t.throws(() => metrics.gauge({ name: "a_total", help: "A." }), /already/);
  t.end();
});

void t.test("events: states, incidents and refused commits reach the log and the health board", (t) => {
  const { events, lines, health } = daemonTelemetry();
  const why = "no route to rtsp://admin:hunter2@10.0.0.7/";
  events.pipeline.sourceState("dock-cam", { state: "failed", at: 0, detail: why, witnesses: [{ modality: "image", healthy: false, at: 0, why }] });
  t.match(lines.at(-1), { level: "error", source: "dock-cam", state: "failed", detail: "no route to rtsp://***@10.0.0.7/" });
  t.match(health.snapshot().sources.get("dock-cam"), { state: "failed", why: "no route to rtsp://***@10.0.0.7/", blind: [{ modality: "image" }] });
  events.fusion.incident(incident("break-in", "pending"));
  t.match(lines.at(-1), { level: "debug", rule: "break-in" });
  events.pipeline.failed("outbox", new Error("the disk is full"));
  t.match(health.snapshot().outbox, { state: "failed", detail: "the disk is full" });
  events.store.committed(0.01);
  t.match(health.snapshot().outbox, { state: "ready" });
  events.life.stopping("SIGTERM");
  t.ok(health.snapshot().stopping);
  for (let i = 0; i < 3; i++) events.life.stillRunning("sources", ["store"], 5000 * i);
  t.equal(lines.filter((line) => line["msg"] === "still stopping").length, 3);
  t.end();
});

void t.test("events: what delivery lacks is one line, a gauge by reason and readyz, until it is over", async (t) => {
  const { events, lines, health, metrics } = daemonTelemetry();
  const shown = async () => [...(await metrics.scrape()).matchAll(/fusiond_delivery_degraded\{reason="(\w+)"\} 1/g)].map(([, reason]) => reason);
  events.bus.connected(true);
  events.bus.delivery({ state: "deliverable" });
  t.same([await shown(), readyz(health.snapshot()).checks.at(-1)?.status], [[], "ok"]);
  events.bus.delivery({ state: "degraded", reason: "full", detail: "the stream is full: make room" });
  t.match(lines.at(-1), { level: "error", reason: "full", detail: /make room/ });
  t.same(await shown(), ["full"]);
  t.match(readyz(health.snapshot()).checks.at(-1), { name: "delivery", status: "degraded", reason: "the stream is full: make room" });
  events.bus.connected(false);
  t.same(await shown(), [], "without a broker it is the broker that is missing");
  events.bus.connected(true);
  t.same(await shown(), ["full"]);
  events.bus.delivery({ state: "unknown" });
  events.bus.delivery({ state: "deliverable" });
  t.match(lines.at(-1), { level: "info", msg: "the broker stores alerts again" });
  const before = lines.length;
  events.bus.delivery({ state: "deliverable" });
  t.equal(lines.length, before, "told once");
});
