// A group to try rules on: events and scores made by hand, time in seconds.
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Modality } from "../../fusion/model/modality.js";
import { observationId, type Observation } from "../../fusion/model/observation.js";
import { compileRule, promptsOfRules, type ConditionSource, type RuleSource } from "../../rules/compile-rule.js";
import type { Incident } from "../../rules/incident.js";
import { RuleEngine } from "../../rules/rule-engine.js";
import type { RuleNote } from "../../rules/rule-state.js";

export const hear = (prompt: string, confidence?: number): ConditionSource => ({ kind: "hear", prompt, confidence });
export const see = (prompt: string, confidence?: number): ConditionSource => ({ kind: "see", prompt, confidence });
export const all = (...of: ConditionSource[]): ConditionSource => ({ kind: "all", of });
export const any = (...of: ConditionSource[]): ConditionSource => ({ kind: "any", of });
export const none = (of: ConditionSource): ConditionSource => ({ kind: "not", of });
export const field = (name: string, equals: string): ConditionSource => ({ kind: "field", field: name, equals });

export function ruleSource(condition: ConditionSource, more: Partial<RuleSource> = {}): RuleSource {
  return {
    id: "rule",
    severity: "warning",
    condition,
    unless: [],
    withinMs: 5000,
    sameEvent: false,
    confidence: 0.7,
    confirmations: 1,
    holdForMs: 0,
    resolveAfterMs: 4000,
    cooldownMs: 0,
    updateEveryMs: 30_000,
    whenBlind: "stay_silent",
    ...more,
  };
}

/** An engine and a way to feed it: every call is one step at a time in seconds, complete to the newest step. */
export class RuleBench {
  readonly engine: RuleEngine;
  readonly notes: RuleNote[] = [];
  readonly #prompts: readonly string[];
  readonly #events = new Map<string, FusionEvent>();
  #seq = 0;
  /** How far time is complete, s; -1: as far as the newest step. */
  completeTo = -1;

  constructor(...rules: RuleSource[]) {
    this.#prompts = promptsOfRules(rules);
    const compiled = rules.map((rule) => compileRule(rule, 0.05, (words) => this.#prompts.indexOf(words)));
    this.engine = new RuleEngine({ site: "test", groupId: "yard", rules: compiled });
  }

  /** An observation joins the event and says `llr` about the prompt. */
  step(atS: number, eventId: string, modality: Modality, prompt: string, llr: number, sourceId = modality === "audio" ? "mic" : "cam"): void {
    this.passTo(atS);
    const capturedAt = atS * 1000;
    const key = { sourceId, modality, seq: this.#seq++, capturedAt, durationMs: 0 };
    const observation: Observation = { ...key, id: observationId(key), gate: "open", quality: 1 };
    const scores = Float32Array.from(this.#prompts, (words) => (words === prompt ? llr : -3));
    this.notes.push(...this.engine.observeMember(this.event(eventId, capturedAt), observation, scores, true, this.#complete(atS)));
  }

  /** A text line with a field; without `text` it reads as both. */
  line(atS: number, name: string, value: string, text = `${name} ${value}`): void {
    this.passTo(atS);
    const key = { sourceId: "badges", modality: "text" as const, seq: this.#seq++, capturedAt: Math.round(atS * 1000), durationMs: 0 };
    const observation: Observation = { ...key, id: observationId(key), gate: "open", quality: 1, text, fields: new Map([[name, value]]) };
    this.notes.push(...this.engine.observeFields(observation, this.#complete(atS)));
  }

  passTo(atS: number): void {
    this.notes.push(...this.engine.advance(Math.round(atS * 1000), this.#complete(atS), (id) => this.#events.has(id)));
  }

  healthy(atS: number, sourceId: string, modality: Modality, healthy = true): void {
    this.engine.witness({ sourceId, modality, at: atS * 1000, healthy });
  }

  event(id: string, capturedAt: number): FusionEvent {
    const before = this.#events.get(id);
    const event: FusionEvent = {
      id,
      groupId: "yard",
      revision: (before?.revision ?? 0) + 1,
      phase: "open",
      startedAt: before?.startedAt ?? capturedAt,
      endedAt: capturedAt,
      representatives: [],
      counts: { image: 0, audio: 0, text: 0 },
    };
    this.#events.set(id, event);
    return event;
  }

  close(id: string): void {
    this.#events.delete(id);
  }

  get incidents(): readonly Incident[] {
    return this.engine.incidents();
  }

  /** States of all incidents, the resolved ones first. */
  get states(): string {
    return this.incidents.map((incident) => incident.state).join(" ");
  }

  #complete(atS: number): number {
    return (this.completeTo === -1 ? atS : this.completeTo) * 1000;
  }
}
