// What has met one condition lately, event by event.
import { combinedLlr, conditionLlr, statisticAt } from "../fusion/model/condition.js";
import { logistic, logit } from "../fusion/model/likelihood.js";
import type { FusionEvent } from "../fusion/model/event.js";
import { endedAt, type Observation } from "../fusion/model/observation.js";
import type { Evidence } from "./incident.js";
import type { FieldLeaf, Leaf, PromptLeaf } from "./rule.js";

/**
 * The best evidence of one source, or one of its looks; `offsetMs` is set when the incident's start is known. `llr`, nats:
 * what the source says of the condition; of a look, what it says by itself, before conditions were calibrated.
 */
export type LeafEvidence = Omit<Evidence, "offsetMs"> & { readonly llr: number; readonly calibrated: boolean };

/** A look at a place stands for it `holdsMs` long, or until it is looked at again. `place`: 0..63 of its source. */
export interface PlaceHold {
  readonly place: number;
  readonly holdsMs: number;
}

/** A look at a place; `moving`: what is there moves, so that the look stands for nothing that comes after. */
export interface PlaceLook extends PlaceHold {
  readonly moving: boolean;
}

/** A look that speaks for a condition. `place`: where it was at one; `holdsMs`: how long it stands for it, absent once it was looked at again. */
export type Look = LeafEvidence & Partial<PlaceHold>;

/** How one event stands to one condition. Immutable. */
export interface LeafMatch {
  readonly eventId: string;
  readonly eventRevision: number;
  readonly eventStartedAt: number;
  /** Fresh observations that speak for it, of every source, of each moment the best region and every place; the newest LOOKS_MAX of each source. */
  readonly looks: readonly Look[];
  /** When it was last met: the best look of each source that confirmed it, as sure as the source was, and all together. */
  readonly evidence: readonly LeafEvidence[];
  readonly confidence: number;
  /** Interval of the newest observation that met the condition; -Infinity while none has. */
  readonly lastStart: number;
  readonly lastEnd: number;
  /** How long after `lastEnd` that holds, ms: until the place where it was seen is looked at again. Absent: it does not. */
  readonly holdsMs?: number;
}

/** Until when it is taken to be met, Unix ms: as long as the newest observation that met it, or a place that showed it, stands for it. */
export function heldTo({ lastEnd, holdsMs = 0 }: LeafMatch): number {
  return lastEnd + holdsMs;
}

/** A time over which a condition was met again and again. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The surest that anything was of a condition lately, whether or not that was enough. */
export interface BestLook {
  /** What the condition's own is compared with, 0..1; of a look that too few confirm, as if the others had said the same. */
  readonly confidence: number;
  /** Of the look that spoke for it most. */
  readonly sourceId: string;
  /** End of that look, Unix ms. */
  readonly at: number;
  /** Whether as many looks said so as the rule asks for. */
  readonly confirmed: boolean;
}

/** A look that shows what a condition asks for where it always stands, so that it is not told. */
export interface SettledLook {
  readonly sourceId: string;
  /** End of the newest such look, Unix ms. */
  readonly at: number;
}

/** A best look this much older than another is no measure of it any more, ms. */
const BEST_KEPT_MS = 600_000;

/** An exact value is met or not; this only ranks it above every likeness. */
const EXACT_LLR = 100;

/** Looks remembered of one event and source: some seconds of a camera. */
const LOOKS_MAX = 32;

/** Lines remembered of one condition, the newest: an incident names LINES_MAX. */
const LINE_MATCHES_MAX = 64;

/** Lines that are evidence of one condition and source: the one that founded the incident, and the newest. */
const LINES_MAX = 16;

/** Runs kept per condition; older ones go first. */
const RUNS_MAX = 256;

/** What is seen or heard again this soon, or in the next scan, was there in between, ms. Lines of text are moments of their own. */
const RUN_GAP_MS = 2000;

/**
 * The matches of one condition in one group. Values are immutable, so a copy of the map is a copy of the state.
 *
 * Bound: one entry per event that is open or was lately, and RUNS_MAX runs.
 */
export interface LeafState {
  readonly byEvent: ReadonlyMap<string, LeafMatch>;
  readonly runs: readonly Run[];
  /** Absent: nothing ever spoke for it. */
  readonly best?: BestLook;
  /** Absent: nothing that always stands there ever did. */
  readonly settled?: SettledLook;
}

/** Nothing has met it yet. */
export const noMatches: LeafState = { byEvent: new Map(), runs: [] };

/** The state of a condition after an observation, and whether this observation met it. */
export interface LeafUpdate {
  readonly state: LeafState;
  readonly met: boolean;
}

/** How strict a rule is with what its events show. */
export interface LeafTerms {
  readonly withinMs: number;
  /** How many observations of a source, at different moments, must say so. */
  readonly confirmations: number;
}

/** How long a look at a place counts where nobody looks there again, in times of the scan's period: a look may come late. */
const PLACE_FRESH_RATIO = 1.5;

/**
 * Takes in what an observation of an event says (`llr`, nats) about the condition's prompt.
 *
 * Only observations of the last `withinMs` count: a glimpse of long ago proves nothing now. A look at a place, which comes
 * round once in `at.holdsMs`, counts until that place was looked at again, and what it says holds as long; where something moves
 * there, only for an absence: who may still be there is not gone.
 * A source's statistic is the mean of its `confirmations` best ones, since the edge of a sound, or one odd picture, can look
 * like anything once; of one place only the best, since what stands still looks the same twice. What that says of the condition,
 * the leaf's fit knows. The event's log odds are those of its sources together, plus the prior once.
 * The observation meets the condition if the event reaches the confidence and the observation itself speaks for it, so
 * clear looks are carried on by fainter ones while they are fresh. It speaks for it above 0, and for a condition that
 * takes less than that, above what it takes. A look at a place that does not ends what the looks there before it held.
 */
export function observePrompt(
  state: LeafState,
  leaf: PromptLeaf,
  terms: LeafTerms,
  event: Pick<FusionEvent, "id" | "revision" | "startedAt">,
  observation: Observation,
  llr: number,
  calibrated: boolean,
  at?: PlaceLook,
): LeafUpdate {
  if (observation.modality !== leaf.modality) return { state, met: false };
  if (llr <= Math.min(0, statisticAt(leaf.fit, leaf.confidence, leaf.prior))) return { state: notShown(state, leaf, terms, observation), met: false };
  const hold = holdOf(leaf, at);
  const before = state.byEvent.get(event.id);
  const known = before?.looks ?? [];
  const fresh = freshLooks(leaf.absent === true ? known : lookedAtAgain(known, observation), terms, observation.capturedAt);
  const alone = logistic(conditionLlr(leaf.fit, llr) + logit(leaf.prior));
  const look: Look = { ...evidenceOf(leaf, observation, alone), eventId: event.id, llr, calibrated, ...hold };
  const looks = withLook(fresh, look);
  const { confirmed, confidence, met } = verdictOf(looks, leaf, terms);
  const match: LeafMatch = {
    eventId: event.id,
    eventRevision: event.revision,
    eventStartedAt: event.startedAt,
    looks,
    ...(met
      ? { evidence: confirmed, confidence, lastStart: observation.capturedAt, lastEnd: endedAt(observation) }
      : { evidence: [], confidence: 0, lastStart: -Infinity, lastEnd: -Infinity, ...lastMet(before) }),
  };
  const strongest = confirmed.reduce((a, b) => (b.llr > a.llr ? b : a), confirmed[0] ?? look);
  const best: BestLook = {
    confidence: confirmed.length > 0 ? confidence : look.confidence,
    sourceId: strongest.sourceId,
    at: endedAt(strongest),
    confirmed: confirmed.length > 0,
  };
  const gapMs = leaf.modality === "text" ? 0 : Math.max(RUN_GAP_MS, PLACE_FRESH_RATIO * (hold?.holdsMs ?? 0));
  return { state: withMatch(withBest(state, best), withHold(match, leaf, terms), met, gapMs), met };
}

function holdOf(leaf: PromptLeaf, at: PlaceLook | undefined): PlaceHold | undefined {
  return at === undefined || (at.moving && leaf.absent !== true) ? undefined : { place: at.place, holdsMs: at.holdsMs };
}

/**
 * Takes in that a look at a place does not show what the condition asks for: earlier looks there count for no longer than
 * others, and what they held is over, unless what else was seen still says enough. Where an absence is asked for nothing is
 * forgotten: one look that misses somebody is no proof that they have left.
 */
function notShown(state: LeafState, leaf: PromptLeaf, terms: LeafTerms, observation: Observation): LeafState {
  if (leaf.absent === true || observation.place === undefined) return state;
  const held = [...state.byEvent.values()].filter(({ looks }) => lookedAtAgain(looks, observation) !== looks);
  if (held.length === 0) return state;
  const byEvent = new Map(state.byEvent);
  for (const match of held) {
    const looks = freshLooks(lookedAtAgain(match.looks, observation), terms, observation.capturedAt);
    byEvent.set(match.eventId, withHold({ ...match, looks }, leaf, terms));
  }
  return { ...state, byEvent };
}

/** Takes in a look that is told of nobody: whoever was there before has left, or, where it shows what always stands there, has settled. */
export function notTold(state: LeafState, leaf: PromptLeaf, terms: LeafTerms, observation: Observation, { llr, isFurniture }: { readonly llr: number; readonly isFurniture: boolean }): LeafState {
  const after = notShown(state, leaf, terms, observation);
  const showsIt = logistic(conditionLlr(leaf.fit, llr) + logit(leaf.prior)) >= leaf.confidence;
  return isFurniture && showsIt ? { ...after, settled: { sourceId: observation.sourceId, at: endedAt(observation) } } : after;
}

/** The match by the looks that count at `from`, and as sure as those make it; undefined: they do not meet the condition. */
export function metSince(match: LeafMatch, leaf: PromptLeaf, terms: LeafTerms, from: number): LeafMatch | undefined {
  const { confirmed, confidence, met } = verdictOf(freshLooks(match.looks, terms, from), leaf, terms);
  return met ? { ...match, evidence: confirmed, confidence } : undefined;
}

/** The match, held for as long as what places show by themselves is enough: what moved there may have gone. What was never met is not held. */
function withHold(match: LeafMatch, leaf: PromptLeaf, terms: LeafTerms): LeafMatch {
  const heldTo = match.lastEnd === -Infinity ? -Infinity : placesEnoughTo(match.looks, leaf, terms);
  return { ...withoutHold(match), ...(heldTo > match.lastEnd ? { holdsMs: heldTo - match.lastEnd } : {}) };
}

/** Until when the looks that make a condition met by places alone stand for them; -Infinity: they do not. A faint look adds nothing. */
function placesEnoughTo(looks: readonly Look[], leaf: PromptLeaf, terms: LeafTerms): number {
  const places = looks.filter(({ holdsMs }) => holdsMs !== undefined);
  const { best, met } = verdictOf(places, leaf, terms);
  return met ? Math.max(...best.flat().map((look) => endedAt(look) + (look.holdsMs as number))) : -Infinity;
}

function withoutHold<Held extends { readonly holdsMs?: number }>({ holdsMs: _over, ...rest }: Held): Omit<Held, "holdsMs"> {
  return rest;
}

/** The looks, of which those at the place of this observation stand for it no more; the same where there are none. */
function lookedAtAgain(looks: readonly Look[], { sourceId, place }: Observation): readonly Look[] {
  const isOver = (look: Look): boolean => look.holdsMs !== undefined && look.place === place && look.sourceId === sourceId;
  return place !== undefined && looks.some(isOver) ? looks.map((look) => (isOver(look) ? withoutHold(look) : look)) : looks;
}

/** The looks that count at a moment. */
function freshLooks(looks: readonly Look[], { withinMs }: LeafTerms, at: number): readonly Look[] {
  return looks.filter((look) => endedAt(look) >= at - Math.max(withinMs, PLACE_FRESH_RATIO * (look.holdsMs ?? 0)));
}

/** What looks say together: by which looks (see `bestBySource`), what each source that confirmed it says, how sure that makes it, and whether it is enough. */
interface Verdict {
  readonly best: readonly (readonly Look[])[];
  readonly confirmed: readonly LeafEvidence[];
  readonly confidence: number;
  readonly met: boolean;
}

function verdictOf(looks: readonly Look[], leaf: PromptLeaf, terms: LeafTerms): Verdict {
  const best = bestBySource(looks, leaf, terms);
  const confirmed = best.map((ofSource) => saidBy(ofSource, leaf));
  const confidence = logistic(logit(leaf.prior) + combinedLlr(confirmed.map(({ llr }) => llr)));
  return { best, confirmed, confidence, met: confirmed.length > 0 && confidence >= leaf.confidence };
}

function lastMet(match: LeafMatch | undefined): Partial<Pick<LeafMatch, "evidence" | "confidence" | "lastStart" | "lastEnd">> {
  if (match === undefined) return {};
  const { evidence, confidence, lastStart, lastEnd } = match;
  return { evidence, confidence, lastStart, lastEnd };
}

/** The looks with one more: of one moment of a source only the best counts, several regions of a frame are one look; but each place is one of its own. */
function withLook(looks: readonly Look[], look: Look): readonly Look[] {
  const at = looks.findIndex((one) => one.sourceId === look.sourceId && one.capturedAt === look.capturedAt && one.place === look.place);
  if (at === -1) return withoutOldest(looks, look.sourceId).concat(look);
  return (looks[at] as Look).llr >= look.llr ? looks : looks.with(at, look);
}

/** The looks with room for one more of the source. */
function withoutOldest(looks: readonly Look[], sourceId: string): readonly Look[] {
  const ofSource = looks.filter((look) => look.sourceId === sourceId);
  return ofSource.length < LOOKS_MAX ? looks : looks.filter((look) => look !== ofSource[0]);
}

/**
 * What a source that looked often enough says: its best look, and how sure its `confirmations` best ones make it. Looks
 * of one source are correlated, so their weights add up to one (covariance intersection), however many there are.
 */
function saidBy(best: readonly Look[], leaf: PromptLeaf): LeafEvidence {
  const llr = conditionLlr(leaf.fit, best.reduce((sum, look) => sum + look.llr, 0) / best.length);
  const { place: _looked, holdsMs: _held, ...evidence } = best[0] as Look;
  return { ...evidence, llr, confidence: logistic(llr + logit(leaf.prior)) };
}

/** The `confirmations` best looks of each source that has so many, the best first. */
function bestBySource(looks: readonly Look[], leaf: PromptLeaf, { confirmations }: LeafTerms): readonly (readonly Look[])[] {
  const needed = leaf.modality === "text" ? 1 : confirmations;
  const bySource = new Map<string, Look[]>();
  for (const look of looks) bySource.set(look.sourceId, [...(bySource.get(look.sourceId) ?? []), look]);
  return [...bySource.values()].flatMap((ofSource) => {
    const ranked = ofSource.sort((a, b) => b.llr - a.llr);
    const best = (leaf.absent === true ? ranked : bestOfPlaces(ranked)).slice(0, needed);
    return best.length < needed ? [] : [best];
  });
}

/** The looks of one source, the best first, without those at a place that a better one was at. */
function bestOfPlaces(ranked: readonly Look[]): readonly Look[] {
  return ranked.filter(({ place }, i) => place === undefined || ranked.findIndex((other) => other.place === place) === i);
}

/** Takes in a text line whose field has the wanted value; the line stands for an event of its own. */
export function observeField(state: LeafState, leaf: FieldLeaf, observation: Observation): LeafUpdate {
  if (observation.fields?.get(leaf.field) !== leaf.equals) return { state, met: false };
  const evidence: LeafEvidence = { ...evidenceOf(leaf, observation, 1), llr: EXACT_LLR, calibrated: true };
  const match: LeafMatch = {
    eventId: observation.id,
    eventRevision: 0,
    eventStartedAt: observation.capturedAt,
    looks: [],
    evidence: [evidence],
    confidence: 1,
    lastStart: observation.capturedAt,
    lastEnd: endedAt(observation),
  };
  const best: BestLook = { confidence: 1, sourceId: observation.sourceId, at: endedAt(observation), confirmed: true };
  return { state: withoutOldLines(withMatch(withBest(state, best), match, true, 0)), met: true };
}

/** The state with a look if it is the best lately: a confirmed one goes before the others, of equals the newest. */
function withBest(state: LeafState, look: BestLook): LeafState {
  const { best } = state;
  if (best === undefined || look.at - best.at > BEST_KEPT_MS) return { ...state, best: look };
  const better = look.confirmed === best.confirmed ? look.confidence >= best.confidence : look.confirmed;
  return better ? { ...state, best: look } : state;
}

/** Matches of a condition on a field are lines, in canonical order. */
function withoutOldLines(state: LeafState): LeafState {
  const { byEvent } = state;
  return byEvent.size <= LINE_MATCHES_MAX ? state : { ...state, byEvent: new Map([...byEvent].slice(-LINE_MATCHES_MAX)) };
}

/** What was known of an event now counts for another: it was merged into it, or is continued by it. */
export function carryOver(state: LeafState, fromId: string, to: FusionEvent, merged: boolean): LeafState {
  const from = state.byEvent.get(fromId);
  if (from === undefined) return state;
  const into = state.byEvent.get(to.id);
  const { holdsMs: _ofOne, ...stronger } = into === undefined || from.confidence > into.confidence ? from : into;
  const lastEnd = Math.max(from.lastEnd, into?.lastEnd ?? -Infinity);
  const holdsMs = Math.max(heldTo(from), into === undefined ? -Infinity : heldTo(into)) - lastEnd;
  const byEvent = new Map(state.byEvent);
  if (merged) byEvent.delete(fromId);
  byEvent.set(to.id, {
    ...stronger,
    eventId: to.id,
    eventRevision: to.revision,
    eventStartedAt: to.startedAt,
    looks: (into?.looks ?? []).reduce(withLook, from.looks).map((one) => ({ ...one, eventId: to.id })),
    evidence: (into?.evidence ?? []).reduce(withEvidence, from.evidence).map((one) => ({ ...one, eventId: to.id })),
    lastStart: Math.max(from.lastStart, into?.lastStart ?? -Infinity),
    lastEnd,
    ...(holdsMs > 0 ? { holdsMs } : {}),
  });
  return { ...state, byEvent };
}

/** Forgets what ended before `horizon` and is of no open event. */
export function forgetOlder(state: LeafState, horizon: number, isOpen: (eventId: string) => boolean): LeafState {
  const stale = [...state.byEvent.values()].filter((match) => match.lastEnd < horizon && !isOpen(match.eventId) && lastToldOf(match) < horizon);
  const runs = (state.runs[0]?.end ?? Infinity) < horizon ? state.runs.filter((run) => run.end >= horizon) : state.runs;
  if (stale.length === 0) return runs === state.runs ? state : { ...state, runs };
  const byEvent = new Map(state.byEvent);
  for (const match of stale) byEvent.delete(match.eventId);
  return { ...state, byEvent, runs };
}

/** When it was last met, or something spoke for it last. */
function lastToldOf(match: LeafMatch): number {
  const newest = match.looks.at(-1);
  return newest === undefined ? heldTo(match) : Math.max(heldTo(match), endedAt(newest));
}

function withMatch(state: LeafState, match: LeafMatch, met: boolean, gapMs: number): LeafState {
  const byEvent = new Map(state.byEvent).set(match.eventId, match);
  if (!met) return { ...state, byEvent };
  const last = state.runs.at(-1);
  const run: Run = { start: match.lastStart, end: match.lastEnd };
  const joins = last !== undefined && run.start <= last.end + gapMs && run.end >= last.start - gapMs;
  const runs = joins
    ? state.runs.with(-1, { start: Math.min(last.start, run.start), end: Math.max(last.end, run.end) })
    : [...state.runs, run].slice(-RUNS_MAX);
  return { ...state, byEvent, runs };
}

/** Whether both are of one condition, source and modality. */
export function isAkin(a: LeafEvidence, b: LeafEvidence): boolean {
  return a.condition === b.condition && a.sourceId === b.sourceId && a.modality === b.modality;
}

/** The evidence with one more: the best of each condition, source and modality; of lines each that says something else. */
export function withEvidence(list: readonly LeafEvidence[], one: LeafEvidence): readonly LeafEvidence[] {
  const at = list.findIndex((e) => isAkin(e, one));
  if (at === -1) return [...list, one];
  if (one.eventId === undefined) return withLine(list, one);
  return (list[at] as LeafEvidence).llr >= one.llr ? list : list.with(at, one);
}

/** The evidence with one more line; of too many the oldest goes, but never the first, which founded the incident. */
function withLine(list: readonly LeafEvidence[], line: LeafEvidence): readonly LeafEvidence[] {
  const [founding, ...others] = list.filter((e) => isAkin(e, line));
  if (founding === undefined || [founding, ...others].some((e) => e.text === line.text)) return list;
  if (others.length + 1 < LINES_MAX) return [...list, line];
  const oldest = others.reduce((a, b) => (b.capturedAt < a.capturedAt ? b : a));
  return line.capturedAt <= oldest.capturedAt ? list : [...list.filter((e) => e !== oldest), line];
}

function evidenceOf(leaf: Leaf, o: Observation, confidence: number): Omit<LeafEvidence, "llr" | "calibrated"> {
  return {
    condition: leaf.label,
    sourceId: o.sourceId,
    modality: o.modality,
    observationId: o.id,
    capturedAt: o.capturedAt,
    durationMs: o.durationMs,
    confidence,
    ...(o.region === undefined ? {} : { region: o.region }),
    ...(o.text === undefined ? {} : { text: o.text }),
  };
}
