// The small sections: log, outbox, encoders, http.
import { z } from "zod";
import { isLoopback } from "../loopback.js";
import { duration, present, size, strict, text, whole } from "./common.js";

/** Bounds of the outbox. */
export interface OutboxConfig {
  readonly maxBytes: number;
  /** How long rows stay past their acknowledgement: the broker may lose what it acknowledged. */
  readonly keepAcknowledgedMs: number;
}

/** Which models run, and where. */
export interface EncodersConfig {
  /** The name of a pack, or its absolute path. */
  readonly pack: string;
  readonly device: "cpu" | "cuda" | "tensorrt" | "webgpu" | "auto";
  /** CPU threads a tower. */
  readonly threads: number;
}

/** How cameras and microphones are spread over processes. */
export interface PerceptionConfig {
  /** "auto": as many as are useful for the cores and the sources. */
  readonly processes: "auto" | number;
  /** Memory of its own that one process may take; absent: as much as there is. */
  readonly memoryMaxBytes?: number;
}

/** The listener of metrics and health. */
export interface HttpConfig {
  readonly enabled: boolean;
  /** A loopback address, or "localhost". */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Names by which clients may ask for the pages, beside those of this machine itself. */
  readonly allowedHosts: readonly string[];
}

/** The log section. */
export const logSchema = strict({
  level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("the least grave entries that are written"),
});

/** The outbox section. */
export const outboxSchema = strict({
  max_bytes: size("1MiB").prefault("256MiB").describe("room for alerts that wait for the broker"),
  keep_acknowledged: duration("0s", "7d").prefault("10m").describe("how long alerts stay after the broker took them, in case it loses them"),
}).transform((outbox): OutboxConfig => ({ maxBytes: outbox.max_bytes, keepAcknowledgedMs: outbox.keep_acknowledged }));

/** The encoders section. */
export const encodersSchema = strict({
  pack: text.default("embedded").describe("name of a model pack, or the path of its folder"),
  device: z.enum(["cpu", "cuda", "tensorrt", "webgpu", "auto"]).default("cpu").describe("where models run; auto: the fastest that gives right results"),
  threads: whole(1, 64).default(1).describe("CPU threads of each of the models"),
});

/** The perception section. */
export const perceptionSchema = strict({
  processes: z
    .union([z.literal("auto"), z.number().int().min(1).max(64)], { error: "must be auto, or a number of processes from 1 to 64" })
    .default("auto")
    .describe("processes that look and listen; auto: as many as are useful for the cores and the sources"),
  memory_max: size("256MiB").optional().describe("memory that one of them may take before it is started again; default: no bound"),
}).transform(({ processes, memory_max: memoryMaxBytes }): PerceptionConfig => ({ processes, ...present({ memoryMaxBytes }) }));

const LISTEN_MESSAGE = "must be an address and a port, such as 127.0.0.1:9464 or [::1]:9464";

/** The pages ask for no password. */
const LOOPBACK_MESSAGE = "must be this machine's own address, 127.0.0.1, [::1] or localhost: put a proxy in front to reach it from elsewhere";

/** The http section. */
export const httpSchema = strict({
  enabled: z.boolean().default(true).describe("false: no metrics and no health page"),
  listen: text
    .regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/, { error: LISTEN_MESSAGE, abort: true })
    .refine((listen) => portOf(listen) <= 65535, { error: LISTEN_MESSAGE, abort: true })
    .refine((listen) => isLoopback(hostOf(listen)), { error: LOOPBACK_MESSAGE })
    .default("127.0.0.1:9464")
    .describe("address and port of metrics and health; port 0: any free port"),
  allowed_hosts: z
    .array(text.regex(/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/, { error: "must be a name or an address without a port, such as fusiond.example or 10.0.0.7" }))
    .default([])
    .describe("further names by which clients may ask for the pages, such as the one that a proxy passes on"),
}).transform(
  ({ enabled, listen, allowed_hosts }): HttpConfig => ({
    enabled,
    allowedHosts: allowed_hosts,
    host: hostOf(listen),
    port: portOf(listen),
  }),
);

function portOf(listen: string): number {
  return Number(listen.slice(listen.lastIndexOf(":") + 1));
}

function hostOf(listen: string): string {
  return listen.slice(0, listen.lastIndexOf(":")).replace(/^\[|\]$/g, "").toLowerCase();
}
