// What a source's transition means for absence.
import type { WitnessChange } from "../../rules/witnesses.js";
import type { Source, SourceSignal } from "../sources/source.js";

/** One change for each modality of the source: it witnesses while the source is healthy and the modality really comes. */
export function witnessChanges(source: Pick<Source, "id" | "modalities">, signal: Extract<SourceSignal, { kind: "state" }>): readonly WitnessChange[] {
  const healthy = signal.state === "healthy";
  return source.modalities.map((modality) => ({
    sourceId: source.id,
    modality,
    at: signal.at,
    healthy: healthy && !(signal.without?.includes(modality) ?? false),
  }));
}
