// A thread of clients that use a web server as nobody should. Worker data: see ClientsOptions; runs until it is ended.
import { connect, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/** What the clients do: see LOADS. */
export type Load = (typeof LOADS)[number];

/**
 * none: nothing. pipeline-1, pipeline-16: so many connections that each send 3000 requests for /metrics at once, and
 * come again when they were answered or cut off. half-sent: 64 that never finish their request, and come again.
 * slow-readers: 64 that ask for 100 pages and take nothing. reconnecting: 64 that ask for /readyz again and again.
 */
export const LOADS = ["none", "pipeline-1", "pipeline-16", "half-sent", "slow-readers", "reconnecting"] as const;

/** Whom to attack and how. */
export interface ClientsOptions {
  readonly port: number;
  readonly load: Load;
}

const METRICS = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

interface Habit {
  readonly clients: number;
  readonly says: string;
  readonly reads: boolean;
}

const HABITS: Readonly<Record<Load, Habit>> = {
  none: { clients: 0, says: "", reads: true },
  "pipeline-1": { clients: 1, says: METRICS.repeat(3000), reads: true },
  "pipeline-16": { clients: 16, says: METRICS.repeat(3000), reads: true },
  "half-sent": { clients: 64, says: METRICS.slice(0, -2), reads: true },
  "slow-readers": { clients: 64, says: METRICS.repeat(100), reads: false },
  reconnecting: { clients: 64, says: METRICS.replace("metrics", "readyz"), reads: true },
};

function come({ port }: ClientsOptions, habit: Habit): void {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.once("connect", () => {
    socket.write(habit.says);
    if (habit.reads) socket.resume();
  });
  socket.on("error", () => undefined); // being cut off is what it came for
  socket.once("end", () => socket.end());
  socket.once("close", () => setImmediate(come, workerData, habit));
}

if (parentPort !== null) {
  const options = workerData as ClientsOptions;
  const habit = HABITS[options.load];
  for (let client = 0; client < habit.clients; client += 1) come(options, habit);
}
