// A group to try rules on: events and scores made by hand, time in seconds.
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Modality } from "../../fusion/model/modality.js";
import { observationId, type Observation } from "../../fusion/model/observation.js";
import { compileRule, plainTerms, promptsOfRules, type ConditionSource, type RuleSource } from "../../rules/compile-rule.js";
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
  /** Whether healthy cameras look at all of their picture, once a second. */
  scanning = true;
  readonly #scannedTo = new Map<string, number>();

  constructor(rules: RuleSource | readonly RuleSource[], termsOf: Parameters<typeof compileRule>[3] = plainTerms) {
    const sources = [rules].flat();
    this.#prompts = promptsOfRules(sources);
    const compiled = sources.map((rule) => compileRule(rule, 0.05, (words) => this.#prompts.indexOf(words), termsOf));
    this.engine = new RuleEngine({ site: "test", groupId: "yard", rules: compiled });
  }

  /** An observation joins the event and says `llr` about the prompt; `place`, `moving`: it is a look at one, in which something moves. */
  step(atS: number, eventId: string, modality: Modality, prompt: string, llr: number, sourceId = modality === "audio" ? "mic" : "cam", place?: number, moving = false): void {
    this.passTo(atS);
    const observation = { ...this.#observation(atS, modality, sourceId, place), ...(moving ? { moving } : {}) };
    this.notes.push(...this.engine.observeMember(this.event(eventId, observation.capturedAt), observation, this.#said(prompt, llr), this.#complete(atS)));
  }

  /** A look at a place shows what always stands there. */
  furniture(atS: number, prompt: string, llr: number, sourceId = "cam", place = 7, isFurniture = true): void {
    this.passTo(atS);
    this.engine.observeUntold(this.#observation(atS, "image", sourceId, place), this.#said(prompt, llr), isFurniture);
  }

  #observation(atS: number, modality: Modality, sourceId: string, place: number | undefined): Observation {
    const key = { sourceId, modality, run: 0, seq: this.#seq++, capturedAt: atS * 1000, durationMs: 0 };
    return { ...key, id: observationId(key), gate: "open", quality: 1, ...(place === undefined ? {} : { place }) };
  }

  #said(prompt: string, llr: number): { llr: Float32Array; calibrated: boolean } {
    return { llr: Float32Array.from(this.#prompts, (words) => (words === prompt ? llr : -3)), calibrated: true };
  }

  /** A text line with a field; without `text` it reads as both. */
  line(atS: number, name: string, value: string, text = `${name} ${value}`): void {
    this.passTo(atS);
    const key = { sourceId: "badges", modality: "text" as const, run: 0, seq: this.#seq++, capturedAt: Math.round(atS * 1000), durationMs: 0 };
    const observation: Observation = { ...key, id: observationId(key), gate: "open", quality: 1, text, fields: new Map([[name, value]]) };
    this.notes.push(...this.engine.observeFields(observation, this.#complete(atS)));
  }

  passTo(atS: number): void {
    for (const [sourceId, from] of this.scanning ? [...this.#scannedTo] : []) {
      for (let second = Math.ceil(from); second + 1 <= atS; second++) this.#scan(sourceId, second, second + 1);
    }
    this.notes.push(...this.engine.advance(Math.round(atS * 1000), this.#complete(atS), (id) => this.#events.has(id)));
  }

  healthy(atS: number, sourceId: string, modality: Modality, healthy = true): void {
    this.engine.witness({ sourceId, modality, at: atS * 1000, healthy });
    if (modality === "image" && healthy) this.#scannedTo.set(sourceId, atS);
    if (modality === "image" && !healthy) this.#scannedTo.delete(sourceId);
  }

  /** A camera has looked at all of its picture. */
  scanned(fromS: number, toS: number, sourceId = "cam"): void {
    this.passTo(toS);
    this.#scan(sourceId, fromS, toS);
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

  #scan(sourceId: string, fromS: number, toS: number): void {
    this.engine.scan(sourceId, { from: fromS * 1000, to: toS * 1000 });
    this.#scannedTo.set(sourceId, toS);
  }

  #complete(atS: number): number {
    return (this.completeTo === -1 ? atS : this.completeTo) * 1000;
  }
}
