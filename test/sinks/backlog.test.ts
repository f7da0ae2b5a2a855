// How far publishing is behind.
import t from "tap";
import { Backlog } from "../../daemon/sinks/backlog.js";

void t.test("backlog: behind once too much is committed and not acknowledged, until it is half of that", (t) => {
  const backlog = new Backlog();
  backlog.committed(5000);
  t.notOk(backlog.isBehind, "a broker that is away holds nobody back");
  backlog.open = true;
  backlog.committed(1025);
  t.ok(backlog.isBehind);
  for (let i = 0; i < 512; i++) backlog.acknowledged();
  t.ok(backlog.isBehind);
  backlog.acknowledged();
  t.notOk(backlog.isBehind);
  backlog.committed(5000);
  backlog.onlyInFlight(10);
  t.notOk(backlog.isBehind, "what was superseded no longer counts");
  backlog.committed(5000);
  backlog.open = false;
  t.notOk(backlog.isBehind);
  t.end();
});
