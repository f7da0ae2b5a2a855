// Says lines on NATS at a steady rate, whatever becomes of them.
import { connect, type NatsConnection } from "nats";
import { LINE, lineSubject } from "./config-text.js";

const STEP_MS = 10;

/** The broker to speak to. */
export interface FeedLogin {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** Says `perSecond` lines for each of so many sources, for `durationMs`; resolves with how many lines left. */
export async function sayLines(login: FeedLogin, sources: number, perSecond: number, durationMs: number): Promise<number> {
  const connection = await connect({ servers: login.url, user: login.user, pass: login.password });
  try {
    return await say(connection, sources, perSecond, durationMs);
  } finally {
    await connection.drain();
  }
}

async function say(connection: NatsConnection, sources: number, perSecond: number, durationMs: number): Promise<number> {
  const body = Buffer.from(LINE);
  const startedAtMs = performance.now();
  let said = 0;
  for (;;) {
    const elapsedMs = Math.min(durationMs, performance.now() - startedAtMs);
    for (const due = Math.floor((sources * perSecond * elapsedMs) / 1000); said < due; said++) {
      connection.publish(lineSubject((said % sources) + 1), body);
    }
    await connection.flush(); // what the broker has not taken must not pile up here
    if (elapsedMs >= durationMs) return said;
    await new Promise((resolve) => void setTimeout(resolve, STEP_MS));
  }
}
