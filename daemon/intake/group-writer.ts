// What groups make of their steps, on its way to the store and the outbox: journal, checkpoints and messages.
import { endedAt } from "../../fusion/model/observation.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Incident, IncidentRevision } from "../../rules/incident.js";
import type { GroupResult, GroupRunner } from "../groups/group-runner.js";
import type { OutboxMessage } from "../store/store.js";
import type { Committer } from "./committer.js";
import type { StageTimes } from "./intake.js";
import { encodeBackground, encodeCheckpoint, encodeEntry } from "./journal-codec.js";

/** What the writer works with. */
export interface GroupWriterOptions {
  readonly committer: Committer;
  /** Turns a revision into a message; the stage times are those of its newest observation. */
  readonly alert: (revision: IncidentRevision, stages: StageTimes | undefined) => OutboxMessage;
  /** Pending incidents, to look at. */
  readonly candidate: (incident: Incident) => void;
  /** A revision of an event that the watermark has committed. */
  readonly event: (event: FusionEvent) => void;
}

/** A group's journal is folded into a checkpoint after this many entries. */
const CHECKPOINT_ENTRIES = 512;
/** Observations whose stage times are remembered for their alert. */
const STAGES_MAX = 4096;

/** Hands what groups did to the committer, what they tell with it in one transaction. */
export class GroupWriter {
  readonly #options: GroupWriterOptions;
  readonly #stages = new Map<string, StageTimes>();
  readonly #journaled = new Map<string, number>();

  constructor(options: GroupWriterOptions) {
    this.#options = options;
  }

  /** How long an observation took, for the alert that it may make true. */
  remember(observationId: string, times: StageTimes): void {
    this.#stages.set(observationId, times);
    const oldest = this.#stages.keys().next();
    if (this.#stages.size > STAGES_MAX && oldest.done !== true) this.#stages.delete(oldest.value);
  }

  /** `step`: the bytes of the result's step, where they are made already. */
  write(group: GroupRunner, result: GroupResult, step?: Uint8Array): void {
    const { candidate, event, committer, alert } = this.#options;
    const { alerts, candidates } = result.publication;
    for (const incident of candidates) candidate(incident);
    for (const one of result.events) event(one);
    const entries = result.step === undefined ? [] : [step ?? encodeEntry(result.step)];
    if (alerts.length > 0) entries.push(encodeEntry({ kind: "passed", watermark: result.watermark }), ...alerts.map(encodeEntry));
    if (entries.length === 0) return;
    const journal = entries.map((bytes) => ({ groupId: group.groupId, bytes }));
    committer.add(journal, alerts.map((revision) => alert(revision, this.#stagesOf(revision))));
    const count = (this.#journaled.get(group.groupId) ?? 0) + entries.length;
    this.#journaled.set(group.groupId, count);
    if (count >= CHECKPOINT_ENTRIES) this.checkpoint(group);
  }

  /** Writes a group down as it stands, and tells `revisions` with it; `whole`: with every background that changed, not only with those that are due. */
  checkpoint(group: GroupRunner, revisions: readonly IncidentRevision[] = [], whole = false): void {
    const backgrounds = group.backgroundChanges(whole).map(({ place, written }) => (written === undefined ? { place } : { place, bytes: encodeBackground(written) }));
    const checkpoint = { groupId: group.groupId, bytes: encodeCheckpoint(group.checkpoint()), backgrounds };
    const tail = group.tail.map((step) => ({ groupId: group.groupId, bytes: encodeEntry(step) }));
    this.#options.committer.add(tail, this.#messages(revisions), checkpoint);
    this.#journaled.set(group.groupId, tail.length >= CHECKPOINT_ENTRIES ? 0 : tail.length);
  }

  /** Writes down that a group is no more, and tells the ends of its incidents. */
  forget(groupId: string, removed: readonly IncidentRevision[]): void {
    this.#options.committer.forget(groupId, this.#messages(removed));
  }

  #messages(revisions: readonly IncidentRevision[]): readonly OutboxMessage[] {
    return revisions.map((revision) => this.#options.alert(revision, undefined));
  }

  #stagesOf(revision: IncidentRevision): StageTimes | undefined {
    const newest = revision.incident.evidence.reduce<(typeof revision.incident.evidence)[number] | undefined>(
      (a, b) => (a === undefined || endedAt(b) > endedAt(a) ? b : a),
      undefined,
    );
    return newest === undefined ? undefined : this.#stages.get(newest.observationId);
  }
}
