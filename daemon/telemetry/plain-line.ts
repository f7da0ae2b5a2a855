// One log line for a person at a terminal.

/** Characters that a value may have without quotes. */
const BARE = /^[\w.:/@+*-]+$/;
// C1 controls and DEL pass through JSON, but a terminal obeys them. eslint's rule is about the same characters.
// eslint-disable-next-line no-control-regex
const TERMINAL_CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;

/** `time LEVEL message key=value …` of a line that pino wrote. No control character of the input comes through. */
export function plainLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${plainValue(value)}`);
  const line = `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${String(msg)}${pairs.join("")}`;
  return `${line.replace(TERMINAL_CONTROLS, "?")}\n`;
}

function plainValue(value: unknown): string {
  if (typeof value === "string" && BARE.test(value)) return value;
  return JSON.stringify(value);
}
