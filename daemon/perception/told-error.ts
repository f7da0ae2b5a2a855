// Errors over a channel that knows no classes.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { ToldError } from "./protocol.js";

/** An error as it is told. */
export function toldError(error: unknown): ToldError {
  return { ...(error instanceof FusiondError ? { code: error.code } : {}), message: messageOf(error) };
}

/** The error that was told. */
export function errorOf({ code, message }: ToldError): Error {
  return code === undefined ? new Error(message) : new FusiondError(code, message);
}
