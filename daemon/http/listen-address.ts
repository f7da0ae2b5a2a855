// Where the listener is.

/** Where to listen. Port 0: any free one. */
export interface ListenAddress {
  /** A loopback address, without brackets, or "localhost": the pages ask for no password. */
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function formatListen({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
