// The whole daemon, wired: the one place that knows every concrete class.
import type { LoadedConfig } from "../../config/load.js";
import { feedWarnings } from "../../config/own-subjects.js";
import { formatProblem } from "../../config/problem.js";
import type { Encoder } from "../../encoders/encoder.js";
import { findPack, loadPack, type Pack } from "../../encoders/pack.js";
import { encodersOf } from "../../encoders/pack-manifest.js";
import type { Modality } from "../../fusion/model/modality.js";
import { HttpServer } from "../http/server.js";
import { explainRoute } from "../http/explain-route.js";
import { operatorRoutes } from "../http/operator-routes.js";
import { Committer } from "../intake/committer.js";
import { decodeBackground, decodeCheckpoint, decodeEntry } from "../intake/journal-codec.js";
import type { Recovery } from "../groups/group-runner.js";
import type { PerceptionHost } from "../perception/perception-host.js";
import type { Astray } from "../intake/silent-inputs.js";
import { goneGroups, type GoneGroup } from "../intake/gone-groups.js";
import { Pipeline, type PipelineOptions } from "../pipeline/pipeline.js";
import { systemClock } from "../runtime/clock.js";
import { EventClock } from "../runtime/event-clock.js";
import { packageRoot } from "../runtime/package-root.js";
import type { ShutdownStage } from "../runtime/shutdown.js";
import { alertMessage } from "../sinks/alert-message.js";
import { healthMessage, nextHealthSeq } from "../sinks/health-message.js";
import { eventBody } from "../sinks/event-message.js";
import { candidateSubject, eventSubject } from "../sinks/subjects.js";
import { NatsSink } from "../sinks/nats-sink.js";
import { OutboxPublisher, type OutboxPublisherTelemetry } from "../sinks/outbox-publisher.js";
import { SqliteStore } from "../store/sqlite-store.js";
import type { RecoveredGroup } from "../store/store.js";
import type { Source, SourceState } from "../sources/source.js";
import { livez, readyz, type AstraySource } from "../telemetry/health.js";
import type { HeldBackView } from "../telemetry/held-back.js";
import type { DaemonTelemetry } from "./telemetry.js";
import { buildEncoders } from "./encoders.js";
import { answerFor, type RuleAnswer } from "./explain.js";
import { buildGroups, type Groups } from "./groups.js";
import { compileRules, type CompiledRules } from "./rules.js";
import { buildPerception, sharesOf } from "./perception.js";
import { buildSources, identitiesOf, type SourceIdentity } from "./sources.js";
import { warnOfUntaught } from "./untaught.js";
import { queueCapacity, WAITING_BUDGET } from "./waiting.js";
import { openBroker, textFeedOf, type Broker } from "./broker.js";

/** Somebody who looks on while the daemon runs in its own process: the demo, a benchmark. */
export interface Onlooker {
  /** An alert was acknowledged, `latencyMs` after the end of the newest observation that made it true. */
  alertAcknowledged(latencyMs: number): void;
  /** A source changed its state; `at` is Unix ms of event time. */
  sourceState(sourceId: string, state: SourceState, at: number): void;
}

/** What a daemon is made of. */
export interface DaemonOptions {
  readonly loaded: LoadedConfig;
  readonly telemetry: DaemonTelemetry;
  /** Told when something failed, after the start, that the process must end for: `what` says which part. */
  readonly onFailure: (what: string, error: unknown) => void;
  readonly onlooker?: Onlooker;
}

/** Journal entries that may wait for a commit before live sources are throttled. */
const COMMIT_WAITING_MAX = 4096;
/** How long the publisher may go on with what is in the outbox when the daemon stops, ms; the rest stays on disk. */
const PUBLISH_GRACE_MS = 3000;
/** How long to wait before a full store is tried again, ms. */
const STORE_RETRY_MS = 1000;

/**
 * Starts downstream first: store, broker, publisher, groups, towers, sources. Constructors only assign.
 *
 * Errors of `start`: FusiondError; what was started is stopped by `stages`, upstream first.
 */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #started: ShutdownStage[] = [];
  readonly #eventClock = new EventClock(systemClock);
  readonly #ageMs = (unixMs: number): number => this.#eventClock.ageMs(unixMs);
  #pipeline: Pipeline | undefined;
  #broker: Broker | undefined;
  #httpPort: number | undefined;
  /** Of the last message that told how a source is. */
  #healthSeq = 0;
  /** Set once there are rules to explain. */
  #explain: ((ruleId: string) => RuleAnswer | undefined) | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** What runs, upstream first: what is to be stopped, in this order. */
  get stages(): readonly ShutdownStage[] {
    return [...this.#started].reverse();
  }

  /** Port of metrics and health; undefined while the listener is off. */
  get httpPort(): number | undefined {
    return this.#httpPort;
  }

  /** Connection of the running daemon; undefined before `start`. */
  get broker(): Broker | undefined {
    return this.#broker;
  }

  /** Resolves when every source has ended by itself (files); a live source never does. */
  async sourcesEnded(): Promise<void> {
    await this.#pipeline?.ended();
  }

  /** Resolves when an observation would reach the outbox. */
  async start(signal: AbortSignal): Promise<void> {
    const { loaded, telemetry } = this.#options;
    const { config } = loaded;
    const pack = await loadPack(findPack(config.encoders.pack, { stateDir: config.stateDir, packageRoot }));
    const compiled = compileRules(loaded, pack);
    warnOfUntaught(loaded, pack, telemetry.logger);
    for (const warning of feedWarnings(loaded)) telemetry.logger.warn("a feed takes in messages that are no lines of it", { detail: formatProblem(warning) });
    signal.throwIfAborted();
    await this.#startHttp();
    signal.throwIfAborted();
    const { store, recovered } = await this.#openStore();
    signal.throwIfAborted();
    const broker = await this.#openBroker(signal);
    const publisher = this.#startPublisher(store, broker);
    signal.throwIfAborted();
    const sources = this.#ownSources(pack, compiled, broker);
    const encoders = await this.#startOwnEncoders(pack, sources, signal);
    const identities = identitiesOf(config.sources);
    const groups = buildGroups(config, pack, compiled, identities, telemetry.events.fusion, true);
    const recoveries = recover(groups, recovered, this.#eventClock.nowMs());
    telemetry.events.fusion.otherEncoders(recoveries.flatMap((recovery) => recovery.forgotten ?? []));
    telemetry.events.clock.recoveredAhead(Math.max(0, ...recoveries.map((recovery) => recovery.setBackMs ?? 0)));
    this.#tellTelemetry(groups, compiled, identities);
    const gone = goneGroups(recovered, new Set(groups.all.map(({ groupId }) => groupId)), Math.floor(this.#eventClock.nowMs()));
    telemetry.events.fusion.removed([...gone, ...groups.all].flatMap(({ removed }) => removed));
    const elsewhere = await this.#startPerception(pack, store, signal);
    const origin = { site: config.site, encoders: encodersOf(pack.manifest), run: await store.nextRun() };
    this.#startPipeline({ sources, encoders, elsewhere, origin, groups, gone }, store, publisher, broker);
  }

  async #startHttp(): Promise<void> {
    const { http } = this.#options.loaded.config;
    if (!http.enabled) return;
    const { events, metrics, health } = this.#options.telemetry;
    const server = new HttpServer({
      listen: { host: http.host, port: http.port },
      allowedHosts: http.allowedHosts,
      telemetry: events.life,
      routes: [
        ...operatorRoutes({ metrics, livez: () => livez(health.snapshot()), readyz: () => readyz(health.snapshot()) }),
        explainRoute((ruleId) => (this.#explain === undefined ? "starting" : (this.#explain(ruleId) ?? "unknown"))),
      ],
    });
    this.#started.push({ name: "http", stop: () => server.stop() });
    this.#httpPort = (await server.start()).port;
  }

  async #openStore(): Promise<{ store: SqliteStore; recovered: readonly RecoveredGroup[] }> {
    const { telemetry, loaded } = this.#options;
    const { stateDir, outbox } = loaded.config;
    const store = new SqliteStore({ folder: stateDir, ...outbox }, telemetry.events.store);
    this.#started.push({ name: "store", stop: () => store.close() });
    const recovered = await store.open();
    this.#healthSeq = await store.lastSeq();
    telemetry.health.outboxWritable();
    telemetry.events.store.watch(store);
    return { store, recovered };
  }

  async #openBroker(signal: AbortSignal): Promise<Broker> {
    const { loaded, telemetry } = this.#options;
    const broker = await openBroker(loaded.config, telemetry.events.bus, signal);
    const { bus, embedded } = broker;
    if (embedded !== undefined) this.#started.push({ name: "embedded broker", stop: () => embedded.stop() });
    this.#started.push({ name: "broker connection", stop: () => bus.close() });
    bus.start();
    this.#broker = broker;
    return broker;
  }

  #startPublisher(store: SqliteStore, { bus }: Broker): OutboxPublisher {
    const { loaded } = this.#options;
    const { site, nats } = loaded.config;
    const sink = new NatsSink(bus, { site, ...nats.stream, owned: nats.server.kind === "embedded" }, this.#ageMs);
    const onFailure = (error: unknown): void => this.#options.onFailure("publishing cannot go on", error);
    const publisher = new OutboxPublisher({ store, sink, onFailure, ageMs: this.#ageMs }, this.#publisherTelemetry());
    publisher.start();
    this.#started.push({ name: "publisher", stop: (signal) => publisher.stop(systemClock.monotonicNowMs() + (signal.aborted ? 0 : PUBLISH_GRACE_MS)) });
    return publisher;
  }

  #publisherTelemetry(): OutboxPublisherTelemetry {
    const { telemetry, onlooker } = this.#options;
    const { bus } = telemetry.events;
    return {
      alertAcknowledged: (latencyMs, outboxMs) => {
        bus.alertAcknowledged(latencyMs, outboxMs);
        onlooker?.alertAcknowledged(latencyMs);
      },
      duplicate: () => bus.duplicate(),
      regression: () => bus.regression(),
      delivery: (state) => bus.delivery(state),
      note: (level, message, fields) => bus.note(level, message, fields),
    };
  }

  /** Feeds of text: the daemon reads them itself, since they cost little and may come over its own connection. */
  #ownSources(pack: Pack, compiled: CompiledRules, { bus }: Broker): readonly Source[] {
    const { loaded, telemetry } = this.#options;
    return buildSources(loaded.config.sources.filter(({ kind }) => kind === "text"), {
      pack,
      telemetry: telemetry.events.sources,
      mode: "run",
      fieldsAsked: compiled.fields,
      feed: textFeedOf(bus, loaded.config.site),
      onSecret: (secret) => telemetry.redactor.addSecret(secret),
    });
  }

  async #startOwnEncoders(pack: Pack, sources: readonly Source[], signal: AbortSignal): Promise<ReadonlyMap<Modality, Encoder>> {
    const { loaded, telemetry } = this.#options;
    const encoders = buildEncoders(loaded.config.sources, sources, { ...loaded.config.encoders, pack, telemetry: telemetry.events.encoders.of() });
    for (const encoder of encoders.values()) await encoder.start(signal);
    return encoders;
  }

  /** Processes for cameras and microphones, their towers proved and their sources not yet begun. */
  async #startPerception(pack: Pack, store: SqliteStore, signal: AbortSignal): Promise<readonly PerceptionHost[]> {
    const { loaded, telemetry } = this.#options;
    const { events, redactor } = telemetry;
    const shares = sharesOf(loaded.config);
    for (const { name, sources } of shares) events.perception.assigned(name, sources.map(({ id }) => id));
    const hosts = buildPerception(shares, {
      config: loaded.config,
      pack,
      telemetryOf: (process) => ({ source: events.sources, encoder: events.encoders.of(process), perception: events.pipeline, host: events.perception }),
      onSecret: (secret) => redactor.addSecret(secret),
      redact: (text) => redactor.text(text),
      nextRun: () => store.nextRun(),
      take: (report) => this.#pipeline?.take(report),
      refuse: (report, why) => this.#pipeline?.refuse(report, why),
    });
    for (const [i, host] of hosts.entries()) this.#started.push({ name: `perception ${shares[i]?.name ?? ""}`, stop: (stopping) => host.stop(stopping) });
    const failed = (await Promise.allSettled(hosts.map((host) => host.start(signal)))).find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return hosts;
  }

  #tellTelemetry(groups: Groups, compiled: CompiledRules, sources: readonly SourceIdentity[]): void {
    const { events, health } = this.#options.telemetry;
    for (const { id, modalities } of sources) events.sources.add({ id, modalities });
    for (const rule of compiled.rules) events.fusion.addRule(rule.id);
    for (const group of groups.all) {
      events.fusion.addGroup(group.groupId, {
        openEvents: () => group.openEvents,
        watermarkLagMs: () => (Number.isFinite(group.watermark) ? this.#eventClock.nowMs() - group.watermark : undefined),
      });
    }
    health.watchTimes(() => astraySources(this.#pipeline?.astray ?? []));
    const heldBack = (ruleId: string, groupId: string): HeldBackView => events.fusion.heldBack(ruleId, groupId);
    this.#explain = (ruleId) => answerFor(ruleId, { rules: compiled.rules, groups, heldBack, health: health.snapshot(), nowMs: Math.floor(this.#eventClock.nowMs()) });
  }

  #startPipeline(
    { groups, ...parts }: Pick<PipelineOptions, "sources" | "encoders" | "elsewhere" | "origin"> & { readonly groups: Groups; readonly gone: readonly GoneGroup[] },
    store: SqliteStore,
    publisher: OutboxPublisher,
    { bus }: Broker,
  ): void {
    const { loaded, telemetry, onlooker } = this.#options;
    const { events, health } = telemetry;
    const { site, nats } = loaded.config;
    const committer = new Committer({
      store,
      clock: systemClock,
      waitingMax: COMMIT_WAITING_MAX,
      retryMs: STORE_RETRY_MS,
      onCommitted: (messages) => {
        if (messages > 0) publisher.wake(messages);
      },
      onFailure: (error) => this.#options.onFailure("the store cannot go on", error),
      onRetry: (error) => events.pipeline.failed("outbox", error),
    });
    const pipeline = new Pipeline({
      ...parts,
      groups: groups.all,
      groupOf: groups.of,
      committer,
      clock: systemClock,
      eventClock: this.#eventClock,
      telemetry: events.pipeline,
      queueCapacity,
      budget: WAITING_BUDGET,
      alertsWait: () => publisher.isBehind,
      alert: (revision, stagesMs) => {
        const context = { site, format: nats.format, causedAt: revision.incident.updatedAt, ageMs: this.#ageMs(revision.incident.updatedAt) };
        return alertMessage(revision, { ...context, ...(stagesMs === undefined ? {} : { stagesMs }) });
      },
      candidate: (incident) => {
        if (!nats.candidates) return;
        const context = { site, format: nats.format, causedAt: incident.updatedAt, ageMs: this.#ageMs(incident.updatedAt) };
        const message = alertMessage({ incident, revision: 0 }, context);
        bus.publish(candidateSubject({ site, groupId: incident.groupId, severity: incident.severity, ruleId: incident.ruleId }), message.body);
      },
      event: (event) => {
        if (nats.events) bus.publish(eventSubject(site, event.groupId), eventBody(event, site, nats.format));
      },
      health: (sourceId, transition) => {
        onlooker?.sourceState(sourceId, transition.state, transition.at);
        this.#healthSeq = nextHealthSeq(this.#healthSeq, systemClock.wallNowMs());
        return healthMessage({ ...transition, sourceId, seq: this.#healthSeq }, site, nats.format);
      },
    });
    this.#pipeline = pipeline;
    this.#started.push({ name: "commits", stop: (signal) => committer.stop(signal) }, { name: "sources", stop: (signal) => pipeline.stop(signal) });
    pipeline.start();
    pipeline.ended().catch((error: unknown) => this.#options.onFailure("a source cannot go on", error));
    for (const [name, queue] of pipeline.queues) events.stages.watchQueue(name, queue);
    events.stages.watchQueue("commits", committer);
    health.watchWaiting(() => events.stages.waitingItems());
  }
}

/** Sources whose times are far from the clock, each once: by the modality that is furthest. */
function astraySources(inputs: readonly Astray[]): readonly AstraySource[] {
  const furthest = new Map<string, AstraySource>();
  for (const { input, lagMs } of inputs) {
    if (Math.abs(lagMs) > Math.abs(furthest.get(input.sourceId)?.lagMs ?? 0)) furthest.set(input.sourceId, { sourceId: input.sourceId, lagMs });
  }
  return [...furthest.values()];
}

/** Every group takes up what it left. */
function recover(groups: Groups, recovered: readonly RecoveredGroup[], eventNowMs: number): readonly Recovery[] {
  return groups.all.flatMap((group) => {
    const left = recovered.find((one) => one.groupId === group.groupId);
    if (left === undefined) return [];
    const checkpoint = left.checkpoint === undefined ? undefined : decodeCheckpoint(left.checkpoint);
    return [group.recover(checkpoint, left.journal.map(decodeEntry), eventNowMs, left.backgrounds.map(({ bytes }) => decodeBackground(bytes)))];
  });
}
