// One subject on the connection of the moment: asked for, confirmed or refused, and asked for again.
import type { NatsConnection, Subscription as Taken } from "nats";
import { messageOf } from "../../fusion/model/errors.js";
import type { Clock, Timer } from "../runtime/clock.js";
import type { BusMessage, SubscriptionState } from "./bus.js";

/** How long after a refusal it is asked for again, ms: permissions may be given without the connection being lost. */
const AGAIN_MS = 5_000;

/** What a subscription is made with. */
export interface SubscriptionOptions {
  readonly subject: string;
  readonly listener: (message: BusMessage) => void;
  readonly onState: (state: SubscriptionState) => void;
  readonly clock: Clock;
}

/** Says that messages come only once the broker has answered after it was asked: it refuses before it answers. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  #taken: Taken | undefined;
  #retry: Timer | undefined;
  #hasLeft = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** The broker is connected, for the first time or again. */
  connected(connection: NatsConnection): void {
    if (this.#hasLeft) return;
    this.#retry?.cancel();
    if (this.#taken?.isClosed() !== false) this.#take(connection);
    void this.#confirm(connection, this.#taken);
  }

  /** No message can come. */
  disconnected(reason: string): void {
    this.#retry?.cancel();
    if (!this.#hasLeft) this.#options.onState({ up: false, reason: `the broker is away (${reason})` });
  }

  /** Nothing more is wanted, nor told. */
  leave(): void {
    this.#hasLeft = true;
    this.#retry?.cancel();
    this.#taken?.unsubscribe();
  }

  #take(connection: NatsConnection): void {
    const { subject, listener } = this.#options;
    const taken = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) listener({ subject: message.subject, body: message.data });
        else this.#refused(connection, taken, error);
      },
    });
    this.#taken = taken;
  }

  async #confirm(connection: NatsConnection, taken: Taken | undefined): Promise<void> {
    try {
      await connection.flush();
    } catch {
      return; // the connection was lost meanwhile, and that is told
    }
    if (!this.#hasLeft && this.#taken === taken) this.#options.onState({ up: true });
  }

  #refused(connection: NatsConnection, taken: Taken, error: Error): void {
    if (this.#hasLeft || this.#taken !== taken) return;
    this.#taken = undefined;
    const { subject, onState, clock } = this.#options;
    onState({ up: false, reason: `the broker does not let fusiond subscribe to ${subject} (${messageOf(error)}): grant it, as docs/nats.md says` });
    this.#retry = clock.after(AGAIN_MS, () => this.connected(connection));
  }
}
