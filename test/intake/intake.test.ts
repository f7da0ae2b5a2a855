// The way in: what comes twice or in another order, and who has told its last.
import fc from "fast-check";
import t from "tap";
import { GroupRunner, type GroupResult } from "../../daemon/groups/group-runner.js";
import { Intake } from "../../daemon/intake/intake.js";
import type { ReportRefusal } from "../../daemon/intake/intake-telemetry.js";
import { decodeCheckpoint, decodeEntry, encodeCheckpoint, encodeEntry } from "../../daemon/intake/journal-codec.js";
import { decodeReport, encodeReport } from "../../daemon/report/report-codec.js";
import type { Report } from "../../daemon/report/report.js";
import { endedAt, observationId } from "../../fusion/model/observation.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import { silentPipeline } from "../../daemon/score/silence.js";
import { compileRule } from "../../rules/compile-rule.js";
import { optionsFor, sceneOf } from "../groups/scene-support.js";
import { runnerOptions, sceneInputs, silent } from "../pipeline/rig.js";
import { any, field, hear, ruleSource } from "../rules/support.js";
import { holds } from "../support/property.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";

const scene = sceneOf(3);
const known = { site: "test", encoders: scene.space.id };
const inputs = sceneInputs.map(([sourceId, modality]) => ({ sourceId, modality }));

/** What perception tells of the scene, by input in order: that it is well, what it saw, how far it is. */
function reportsOf(): readonly { readonly at: number; readonly report: Report }[] {
  return inputs.flatMap((input) => {
    let seq = 0;
    const base = (): { site: string; encoders: string; sourceId: string; modality: (typeof input)["modality"]; run: number; seq: number } => ({ site: known.site, encoders: known.encoders, ...input, run: 7, seq: seq++ });
    const own = scene.observations.map((one) => one.observation).filter(({ sourceId }) => sourceId === input.sourceId);
    const told = own.flatMap((observation): { at: number; report: Report }[] => {
      const numbers = base();
      const at = endedAt(observation);
      return [
        { at, report: { ...numbers, kind: "observation", observation: { ...observation, run: numbers.run, seq: numbers.seq, id: observationId(numbers) }, captureMs: 1, encodeMs: 1 } },
        { at, report: { ...base(), kind: "progress", time: at } },
      ];
    });
    return [{ at: 0, report: { ...base(), kind: "witness", at: 0, healthy: true } }, ...told];
  });
}

/** An intake over one group, and all that it says. */
class Rig {
  runner = new GroupRunner(runnerOptions(scene), silent);
  readonly refused: ReportRefusal[] = [];
  /** The newest revision of each event that was committed. */
  readonly committed = new Map<string, string>();
  journal: Uint8Array[] = [];
  checkpoint: Uint8Array | undefined;
  intake = this.#made();

  #made(): Intake {
    return new Intake({
      groups: [this.runner],
      groupOf: () => this.runner,
      clock: new VirtualClock(),
      telemetry: {
        ...silentPipeline,
        refused: (_sourceId, reason) => void this.refused.push(reason),
      },
      written: encodeEntry,
      write: (_group, result, written) => this.#write(result, written),
    });
  }
  #write(result: GroupResult, written: Uint8Array | undefined): void {
    if (result.step !== undefined) this.journal.push(written ?? encodeEntry(result.step));
    for (const event of result.events) this.committed.set(event.id, `${event.id} ${event.revision} ${event.phase}`);
  }
  fold(): void {
    this.checkpoint = encodeCheckpoint(this.runner.checkpoint());
    this.journal = this.runner.tail.map(encodeEntry);
  }
  /** As after kill -9. */
  restart(): void {
    const journal = this.journal.map(decodeEntry);
    this.runner = new GroupRunner(runnerOptions(scene), silent);
    this.runner.recover(this.checkpoint === undefined ? undefined : decodeCheckpoint(this.checkpoint), journal);
    this.intake = this.#made();
    this.fold();
  }
  tell(...reports: readonly Report[]): void {
    for (const report of reports) this.intake.take(decodeReport(encodeReport(report)));
    this.intake.pass();
  }
  /** Everything is over: what came of it, for good. */
  outcome(): unknown {
    this.#write(this.runner.take({ kind: "complete", to: 200_000 }), undefined);
    const { state, watermark } = this.runner.checkpoint();
    return JSON.stringify([watermark, [...this.committed.values()].sort(), state.rules.spans, [...state.rules.rules].map(([id, { resolved }]) => [id, resolved])]);
  }
}

const LATENESS_MS = 1000;

void t.test("intake: duplicates and permutations of reports within the lateness give the same events and incidents", (t) => {
  const inOrder = [...reportsOf()].sort((a, b) => a.at - b.at);
  const plain = new Rig();
  plain.tell(...inOrder.map(({ report }) => report));
  const wanted = plain.outcome();
  let duplicates = 0;
  holds(
    t,
    "each once and in order, or any other way",
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const random = seededRandom(seed);
      const late = ({ report, at }: (typeof inOrder)[number]): number => at + (report.kind === "progress" ? LATENESS_MS : random.unit() * (LATENESS_MS - 1)); // what progress covers has come
      const arrivals = inOrder.flatMap((one) => Array.from({ length: 1 + Math.floor(random.unit() * 2.5) }, () => ({ ...one, comes: late(one) }))).sort((a, b) => a.comes - b.comes);
      const rig = new Rig();
      for (const { report } of arrivals) rig.tell(report);
      duplicates += rig.refused.filter((reason) => reason === "duplicate").length;
      return rig.outcome() === wanted && rig.refused.every((reason) => reason === "duplicate") && rig.refused.length === arrivals.length - inOrder.length;
    }),
    15,
  );
  t.ok(duplicates > 300, `${duplicates} duplicates`);
  t.ok(plain.committed.size > 5, "there was something to tell");
  t.end();
});

void t.test("intake: what was taken before a kill is not taken again when it is told again", (t) => {
  const inOrder = [...reportsOf()].sort((a, b) => a.at - b.at).map(({ report }) => report);
  const observations = inOrder.filter(({ kind }) => kind === "observation");
  holds(
    t,
    "killed anywhere, its checkpoint anywhere before, told again from anywhere",
    fc.property(fc.nat(inOrder.length - 1), fc.nat(), fc.nat(), (kill, foldAt, back) => {
      const rig = new Rig();
      rig.fold();
      for (const [i, report] of inOrder.slice(0, kill).entries()) {
        rig.tell(report);
        if (i === foldAt % (kill + 1)) rig.fold();
      }
      rig.restart();
      const from = kill - (back % (kill + 1));
      rig.tell(...inOrder.slice(from));
      const again = observations.filter((report) => inOrder.indexOf(report) >= from && inOrder.indexOf(report) < kill);
      const refusedTwice = rig.refused.filter((reason) => reason === "duplicate").length;
      return again.length <= refusedTwice && refusedTwice <= kill - from;
    }),
    25,
  );
  t.end();
});

void t.test("intake: who has told its last does not vouch for the silence after it, while others go on", (t) => {
  for (const heardTo of [8000, 12_000]) {
    const rule = ruleSource(any(field("door", "open")), { unless: [{ condition: hear("0"), withinMs: 5000, afterMs: 0 }] });
    const [mic, badges] = [{ sourceId: "mic", modality: "audio" }, { sourceId: "badges", modality: "text" }] as const;
    const rules = { site: known.site, groupId: "yard", rules: [compileRule(rule, 0.05, Number)] };
    const runner = new GroupRunner({ ...runnerOptions(scene), inputs: [mic, badges], state: { ...optionsFor(scene), rules } }, silent);
    const alerts: unknown[] = [];
    const intake = new Intake({ groups: [runner], groupOf: () => runner, clock: new VirtualClock(), telemetry: silentPipeline, written: () => undefined, write: (_group, { publication }) => void alerts.push(...publication.alerts) });
    let seq = 0;
    const base = <I extends typeof mic | typeof badges>(input: I) => ({ site: known.site, encoders: known.encoders, ...input, run: 1, seq: seq++ });
    for (const input of [mic, badges]) intake.take({ kind: "witness", ...base(input), at: 1000, healthy: true });
    intake.take({ kind: "progress", ...base(mic), time: heardTo });
    intake.take({ kind: "end", ...base(mic) });
    const line = base(badges);
    intake.take({ kind: "observation", ...line, observation: { ...badges, run: 1, seq: line.seq, id: observationId(line), capturedAt: 9500, durationMs: 0, gate: "open", quality: 1, fields: new Map([["door", "open"]]) }, captureMs: 0, encodeMs: 0 });
    intake.take({ kind: "progress", ...base(badges), time: 12_000 });
    intake.pass();
    t.equal(runner.watermark, 11_000);
    t.equal(alerts.length, heardTo > 9500 ? 1 : 0, `a door at 9500, and somebody listened until ${heardTo}`);
  }
  t.end();
});
