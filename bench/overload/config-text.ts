// The configuration of an overloaded daemon: text feeds that say too much, and rules that fire on every line.

/** What an overloaded daemon is made of. Paths are absolute. */
export interface OverloadConfigOptions {
  readonly stateFolder: string;
  readonly sources: number;
  /** Every line is an incident that is over a moment later; otherwise no rule ever fires. */
  readonly fires: boolean;
}

/** The subject of one source's lines; sources count from 1. */
export function lineSubject(source: number): string {
  return `overload.line.${source}`;
}

/** What every line says. */
export const LINE = '{"card":"1","door":"front","result":"accepted"}';

/** The configuration as text: JSON, which is YAML too. */
export function overloadConfigText({ stateFolder, sources, fires }: OverloadConfigOptions): string {
  const ids = Array.from({ length: sources }, (_, i) => i + 1);
  const config = {
    site: "overload",
    state_dir: stateFolder,
    nats: { embedded: true, port: 0 },
    sources: Object.fromEntries(ids.map((n) => [`feed-${n}`, { text: { subject: lineSubject(n), json: true } }])),
    rules: { card: { within: "0s", all: [{ read: { field: "card", equals: fires ? "1" : "none" } }], resolve_after: "0s" } },
    http: { listen: "127.0.0.1:0" },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
