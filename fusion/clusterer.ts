// Groups the observations of one group into events: leader-follower over log-likelihood ratios, in canonical order.
import { assertInvariant } from "./model/errors.js";
import type { CloseReason, FusionEvent, Representative } from "./model/event.js";
import type { Modality } from "./model/modality.js";
import { endedAt, observationId, shortHash, type Observation } from "./model/observation.js";
import type { PairCalibration } from "./model/space.js";
import { distanceMs, timeLogOdds } from "./link.js";
import { linkOf } from "./pair-links.js";

/** What a clusterer of one group is told once. Durations in ms of event time. */
export interface ClustererOptions {
  readonly groupId: string;
  /** Longest silence inside one event. */
  readonly sessionGapMs: number;
  /** An event that lasts longer is cut; the next one says which it continues. */
  readonly maxDurationMs: number;
  /** Longest observation of any source: how far back a later arrival can reach. */
  readonly observationMaxMs: number;
  /** Bound on open events; above it the one that has been silent longest is closed as "evicted". */
  readonly openMax: number;
  readonly conceptNames: readonly string[];
  readonly sameModality: Readonly<Record<Modality, PairCalibration>>;
}

/** A representative with what comparing needs. */
export interface Member {
  readonly representative: Representative;
  readonly odds: Float32Array;
  /** The sum of `odds`: how much it says about anything at all. */
  readonly totalOdds: number;
}

/** An event that may still grow. Immutable, JSON-safe except for its typed arrays. */
export interface OpenEvent {
  readonly event: FusionEvent;
  readonly members: readonly Member[];
  /** Regions that the gate followed, newest last: `<source>#<run>.<track>`. */
  readonly tracks: readonly string[];
}

/** What an observation or the passing of time did to the events of a group. */
export type EventChange =
  | { readonly kind: "founded" | "joined"; readonly event: FusionEvent; readonly observation: Observation }
  | { readonly kind: "merged"; readonly event: FusionEvent; readonly from: FusionEvent }
  | { readonly kind: "closed"; readonly event: FusionEvent };

/** Total log odds above which an observation joins: a false merge costs as much as a false split. */
const JOIN_LOG_ODDS = 0;

/** Members of an event that it is compared by, the first witnesses: a crowd of cameras says no more than these, only slower. */
const LINKED_MAX = 12;

/** Two events must be clearer than an observation and an event: a wrong merge cannot be undone. */
const MERGE_LLR = 3;

/** The gate followed a region from picture to picture: as good as certain. */
const SAME_TRACK_LLR = 8;

/** Tracks remembered of one event. */
const TRACKS_MAX = 32;

/** Smallest summed log odds for which an event is called by a concept's name. */
const NAMED_LLR = 2;

/**
 * The events of one group. A pure state machine: observations must come in canonical order, and time only goes forward.
 *
 * Each observation is decided alone: it joins the open event with the largest log odds or founds a new one; nothing is
 * ever split. `clone()` is cheap: open events are immutable values.
 */
export class Clusterer {
  readonly #options: ClustererOptions;
  readonly #open: Map<string, OpenEvent>;

  constructor(options: ClustererOptions, open: Iterable<OpenEvent> = []) {
    this.#options = options;
    this.#open = new Map([...open].map((state) => [state.event.id, state]));
  }

  /** Open events, in the order in which they were founded. Values are immutable. */
  get open(): readonly OpenEvent[] {
    return [...this.#open.values()];
  }

  get openCount(): number {
    return this.#open.size;
  }

  isOpen(eventId: string): boolean {
    return this.#open.has(eventId);
  }

  clone(): Clusterer {
    return new Clusterer(this.#options, this.#open.values());
  }

  /** Joins the observation to an event or founds one with it. `odds` are its score's, by concept. */
  observe(observation: Observation, odds: Float32Array): readonly EventChange[] {
    const member = memberOf(observation, odds);
    const best = this.#bestEvent(observation, member);
    if (best === undefined) return [this.#found(observation, member), ...this.#evict()];
    const startedAt = Math.min(best.event.startedAt, observation.capturedAt);
    if (endedAt(observation) - startedAt > this.#options.maxDurationMs) {
      const closed = this.#close(best, "max_duration");
      return [closed, this.#found(observation, member, best.event.id)];
    }
    const joined = this.#grow(best, observation, member, startedAt);
    return [{ kind: "joined", event: joined.event, observation }, ...this.#mergeInto(joined)];
  }

  /** Closes what nothing that ends at `timeMs` or later can join any more. */
  advance(timeMs: number): readonly EventChange[] {
    const reachMs = this.#options.sessionGapMs + this.#options.observationMaxMs;
    const over: OpenEvent[] = [];
    for (const state of this.#open.values()) if (state.event.endedAt + reachMs < timeMs) over.push(state);
    return over.map((state) => this.#close(state, "gap"));
  }

  #bestEvent(observation: Observation, member: Member): OpenEvent | undefined {
    let best: OpenEvent | undefined;
    let bestLogOdds = JOIN_LOG_ODDS;
    for (const state of this.#open.values()) {
      const gap = distanceMs(state.event.startedAt, state.event.endedAt, observation.capturedAt, endedAt(observation));
      if (gap > this.#options.sessionGapMs) continue;
      const followed = observation.track !== undefined && state.tracks.includes(trackKey(observation));
      const meaning = followed ? SAME_TRACK_LLR : this.#averageLink([member], state.members);
      const logOdds = meaning + timeLogOdds(gap, this.#options.sessionGapMs);
      const olderOfEqual = logOdds === bestLogOdds && best !== undefined && state.event.id < best.event.id;
      if (logOdds > bestLogOdds || olderOfEqual) {
        best = state;
        bestLogOdds = logOdds;
      }
    }
    return best;
  }

  #averageLink(a: readonly Member[], b: readonly Member[]): number {
    const [lefts, rights] = [Math.min(a.length, LINKED_MAX), Math.min(b.length, LINKED_MAX)];
    let sum = 0;
    for (let i = 0; i < lefts; i++) {
      for (let j = 0; j < rights; j++) sum += linkOf(a[i] as Member, b[j] as Member, this.#options.sameModality);
    }
    return sum / (lefts * rights);
  }

  #found(observation: Observation, member: Member, continues?: string): EventChange {
    const event: FusionEvent = {
      id: eventId(observation),
      groupId: this.#options.groupId,
      revision: 1,
      phase: "open",
      startedAt: observation.capturedAt,
      endedAt: endedAt(observation),
      representatives: [member.representative],
      counts: { image: 0, audio: 0, text: 0, [observation.modality]: 1 },
      ...this.#named([member]),
      ...(continues === undefined ? {} : { continues }),
    };
    assertInvariant(!this.#open.has(event.id), `observation ${observation.id} founded an event twice`);
    const tracks = observation.track === undefined ? [] : [trackKey(observation)];
    this.#open.set(event.id, { event, members: [member], tracks });
    return { kind: "founded", event, observation };
  }

  #grow(state: OpenEvent, observation: Observation, member: Member, startedAt: number): OpenEvent {
    const members = withMember(state.members, member);
    const event: FusionEvent = {
      ...(members === state.members ? state.event : this.#shownBy(members, state.event)),
      revision: state.event.revision + 1,
      startedAt,
      endedAt: Math.max(state.event.endedAt, endedAt(observation)),
      counts: { ...state.event.counts, [observation.modality]: state.event.counts[observation.modality] + 1 },
    };
    const tracks = observation.track === undefined ? state.tracks : withTrack(state.tracks, trackKey(observation));
    const grown: OpenEvent = { event, members, tracks };
    this.#open.set(event.id, grown);
    return grown;
  }

  /** Merges the changed event with every other that clearly means the same; the older founding observation keeps its id. */
  #mergeInto(changed: OpenEvent): readonly EventChange[] {
    for (const other of this.#open.values()) {
      if (other.event.id === changed.event.id) continue;
      const gap = distanceMs(other.event.startedAt, other.event.endedAt, changed.event.startedAt, changed.event.endedAt);
      const span = Math.max(other.event.endedAt, changed.event.endedAt) - Math.min(other.event.startedAt, changed.event.startedAt);
      if (gap > this.#options.sessionGapMs || span > this.#options.maxDurationMs) continue;
      if (this.#averageLink(changed.members, other.members) <= MERGE_LLR) continue;
      const [kept, gone] = isOlder(other.event, changed.event) ? [other, changed] : [changed, other];
      const merged = this.#merge(kept, gone);
      const from: FusionEvent = { ...gone.event, phase: "merged", mergedInto: kept.event.id, revision: gone.event.revision + 1 };
      return [{ kind: "merged", event: merged.event, from }, ...this.#mergeInto(merged)];
    }
    return [];
  }

  #merge(kept: OpenEvent, gone: OpenEvent): OpenEvent {
    const members = gone.members.reduce(withMember, kept.members);
    const { image, audio, text } = kept.event.counts;
    const event: FusionEvent = {
      ...this.#shownBy(members, kept.event),
      revision: kept.event.revision + 1,
      startedAt: Math.min(kept.event.startedAt, gone.event.startedAt),
      endedAt: Math.max(kept.event.endedAt, gone.event.endedAt),
      counts: { image: image + gone.event.counts.image, audio: audio + gone.event.counts.audio, text: text + gone.event.counts.text },
    };
    const merged: OpenEvent = { event, members, tracks: gone.tracks.reduce(withTrack, kept.tracks) };
    this.#open.delete(gone.event.id);
    this.#open.set(event.id, merged);
    return merged;
  }

  #close(state: OpenEvent, reason: CloseReason): EventChange {
    this.#open.delete(state.event.id);
    return { kind: "closed", event: closedEvent(state.event, reason) };
  }

  #evict(): readonly EventChange[] {
    if (this.#open.size <= this.#options.openMax) return [];
    const states = [...this.#open.values()];
    const oldest = states.reduce((a, b) => (b.event.endedAt < a.event.endedAt ? b : a));
    return [this.#close(oldest, "evicted")];
  }

  /** The event as its members show it. */
  #shownBy(members: readonly Member[], event: FusionEvent): FusionEvent {
    const { concept: _concept, ...rest } = event;
    return { ...rest, representatives: members.map((m) => m.representative), ...this.#named(members) };
  }

  /** The concept that the members together speak for most, if any stands out. */
  #named(members: readonly Member[]): { concept?: string } {
    let best = -1;
    let bestLlr = NAMED_LLR;
    for (let c = 0; c < this.#options.conceptNames.length; c++) {
      let llr = 0;
      for (const member of members) llr += Math.log(member.odds[c] as number);
      if (llr > bestLlr) {
        best = c;
        bestLlr = llr;
      }
    }
    const concept = this.#options.conceptNames[best];
    return concept === undefined ? {} : { concept };
  }
}

/** The event at its end. */
export function closedEvent(event: FusionEvent, reason: CloseReason): FusionEvent {
  return { ...event, phase: "closed", closeReason: reason, revision: event.revision + 1 };
}

function isOlder(a: FusionEvent, b: FusionEvent): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.id < b.id);
}

/** Of an observation with an id of its own, as an older fusiond gave it, the event that it founded there. */
function eventId(founder: Observation): string {
  const { id, capturedAt } = founder;
  return id === observationId(founder) ? shortHash("event", id, capturedAt) : shortHash("event", id);
}

function trackKey(observation: Observation): string {
  return `${observation.sourceId}#${observation.run}.${observation.track}`; // a gate that begins anew counts anew
}

function withTrack(tracks: readonly string[], key: string): readonly string[] {
  if (tracks.at(-1) === key) return tracks;
  return [...tracks.filter((other) => other !== key), key].slice(-TRACKS_MAX);
}

/** An observation is one member however often it is folded. */
const members = new WeakMap<Observation, Member>();

function memberOf(observation: Observation, odds: Float32Array): Member {
  const known = members.get(observation);
  if (known?.odds === odds) return known;
  const member = makeMember(observation, odds);
  members.set(observation, member);
  return member;
}

function makeMember(observation: Observation, odds: Float32Array): Member {
  const { sourceId, modality, id, capturedAt, durationMs, embedding, quality, region, text } = observation;
  assertInvariant(embedding !== undefined, `observation ${id} without a vector cannot be in an event`);
  const representative: Representative = {
    sourceId,
    modality,
    observationId: id,
    capturedAt,
    durationMs,
    embedding,
    quality,
    ...(region === undefined ? {} : { region }),
    ...(text === undefined ? {} : { text }),
  };
  return { representative, odds, totalOdds: odds.reduce((sum, value) => sum + value, 0) };
}

/** The members with one more: per (source, modality) the one that says most stays, the older of equals. */
function withMember(members: readonly Member[], candidate: Member): readonly Member[] {
  const { sourceId, modality } = candidate.representative;
  const at = members.findIndex((m) => m.representative.sourceId === sourceId && m.representative.modality === modality);
  if (at === -1) return [...members, candidate];
  if (strength(members[at] as Member) >= strength(candidate)) return members;
  return members.with(at, candidate);
}

/** How much a member says about anything at all, and how far it can be trusted. */
function strength(member: Member): number {
  return member.totalOdds * member.representative.quality;
}
