// Waiting in tests: always for the thing itself, never for a while. The test's timeout is the bound.
import type { Test } from "tap";

/** How often a thing is looked at that does not tell by itself, ms. */
const LOOK_EVERY_MS = 20;

/** Resolves with the first answer that is not undefined or false; whatever `look` throws is thrown at once. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Calls `act` again and again until the result is called: something that goes on outside of what is tested. */
export function again(everyMs: number, act: () => void): () => void {
  const timer = setInterval(act, everyMs);
  return () => clearInterval(timer);
}

/**
 * Keeps the test's process alive until the result is called, or the given test ends: for waits on things that are no
 * handle of Node's.
 */
export function keepAlive(t?: Pick<Test, "teardown">): () => void {
  const forget = again(2 ** 30, () => undefined);
  t?.teardown(forget);
  return forget;
}

/** Resolves after a time that is part of the fault itself, such as the moment of a kill; not to wait for anything. */
export function momentLater(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
