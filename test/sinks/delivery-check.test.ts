// The state of delivery over every order of what can be told of it.
import fc from "fast-check";
import t from "tap";
import { BrokerFault, brokerFailure, deliveryFaultOf } from "../../daemon/bus/broker-failure.js";
import type { DeliveryFault } from "../../daemon/bus/bus.js";
import { DeliveryCheck, type DeliveryState } from "../../daemon/sinks/delivery-check.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { holds } from "../support/property.js";

const timeout: DeliveryFault = { reason: "timeout", detail: "no answer" };
const tooLarge: DeliveryFault = { reason: "too_large", detail: "too large" };
const unfit: DeliveryFault = { reason: "unfit", detail: "a mirror" };

function rig() {
  const told: string[] = [];
  const check = new DeliveryCheck((state) => told.push(state.state === "degraded" ? state.reason : state.state));
  return { check, told };
}

void t.test("delivery check: one failure is a moment, two are told, and the next message taken ends it", (t) => {
  const { check, told } = rig();
  check.failed(timeout, true);
  t.equal(check.state.state, "unknown");
  check.failed(timeout, true);
  check.failed(timeout, true);
  check.looked(undefined);
  check.failed(timeout, false);
  check.looked(undefined);
  t.equal(check.state.state, "deliverable", "a blink");
  check.failed(timeout, false);
  check.looked(undefined);
  t.equal(check.state.state, "degraded", "that it can be opened does not mean that it takes anything");
  check.accepted("a");
  t.same(told, ["timeout", "deliverable", "timeout", "deliverable"]);
  t.end();
});

void t.test("delivery check: a refused message is told at once and until it is taken, and hides no graver cause", (t) => {
  const { check, told } = rig();
  check.looked(tooLarge);
  check.rejected("a", tooLarge);
  check.rejected("b", tooLarge);
  t.same(told, ["too_large", "too_large"], "it may happen, and it did");
  check.looked(unfit);
  t.match(check.state, { reason: "unfit" });
  check.looked(undefined);
  check.accepted("a");
  t.match(check.state, { reason: "too_large" });
  check.accepted("b");
  t.equal(check.state.state, "deliverable");
  check.rejected("c", tooLarge);
  check.idle();
  t.equal(check.state.state, "deliverable", "it was shed");
  check.rejected("d", tooLarge);
  check.lost();
  t.equal(check.state.state, "unknown");
  t.end();
});

void t.test("delivery check: tells each change once, whatever comes in whatever order, and ends well when all is well", (t) => {
  const fault = fc.constantFrom(timeout, tooLarge, unfit);
  const key = fc.constantFrom("a", "b");
  const step = fc.oneof(
    fc.tuple(fc.constant("looked"), fc.option(fault, { nil: undefined })),
    fc.tuple(fc.constant("failed"), fault, fc.boolean()),
    fc.tuple(fc.constant("rejected"), key, fault),
    fc.tuple(fc.constant("accepted"), key),
    fc.tuple(fc.constantFrom("idle", "lost")),
  );
  holds(
    t,
    "what was told last is the state",
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let last: DeliveryState = { state: "unknown" };
      let same = 0;
      const check = new DeliveryCheck((state) => {
        if (state.state === last.state && state.state !== "degraded") same++;
        last = state;
      });
      for (const [what, ...args] of steps) {
        (check as unknown as Record<string, (...args: readonly unknown[]) => void>)[what]!(...args);
        if (check.state.state !== last.state) return false;
      }
      check.idle();
      check.looked(undefined);
      return same === 0 && check.state.state === "deliverable";
    }),
  );
  t.end();
});

void t.test("broker failure: every answer has a reason, and advice that says what to do", (t) => {
  const of = (code: string, apiCode?: number, text = "") => brokerFailure("publish", { code, text, ...(apiCode === undefined ? {} : { apiCode }) });
  t.match(of("503"), { reason: "no_stream" });
  t.match(brokerFailure("stream", { code: "503", text: "" }), { reason: "no_jetstream" });
  t.match(of("503", 10077, "maximum messages exceeded"), { reason: "full", code: "sink_unavailable" });
  t.match(of("503", 10077, "maximum messages per subject exceeded"), { reason: "full", code: "sink_rejected" });
  t.match(of("503", 10077, "write 1.blk: no space left on device"), { reason: "full" });
  t.match(of("503", 10077, "open 1.blk: no such file or directory"), { reason: "refused", advice: /broker's log/ });
  t.match(of("400", 10109), { reason: "unfit" });
  t.match(of("400", 10060), { reason: "subjects_taken" });
  t.match(of("500", 12345), { reason: "refused" });
  t.match(of("TIMEOUT"), { reason: "timeout" });
  t.match(of("CONNECTION_CLOSED"), { reason: "disconnected" });
  t.equal(deliveryFaultOf(new FusiondError("sink_unavailable", "x")), undefined);
  t.equal(deliveryFaultOf(new BrokerFault(of("DISCONNECT"), "x", {})), undefined, "the broker's absence is told elsewhere");
  t.same(deliveryFaultOf(new BrokerFault(of("TIMEOUT"), "x", {})), { reason: "timeout", detail: "x" });
  t.end();
});
