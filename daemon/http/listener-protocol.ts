// What the main thread and the listener's thread say to each other.
import type { ListenAddress } from "./listen-address.js";
import type { HttpResponse, HttpRoute } from "./route.js";

/** What the listener is made with, as worker data. */
export interface ListenerSettings {
  readonly address: ListenAddress;
  readonly routes: readonly Pick<HttpRoute, "path" | "queryKeys" | "keepMs">[];
  /** Names, beside those of this machine itself, that a request may be meant for. */
  readonly allowedHosts: readonly string[];
  /** Longest time for the client to send its request, and then for the page to be made, ms. */
  readonly requestTimeoutMs: number;
}

/** To the main thread. `ask`: make this page. */
export type ListenerSaid =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "refused"; readonly code: string; readonly reason: string }
  | { readonly kind: "ask"; readonly id: number; readonly path: string; readonly query: string };

/** To the listener: a page that it asked for. */
export interface PageMade {
  readonly id: number;
  readonly response: HttpResponse;
}
