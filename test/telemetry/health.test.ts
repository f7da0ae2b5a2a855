// livez and readyz over every state that matters.
import t from "tap";
import { HealthBoard } from "../../daemon/telemetry/health-board.js";
import { livez, readyz, STALL_BOUND_MS, type HealthSnapshot, type SourceHealth } from "../../daemon/telemetry/health.js";
import type { SourceState } from "../../daemon/sources/source.js";
import { Redactor } from "../../daemon/telemetry/redact.js";
import { VirtualClock } from "./virtual-clock.js";

const healthy: SourceHealth = { state: "healthy", blind: [] };

const good: HealthSnapshot = {
  stopping: false,
  towers: new Map([["image", { state: "ready" }]]),
  perception: new Map([["p1", { state: "ready" }]]),
  outbox: { state: "ready" },
  sources: new Map([["dock-cam", healthy]]),
  blind: [],
  broker: { state: "ready" },
  astray: [],
  delivery: { state: "ready" },
  shed: new Map(),
  place: [],
  pipeline: { waitingItems: 0, stalledMs: 0 },
};

function lostFor(forMs: number): HealthSnapshot["blind"][number] {
  return { sourceId: "dock-cam", modality: "image", why: "it keeps crashing", forMs };
}

void t.test("readyz: the matrix of what may be missing", (t) => {
  const table: readonly (readonly [string, Partial<HealthSnapshot>, string])[] = [
    ["all well", {}, "ok"],
    ["no tower yet", { towers: new Map() }, "failed; towers: none is proved yet"],
    ["a process not up yet", { perception: new Map([["p1", { state: "starting" }]]) }, "failed; perception: p1 has not proved its towers yet"],
    [
      "a process lost",
      { perception: new Map([["p1", { state: "ready" }], ["p2", { state: "failed", detail: "perception process p2 ended by SIGKILL" }]]) },
      "degraded; perception: perception process p2 ended by SIGKILL",
    ],
    ["tower failed", { towers: new Map([["image", { state: "failed", detail: "golden vectors differ" }]]) }, "failed; towers: image failed (golden vectors differ)"],
    [
      "one tower failed",
      { towers: new Map([["image", { state: "failed", detail: "it keeps crashing" }], ["audio", { state: "ready" }]]) },
      "degraded; towers: image failed (it keeps crashing)",
    ],
    ["outbox not open", { outbox: { state: "starting" } }, "failed; outbox: it is not open yet"],
    ["outbox refused", { outbox: { state: "failed", detail: "the disk is full" } }, "failed; outbox: the disk is full"],
    ["outbox refused, no reason", { outbox: { state: "failed" } }, "failed; outbox: it cannot be written"],
    ["no source", { sources: new Map() }, "failed; sources: there is none yet"],
    ["only source down", { sources: new Map([["dock-cam", down("recovering")]]) }, "failed; sources: dock-cam is recovering"],
    ["and why", { sources: new Map([["dock-cam", down("failed", "no answer")]]) }, "failed; sources: dock-cam is failed (no answer)"],
    ["a mute camera", { sources: new Map([["dock-cam", { state: "healthy", blind: [{ modality: "audio", why: "it has no sound track" }] }]]) }, "degraded; sources: dock-cam witnesses no audio (it has no sound track)"],
    ["one of two down", { sources: new Map([["dock-cam", down("failed")], ["yard-mic", healthy]]) }, "degraded; sources: dock-cam is failed"],
    ["a file that ended", { sources: new Map([["clip", down("ended")]]) }, "ok"],
    ["captures lost", { blind: [lostFor(9_000)] }, "degraded; observations: the picture of dock-cam is lost since 9 s (it keeps crashing)"],
    ["all blind for long", { blind: [lostFor(10_000)] }, "failed; observations: the picture of dock-cam is lost since 10 s (it keeps crashing)"],
    [
      "one of two blind for long",
      { sources: new Map([["dock-cam", healthy], ["yard-mic", healthy]]), blind: [lostFor(10_000)] },
      "degraded; observations: the picture of dock-cam is lost since 10 s (it keeps crashing)",
    ],
    ["no broker", { broker: { state: "failed", detail: "refused" } }, "degraded; broker: it is not connected, alerts wait on disk (refused)"],
    ["no broker yet", { broker: { state: "starting" } }, "degraded; broker: it is not connected, alerts wait on disk"],
    ["a source whose times are behind", { astray: [{ sourceId: "cam", lagMs: 48_000 }] }, "degraded; times: cam is 48 s behind the clock"],
    ["a source whose times are ahead", { astray: [{ sourceId: "cam", lagMs: -86_400_000 }] }, "degraded; times: cam is 86400 s ahead of the clock"],
    ["the disk is full", { place: [{ reason: "disk_full", detail: "free some room" }] }, "degraded; state_folder: free some room"],
    ["not delivered", { delivery: { state: "failed", detail: "the stream is full" } }, "degraded; delivery: the stream is full"],
    ["not delivered, no broker", { delivery: { state: "failed", detail: "x" }, broker: { state: "starting" } }, "degraded; broker: it is not connected, alerts wait on disk"],
    ["a chatty source", { shed: new Map([["rate", ["feed"]]]) }, "degraded; intake: more lines than the limit of a source (rate: feed): the rest is dropped"],
    [
      "too much of everything",
      { shed: new Map([["rate", ["a", "b", "c", "d", "e"]], ["queue_full", []], ["overload", ["a"]]]) },
      "degraded; intake: more lines than the limit of a source (rate: a, b, c and 2 more), and more than can be taken of all sources together (overload: a): the rest is dropped",
    ],
    ["stopping", { stopping: true }, "failed; daemon: it is stopping"],
    ["a stalled pipeline is livez' business", { pipeline: { waitingItems: 3, stalledMs: 1e9 } }, "ok"],
  ];
  for (const [name, change, line] of table) t.equal(readyz({ ...good, ...change }).line, line, name);
  t.strictSame(readyz(good).checks.map(({ name }) => name), ["towers", "perception", "outbox", "state_folder", "sources", "observations", "times", "intake", "broker", "delivery"]);
  t.end();
});

void t.test("health board: the reason that is shown is the last one, and goes with the outage", (t) => {
  const board = new HealthBoard(new Redactor());
  const source = (): SourceHealth | undefined => board.snapshot().sources.get("dock-cam");
  board.source("dock-cam", { state: "alarmed", detail: "no answer", witnesses: [{ modality: "image", healthy: false, at: 0, why: "no answer" }] });
  board.sourceTriedInVain("dock-cam", "wrong password for rtsp://admin:hunter2@10.0.0.7/");
  t.strictSame(source(), { state: "alarmed", why: "wrong password for rtsp://***@10.0.0.7/", blind: [{ modality: "image", why: "no answer" }] });
  board.source("dock-cam", { state: "healthy", witnesses: [{ modality: "image", healthy: true, at: 0 }] });
  board.sourceTriedInVain("dock-cam", "gone");
  t.strictSame(source(), healthy);
  t.end();
});

function down(state: SourceState, why?: string): SourceHealth {
  return { state, blind: [], ...(why === undefined ? {} : { why }) };
}

void t.test("livez: only a pipeline that holds something and finishes nothing is dead", (t) => {
  const at = (waitingItems: number, stalledMs: number) => livez({ ...good, pipeline: { waitingItems, stalledMs } });
  t.equal(at(0, 1e9).status, "ok");
  t.equal(at(3, STALL_BOUND_MS).status, "ok");
  t.equal(at(3, STALL_BOUND_MS + 1).line, "failed; pipeline: 3 items wait and none was finished for 30 s");
  t.equal(livez({ ...good, outbox: { state: "failed" }, broker: { state: "failed" }, sources: new Map() }).status, "ok", "depends on nothing outside");
  t.end();
});

void t.test("health board: waiting counts from when it was first seen, and progress ends it", (t) => {
  const clock = new VirtualClock();
  const board = new HealthBoard(new Redactor(), clock);
  let waiting = 0;
  board.watchWaiting(() => waiting);
  board.progressed();
  clock.advance(3_600_000);
  t.equal(livez(board.snapshot()).status, "ok", "idle for an hour");
  waiting = 2;
  t.equal(livez(board.snapshot()).status, "ok", "something came just now");
  clock.advance(STALL_BOUND_MS + 1);
  t.equal(livez(board.snapshot()).status, "failed", "nothing was finished since");
  board.progressed();
  t.equal(livez(board.snapshot()).status, "ok", "it moves again");
  waiting = 0;
  clock.advance(3_600_000);
  t.equal(livez(board.snapshot()).status, "ok", "idle again");
  t.end();
});

void t.test("health board: ready once towers, outbox and a source are; what stages say last counts", (t) => {
  const board = new HealthBoard(new Redactor());
  board.towerFailed("image", "it is not proved");
  t.equal(readyz(board.snapshot()).status, "failed");
  board.towerProved("image");
  board.outboxWritable();
  board.source("dock-cam", { state: "healthy", witnesses: [] });
  board.brokerMissing("connect nats://fusiond:hunter2@broker:4222");
  t.equal(readyz(board.snapshot()).line, "degraded; broker: it is not connected, alerts wait on disk (connect nats://***@broker:4222)");
  board.brokerConnected();
  t.equal(readyz(board.snapshot()).line, "ok");
  board.towerFailed("image", "it crashed");
  board.outboxRefused("the disk is full");
  board.removeSource("dock-cam");
  const failed = readyz(board.snapshot()).checks.filter(({ status }) => status === "failed");
  t.strictSame(failed.map(({ name }) => name), ["towers", "outbox", "sources"]);
  board.stopping();
  t.equal(readyz(board.snapshot()).checks[0]?.name, "daemon");
  t.end();
});

void t.test("health board: a source gives too much until nothing of it was dropped for a while", (t) => {
  const clock = new VirtualClock();
  const board = new HealthBoard(new Redactor(), clock);
  board.dropped("feed", "rate");
  board.dropped("feed", "malformed");
  clock.advance(10_000);
  board.dropped("cam", "overload");
  t.strictSame(board.snapshot().shed, new Map([["rate", ["feed"]], ["queue_full", []], ["overload", ["cam"]]]));
  clock.advance(10_000);
  t.strictSame(board.snapshot().shed.get("rate"), []);
  board.removeSource("cam");
  t.strictSame(board.snapshot().shed.get("overload"), []);
  t.end();
});
