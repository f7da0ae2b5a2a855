// The clock is set while a group works, while it is down, and while the machine sleeps.
import fc from "fast-check";
import t from "tap";
import type { Encoder } from "../../encoders/encoder.js";
import type { TextCapture } from "../../encoders/capture.js";
import { observationId } from "../../fusion/model/observation.js";
import { compileRule, type RuleSource } from "../../rules/compile-rule.js";
import type { Incident } from "../../rules/incident.js";
import { Committer } from "../../daemon/intake/committer.js";
import { GroupRunner, type GroupRunnerOptions } from "../../daemon/groups/group-runner.js";
import { decodeCheckpoint, decodeEntry } from "../../daemon/intake/journal-codec.js";
import { Pipeline } from "../../daemon/pipeline/pipeline.js";
import { EventClock } from "../../daemon/runtime/event-clock.js";
import { TextSource } from "../../daemon/sources/text-source.js";
import { VirtualClock } from "../sources/virtual-clock.js";
import { RememberedTelemetry } from "../sources/support.js";
import { holds } from "../support/property.js";
import { Losses, MemoryStore, recoveredFrom, silent } from "./rig.js";
import { optionsFor, sceneOf } from "../groups/scene-support.js";

const HOUR_MS = 3_600_000;
const STEPS_MS = [10_000, HOUR_MS, 24 * HOUR_MS].flatMap((ms) => [ms, -ms]);

const base: Omit<RuleSource, "id" | "condition"> = {
  severity: "warning",
  unless: [],
  withinMs: 1000,
  sameEvent: false,
  confidence: 0.5,
  confirmations: 1,
  holdForMs: 0,
  resolveAfterMs: 2000,
  cooldownMs: 0,
  updateEveryMs: 30_000,
  whenBlind: "stay_silent",
};
const door = { kind: "field", field: "e", equals: "door" } as const;
const badge = { kind: "field", field: "e", equals: "badge" } as const;
const rules: readonly RuleSource[] = [
  { ...base, id: "plain", condition: door },
  { ...base, id: "cooled", condition: door, cooldownMs: 20_000 },
  { ...base, id: "held", condition: { kind: "field", field: "e", equals: "alarm" }, holdForMs: 4000, resolveAfterMs: 3000 },
  { ...base, id: "unbadged", condition: door, unless: [{ condition: badge, withinMs: 60_000, afterMs: 1000 }] },
];

function groupOptions(): GroupRunnerOptions {
  const state = optionsFor(sceneOf(1));
  const compiled = rules.map((rule) => compileRule(rule, 0.05, () => 0));
  return {
    groupId: "yard",
    encoders: "none",
    state: { ...state, rules: { site: "test", groupId: "yard", rules: compiled } },
    inputs: [{ sourceId: "log", modality: "text" }],
    allowedLatenessMs: 2000,
    idleAfterMs: 10_000,
    updateEveryMs: () => 30_000,
  };
}

interface Alert {
  readonly incident: Incident;
  readonly revision: number;
  /** The wall clock when it was told, ms. */
  readonly toldAt: number;
  readonly ageMs: number;
}

let lives = 0;

/** One daemon's life around a group of one text feed: starts, goes on on the same store, is killed. */
class Life {
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  readonly alerts: Alert[];
  readonly runner = new GroupRunner(groupOptions(), { ...silent, late: () => void this.late++ });
  readonly setBackMs: number;
  readonly steps: number[] = [];
  late = 0;
  readonly #pipeline: Pipeline;
  readonly #committer: Committer;
  #say: (data: Uint8Array) => void = () => undefined;

  constructor(clock: VirtualClock, store = new MemoryStore(), alerts: Alert[] = []) {
    this.clock = clock;
    this.store = store;
    this.alerts = alerts;
    const left = recoveredFrom(store.batches);
    const eventClock = new EventClock(clock);
    const checkpoint = left.checkpoint === undefined ? undefined : decodeCheckpoint(left.checkpoint);
    this.setBackMs = this.runner.recover(checkpoint, left.journal.map(decodeEntry), eventClock.nowMs()).setBackMs ?? 0;
    const fail = (error: unknown): void => {
      throw error;
    };
    const losses = new Losses();
    losses.clockSet = (stepMs) => this.steps.push(stepMs);
    this.#committer = new Committer({ store, clock, waitingMax: 64, retryMs: 10, onCommitted: () => undefined, onFailure: fail, onRetry: fail });
    const feed = { subscribe: (_subject: string, onMessage: (data: Uint8Array) => void) => ((this.#say = onMessage), Promise.resolve({ close: () => Promise.resolve() })) };
    const limits = { lineBytesMax: 4096, linesPerSecondMax: 50, queueCapacity: 64 };
    this.#pipeline = new Pipeline({
      sources: [new TextSource({ id: "log", origin: { kind: "subject", subject: "s", feed }, json: true, ...limits }, new RememberedTelemetry(), clock)],
      elsewhere: [],
      encoders: new Map([["text", lines]]),
      groups: [this.runner],
      origin: { site: "test", encoders: "test", run: ++lives },
      groupOf: () => this.runner,
      committer: this.#committer,
      clock,
      eventClock,
      telemetry: losses,
      queueCapacity: () => 16,
      budget: { itemsMax: 1024, bytesMax: 2 ** 28 },
      alertsWait: () => false,
      alert: ({ incident, revision }) => {
        this.alerts.push({ incident, revision, toldAt: clock.wallNowMs(), ageMs: eventClock.ageMs(incident.updatedAt) });
        return { messageId: `${incident.id}.${revision}`, key: incident.id, subject: "a", class: "alert", causedAt: incident.updatedAt, body: new Uint8Array() };
      },
      candidate: () => undefined,
      event: () => undefined,
      health: (sourceId, { state, at }) => ({ messageId: `${sourceId}.${at}.${state}`, key: sourceId, subject: "health", class: "health", causedAt: at, body: new Uint8Array() }),
    });
    this.#pipeline.start();
  }

  async say(e: string, thenMs: number): Promise<void> {
    this.#say(Buffer.from(JSON.stringify({ e })));
    await this.clock.advance(thenMs);
  }

  /** Everything that is committed stays, as after a kill; what still runs is stopped without a word. */
  async kill(): Promise<MemoryStore> {
    const kept = new MemoryStore();
    kept.batches.push(...this.store.batches);
    const now = AbortSignal.abort();
    const stopped = Promise.all([this.#pipeline.stop(now), this.#committer.stop(now)]);
    await this.clock.advance(1000);
    await stopped;
    return kept;
  }

  incidentsOf(rule: string): number {
    return new Set(this.alerts.flatMap(({ incident }) => (incident.ruleId === rule ? [incident.id] : []))).size;
  }

  of(rule: string, state: Incident["state"]): readonly Alert[] {
    return this.alerts.filter(({ incident }) => incident.ruleId === rule && incident.state === state);
  }
}

/** A tower that finds no word: lines count by their fields. */
const lines: Encoder = {
  modality: "text",
  space: "none",
  dimensions: 8,
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  encode: (capture) => {
    const { sourceId, modality, seq, capturedAt, durationMs, text, fields } = capture as TextCapture;
    const key = { sourceId, modality, run: 0, seq, capturedAt, durationMs };
    return Promise.resolve({ observations: [{ ...key, id: observationId(key), gate: "open", quality: 1, text, ...(fields === undefined ? {} : { fields }) }], encodeMs: 1 });
  },
};

/** What is wrong with what was told: revisions that repeat, incidents that were withdrawn, times that are not the clock's. */
function faultsOf(alerts: readonly Alert[], toldFrom: number, ageMaxMs = 60_000): readonly string[] {
  const revisions = new Map<string, number>();
  return alerts.flatMap(({ incident, revision, toldAt, ageMs }, i) => {
    const before = revisions.get(incident.id) ?? 0;
    revisions.set(incident.id, revision);
    return [
      ...(revision > before ? [] : [`${incident.ruleId}: revision ${revision} after ${before}`]),
      ...(incident.reason === undefined ? [] : [`${incident.ruleId}: ${incident.reason}`]),
      ...(i < toldFrom || incident.state !== "firing" || Math.abs(incident.startedAt - toldAt) <= 10_000 ? [] : [`${incident.ruleId} started at ${incident.startedAt}, told at ${toldAt}`]),
      ...(ageMs < ageMaxMs ? [] : [`${incident.ruleId}: delayed by ${ageMs} ms`]),
    ];
  });
}

for (const stepMs of STEPS_MS) {
  const way = `${stepMs > 0 ? "+" : "-"}${Math.abs(stepMs) / 1000} s`;

  void t.test(`pipeline: ${way} while running`, async (t) => {
    const life = new Life(new VirtualClock());
    await life.clock.advance(70_000);
    await life.say("door", 1000);
    t.equal(life.of("plain", "firing").length, 1);
    life.clock.jumpWall(stepMs);
    await life.clock.advance(500);
    t.equal(life.steps.length, 1);
    const before = life.alerts.length;
    await life.clock.advance(30_000);
    t.equal(life.of("plain", "resolved").length, 1, "what fired resolves");
    await life.say("door", 5000);
    t.equal(life.of("plain", "firing").length, 2);
    t.equal(life.of("cooled", "firing").length, 2, "the cooldown is over after twenty seconds, not after the step");
    t.strictSame(faultsOf(life.alerts, before), []);
    t.equal(life.late, 0, "nothing came too late");
    t.equal(life.incidentsOf("unbadged"), stepMs > 0 ? 1 : 2, "absence is concluded from what was watched, and not over what a step left out");
    t.ok(Math.abs(life.runner.watermark - life.clock.wallNowMs()) < 10_000, "the watermark is the clock's");
    await life.kill();
  });

  void t.test(`pipeline: ${way} across a restart`, async (t) => {
    const first = new Life(new VirtualClock());
    await first.clock.advance(70_000);
    await first.say("door", 1000);
    const store = await first.kill();
    const clock = new VirtualClock(first.clock.wallNowMs() + stepMs);
    const second = new Life(clock, store, [...first.alerts]);
    t.equal(second.setBackMs > 0, stepMs < 0);
    const before = first.alerts.length;
    await clock.advance(30_000);
    await second.say("door", 5000);
    await clock.advance(5000);
    t.equal(second.of("plain", "firing").length, 2);
    t.equal(second.of("plain", "resolved").length, 2);
    t.equal(second.of("cooled", "firing").length, 2);
    t.equal(second.incidentsOf("unbadged"), 0, "nobody watched while it was down");
    t.strictSame(faultsOf(second.alerts, before, Infinity), []); // how long it was down, only the wall clock knows
    t.equal(second.late, 0);
    await second.kill();
  });
}

void t.test("pipeline: a hold goes on over a step back, and resolves in its time", async (t) => {
  const life = new Life(new VirtualClock());
  await life.clock.advance(5000);
  await life.say("alarm", 2000);
  life.clock.jumpWall(-HOUR_MS);
  await life.clock.advance(400);
  await life.say("alarm", 1000);
  t.equal(life.of("held", "firing").length, 0, "held for 2.4 s");
  await life.say("alarm", 1000);
  t.equal(life.of("held", "firing").length, 0);
  await life.say("alarm", 500);
  t.equal(life.of("held", "firing").length, 1, "held for 4.4 s");
  await life.clock.advance(8000);
  t.equal(life.of("held", "resolved").length, 1);
  await life.kill();
});

void t.test("pipeline: the clock is set again and again, and no moment of the state lies ahead of it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...STEPS_MS, 1500, -1500, 300, -300), fc.constantFrom("door", "alarm", "badge")), { minLength: 1, maxLength: 6 }), async (list) => {
      const life = new Life(new VirtualClock());
      await life.clock.advance(3000);
      for (const [stepMs, what] of list) {
        await life.say(what, 700);
        life.clock.jumpWall(stepMs);
        await life.say(what, 400);
      }
      const { state } = life.runner.checkpoint();
      const newest = Math.max(0, ...momentsOf(state.rules));
      const before = life.of("plain", "firing").length;
      await life.clock.advance(60_000);
      await life.say("door", 5000);
      const fired = life.of("plain", "firing").length - before;
      // After a step back within the lateness a line can come to lie before the one that founded the incident: it is founded anew.
      const faults = faultsOf(life.alerts, Infinity).filter((fault) => !fault.endsWith("withdrawn"));
      await life.kill();
      const bound = life.clock.wallNowMs();
      if (fired !== 1 || faults.length > 0 || newest > bound) throw new Error(`fired ${fired}, newest ${newest - bound}, ${faults.join("; ")}`);
    }),
    { numRuns: 12 },
  );
});

void t.test("pipeline: a checkpoint from under a clock that ran ahead is set back as a whole", async (t) => {
  const first = new Life(new VirtualClock());
  await first.clock.advance(70_000);
  await first.say("door", 500);
  await first.say("alarm", 500);
  const store = await first.kill();
  holds(
    t,
    "any distance",
    fc.property(fc.integer({ min: 1, max: 400 * 24 * HOUR_MS }), (aheadMs) => {
      const left = recoveredFrom(store.batches);
      const nowMs = first.clock.wallNowMs() - 2000 - aheadMs;
      const runner = new GroupRunner(groupOptions(), silent);
      runner.recover(left.checkpoint === undefined ? undefined : decodeCheckpoint(left.checkpoint), left.journal.map(decodeEntry), nowMs);
      const { state, told, watermark } = runner.checkpoint();
      return Math.max(watermark, ...momentsOf(state.rules), ...momentsOf(told.map(({ incident }) => incident.updatedAt))) <= nowMs;
    }),
    50,
  );
});

/** Every number in a value that can only be a moment. */
function momentsOf(value: unknown): readonly number[] {
  if (typeof value === "number") return Number.isFinite(value) && value > 1e11 ? [value] : [];
  if (value instanceof Map) return [...value.values()].flatMap(momentsOf);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(momentsOf) : [];
}

