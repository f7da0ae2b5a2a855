// The way out of a perception process: in order, one message at a time, bounded.
import t from "tap";
import { Outlet } from "../../daemon/perception/outlet.js";
import { REPORTS_UNDER_WAY_MAX, type Told } from "../../daemon/perception/protocol.js";
import { decodeReport } from "../../daemon/report/report-codec.js";
import type { ProgressReport } from "../../daemon/report/report.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function progress(seq: number): ProgressReport {
  return { kind: "progress", site: "s", encoders: "e", sourceId: "cam", modality: "image", run: 1, seq, time: seq };
}

/** An outlet whose channel takes the next message when it is told to. */
function outletWith(): { outlet: Outlet; told: Extract<Told, { kind: "told" }>[]; take: () => void } {
  const told: Extract<Told, { kind: "told" }>[] = [];
  let sent: (() => void) | undefined;
  const outlet = new Outlet((message, done) => {
    if (message.kind === "told") told.push(message);
    sent = done;
  });
  return { outlet, told, take: () => sent?.() };
}

void t.test("outlet: a turn of the event loop is one message, and while one is under way the rest waits", async (t) => {
  const { outlet, told, take } = outletWith();
  void outlet.report(progress(0));
  void outlet.report(progress(1));
  outlet.call({ of: "encoder", call: ["failed", "image", "encode_failed"] });
  outlet.beat({ oldestMs: 1, waiting: [] });
  await turn();
  t.match(told, [{ calls: [{ of: "encoder" }], callsLost: 0, beat: { oldestMs: 1 } }]);
  t.same(told[0]?.reports.map(decodeReport), [progress(0), progress(1)]);
  void outlet.report(progress(2));
  await turn();
  t.equal(told.length, 1, "the channel has not taken the first");
  take();
  await turn();
  t.match(told[1], { reports: [{}], calls: [] });
});

void t.test("outlet: who reports waits while too many reports were not taken in", async (t) => {
  const { outlet, take } = outletWith();
  const waited = Array.from({ length: REPORTS_UNDER_WAY_MAX - 1 }, (_, seq) => outlet.report(progress(seq))).filter((one) => one !== undefined);
  t.same(waited, [], "there was room for these");
  let hasRoom = false;
  const waits = Promise.resolve(outlet.report(progress(REPORTS_UNDER_WAY_MAX))).then(() => (hasRoom = true));
  await turn();
  take();
  await turn();
  t.notOk(hasRoom, "sent is not taken in");
  outlet.taken(2);
  await waits;
});

void t.test("outlet: calls that find no room are counted", async (t) => {
  const { outlet, told, take } = outletWith();
  outlet.call({ of: "encoder", call: ["scanPutOff", "cam"] });
  await turn();
  for (let i = 0; i < 5000; i++) outlet.call({ of: "encoder", call: ["scanPutOff", "cam"] });
  take();
  await turn();
  t.equal(told[1]?.calls.length, 4096);
  t.equal(told[1]?.callsLost, 5000 - 4096);
});
