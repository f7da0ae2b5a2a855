// Reads `http.listen`.
import { isIP } from "node:net";
import { FusiondError } from "../../fusion/model/errors.js";

/** Where to listen. Port 0: any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`. Only loopback addresses: the pages ask for no password.
 * Errors: FusiondError "config_invalid".
 */
export function parseListen(listen: string): ListenAddress {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(listen);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port > 65_535) {
    throw new FusiondError("config_invalid", `http.listen: "${listen}" is not host:port, write for example 127.0.0.1:9464`);
  }
  if (!isLoopback(host)) {
    throw new FusiondError("config_invalid", `http.listen: ${host} is not a loopback address, use 127.0.0.1 and put a proxy in front to reach it from elsewhere`);
  }
  return { host, port };
}

/** Whether it is this machine's own name or address that never leaves it. Without brackets. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
