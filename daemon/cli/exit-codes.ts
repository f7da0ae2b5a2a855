// How fusiond ends.
import { FusiondError, type ErrorCode } from "../../fusion/model/errors.js";

/** 0 clean, 1 runtime failure, 2 wrong usage, 78 configuration (EX_CONFIG of sysexits.h): systemd does not restart on it. */
export const EXIT = { ok: 0, failure: 1, usage: 2, config: 78 } as const;

/** Errors that only a change of the configuration, the machine or the pack can mend. */
const NOT_WORTH_A_RESTART: ReadonlySet<ErrorCode> = new Set(["config_invalid", "model_invalid", "prompt_unknown", "dependency_missing", "store_version"]);

/** The exit code of an error that ends a command. */
export function exitCodeOf(error: unknown): number {
  return error instanceof FusiondError && NOT_WORTH_A_RESTART.has(error.code) ? EXIT.config : EXIT.failure;
}
