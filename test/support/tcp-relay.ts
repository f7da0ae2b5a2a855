// A TCP relay between a client and a server that can lose what the server says.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Passes bytes on; what the server says can be cut off once, right before it reaches the client. */
export class TcpRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answersAfterMs: number;
  #cutAt: string | undefined;
  cuts = 0;

  private constructor(target: () => number, answersAfterMs: number) {
    this.#answersAfterMs = answersAfterMs;
    this.#server = createServer((client) => this.#relay(client, connect(target(), "127.0.0.1")));
  }

  /** Listens on a free port; `target` is asked for every connection. The server's answers can come late, in order. */
  static async start(target: () => number, answersAfterMs = 0): Promise<TcpRelay> {
    const relay = new TcpRelay(target, answersAfterMs);
    await new Promise<void>((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Loses the next thing from the server that contains the text, and the connection with it. */
  cutNext(text: string): void {
    this.#cutAt = text;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #relay(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => {
      if (this.#cutAt !== undefined && bytes.includes(this.#cutAt)) {
        this.#cutAt = undefined;
        this.cuts++;
        client.destroy();
      } else {
        this.#answer(client, bytes);
      }
    });
  }

  #answer(client: Socket, bytes: Buffer): void {
    if (this.#answersAfterMs === 0) client.write(bytes);
    else setTimeout(() => client.writable && client.write(bytes), this.#answersAfterMs);
  }
}
