// The bound on connections: the oldest that has not asked for anything goes when there are too many, and none stays for ever.
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How many there may be, and how long each may live, ms. */
export interface ConnectionLimits {
  readonly max: number;
  readonly lifetimeMs: number;
}

/** Holds a server to its limits: whoever comes gets a place, and loses it at the end of its lifetime at the latest. */
export function limitConnections(server: Server, { max, lifetimeMs }: ConnectionLimits): void {
  const open = new Set<Socket>(); // oldest first
  const asked = new WeakSet<Socket>();
  server.on("request", (request) => asked.add(request.socket));
  server.on("connection", (socket: Socket) => {
    if (open.size >= max) ([...open].find((one) => !asked.has(one)) ?? [...open][0])?.destroy();
    open.add(socket);
    const end = setTimeout(() => socket.destroy(), lifetimeMs);
    socket.once("close", () => {
      clearTimeout(end);
      open.delete(socket);
    });
  });
}
