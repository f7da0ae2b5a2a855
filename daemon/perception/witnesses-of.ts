// What a source's transition means for absence.
import type { ModalityWitness, Source, SourceSignal } from "../sources/source.js";

/** How each modality of the source is: what the signal says of it, or else what its state says of all. */
export function witnessesOf(source: Pick<Source, "modalities">, signal: Extract<SourceSignal, { kind: "state" }>): readonly ModalityWitness[] {
  const { state, at, detail } = signal;
  const why = state === "healthy" ? {} : { why: detail ?? `it is ${state}` };
  return signal.witnesses ?? source.modalities.map((modality) => ({ modality, at, healthy: state === "healthy", ...why }));
}
