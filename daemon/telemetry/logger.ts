// The logger: constant messages with fields, secrets taken out, repeats limited. Only this folder knows pino.
import { isatty } from "node:tty";
import { pino } from "pino";
import { systemClock, type Clock } from "../runtime/clock.js";
import { descriptorDestination, type LogDestination } from "./log-destination.js";
import { plainLine } from "./plain-line.js";
import type { Redactor } from "./redact.js";
import { RepeatLimiter } from "./repeat-limiter.js";

/** Debug: per observation. Info: changes of state. Warn: unexpected, nothing lost. Error: data lost, or a person needed. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** One of the closed set of log levels. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The variables of a line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line a call, unless it is below the level or a warning or error held back as a repeat. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Something changed: news each time, however grave, so it is never held back as a repeat. */
  change(level: LogLevel, message: string, fields?: LogFields): void;
  /** Lines that could not be written so far: nobody read, or the disk was full. */
  readonly linesLost: number;
  /** Resolves when what is buffered is written; to be awaited last before an exit. */
  flush(): Promise<void>;
}

/** What is written, how, and where to. */
export interface LoggerOptions {
  /** Every text passes through it; it learns secrets as they are read. */
  readonly redactor: Redactor;
  readonly level?: LogLevel;
  /** "auto": plain lines on a terminal, JSON otherwise. */
  readonly format?: "auto" | "json" | "plain";
  /** Standard error if absent. */
  readonly destination?: LogDestination;
  readonly clock?: Clock;
  /** See RepeatLimiterOptions. */
  readonly repeatEvery?: number;
}

/** Fields that tell two happenings of the same message apart. */
const IDENTITY_FIELDS = ["source", "group", "rule", "tower", "stage", "state", "code", "reason", "signal"] as const;
/** A fault may repeat a thousand times a second; a change of state is news each time, and debug is asked for. */
const LIMITED: ReadonlySet<LogLevel> = new Set(["warn", "error"]);
/** Keys of the line itself. */
const RESERVED = new Set(["level", "time", "msg", "repeated"]);
const STDERR = 2;

/** A logger. Bound: see RepeatLimiter for repeats and Redactor for the size of a line. */
export function createLogger(options: LoggerOptions): Logger {
  const clock = options.clock ?? systemClock;
  const { redactor } = options;
  const limiter = new RepeatLimiter({ clock, ...(options.repeatEvery === undefined ? {} : { every: options.repeatEvery }) });
  const destination = options.destination ?? descriptorDestination(STDERR);
  const plain = options.format === "plain" || (options.format !== "json" && options.destination === undefined && isatty(STDERR));
  const out = pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: () => `,"time":"${new Date(clock.wallNowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => destination.write(plain ? plainLine(line) : line) },
  );
  const write = (level: LogLevel, message: string, fields: LogFields, held: number): void => {
    out[level](lineFields(redactor, fields, held), redactor.text(message));
  };
  const log = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (!out.isLevelEnabled(level)) return;
    const held = LIMITED.has(level) ? limiter.admit(kindOf(message, fields)) : 0;
    if (held !== undefined) write(level, message, fields, held);
  };
  return {
    log,
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
    change: (level, message, fields = {}) => write(level, message, fields, 0),
    get linesLost() {
      return destination.lost;
    },
    flush: () => destination.flush(),
  };
}

function kindOf(message: string, fields: LogFields): string {
  const identity = IDENTITY_FIELDS.map((field) => {
    const value = fields[field];
    return typeof value === "string" ? value : "";
  });
  return [message, ...identity].join("\n");
}

function lineFields(redactor: Redactor, fields: LogFields, held: number): Record<string, unknown> {
  const entries = Object.entries(redactor.fields(fields)).map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value] as const);
  return Object.fromEntries(held > 0 ? [...entries, ["repeated", held] as const] : entries);
}
