// Where the listener is.
import { isIP } from "node:net";

/** Where to listen. Port 0: any free one. */
export interface ListenAddress {
  /** A loopback address, without brackets, or "localhost": the pages ask for no password. */
  readonly host: string;
  readonly port: number;
}

/** Whether it is this machine's own name or address that never leaves it. Without brackets. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function formatListen({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
