// The ways in which a source gives data that show nothing, what each means, and how long it has to last.

import type { AnomalyKind } from "./source.js";

/** How long each must last before it counts, ms; Infinity: never, since it is normal for this source. */
export type AnomalyOptions = Readonly<Record<AnomalyKind, number>>;

/** Anomalies as they are taken by default. */
export const defaultAnomalies: AnomalyOptions = { frozen: 30_000, black: 30_000, covered: 30_000, silent: 60_000, dc: 60_000, clipping: 10_000, out_of_phase: 10_000 };

/** What an anomaly means for who watches, in an operator's words; one that does not blind has none. */
export const BLINDING: Readonly<Partial<Record<AnomalyKind, string>>> = {
  frozen: "the picture does not change",
  black: "the picture is black",
  covered: "the picture shows no detail, as if something covered the lens",
  silent: "digital silence",
  dc: "a constant voltage in the place of sound",
};
