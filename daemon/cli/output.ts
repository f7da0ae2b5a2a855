// What the commands say, and how.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { AlertView } from "../tail/alert-view.js";
import { renderAlert } from "../tail/render-alert.js";
import { wantsColour } from "../tail/terminal-text.js";

/** Columns where standard output is no terminal: nothing is cut off that fits a log line. */
const PIPED_COLUMNS = 200;

/** An alert as the terminal shows it, coloured only there. */
export function shown(alert: AlertView): string {
  const { isTTY, columns } = process.stdout;
  return `${renderAlert(alert, { colour: wantsColour(isTTY), columns: columns ?? PIPED_COLUMNS }).join("\n")}\n`;
}

/** Waits for a slow reader instead of holding its lines in memory. */
export function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
}

/** One sentence for what the operator can mend; the whole trace for what only we can. */
export function explained(error: unknown): string {
  if (error instanceof FusiondError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}
