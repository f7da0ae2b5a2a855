// What a child does with captures, whatever their modality.
import { crc32 } from "node:zlib";
import { normalise } from "../../fusion/model/vector.js";
import type { Scan } from "../encoder.js";
import type { CaptureResult, ModelCapture, Sample } from "../host-protocol.js";
import type { Model } from "./model.js";
import type { ModelInput } from "./session.js";

/** One input for the model and what is said about its vector. */
export interface Cut extends Omit<Sample, "vector" | "inputCrc"> {
  readonly input: ModelInput;
  /** The same with more around it: the vector is the mean direction of both. Absent: that of `input` alone. */
  readonly wider?: ModelInput;
}

/**
 * What a gate made of a capture. `unseen`: why it did not look, so that no cut does not mean that nothing was there. `scan`:
 * the one that is complete when these cuts are encoded.
 */
export interface Look {
  readonly cuts: readonly Cut[];
  readonly unseen?: string;
  readonly scan?: Scan;
}

/** Looks at a capture and cuts from it what is to be encoded; remembers the source. Errors: what is wrong with the capture. */
export interface Gate {
  /** `isBusy`: what can wait is put off. */
  cut(capture: ModelCapture, isBusy: boolean): Look;
}

/** Encodes captures: gate, then one run of the model over all that was cut. A bad capture spoils no other. */
export async function encodeCaptures(gate: Gate, model: Model, captures: readonly ModelCapture[], isBusy = false): Promise<CaptureResult[]> {
  const gated = captures.map((capture) => gateOne(gate, capture, isBusy));
  const inputs = gated.flatMap((one) => ("error" in one ? [] : one.cuts.flatMap(({ input, wider }) => (wider === undefined ? [input] : [input, wider]))));
  const different = [...new Set(inputs)]; // a quiet window is both an observation and a sample for the cohort
  const startedMs = performance.now();
  const vectors = await model.encode(different);
  const msEach = inputs.length === 0 ? 0 : (performance.now() - startedMs) / inputs.length;
  const byInput = new Map(different.map((input, i) => [input, vectors[i] as Float32Array]));
  return gated.map((one) => {
    if ("error" in one) return one;
    const said = (input: ModelInput): Float32Array => byInput.get(input) as Float32Array;
    const samples = one.cuts.map(({ input, wider, ...about }) => ({
      ...about,
      vector: wider === undefined ? said(input) : meanDirection(said(input), said(wider)),
      inputCrc: checksum(input),
    }));
    const { gateMs, unseen, scan } = one;
    const inputCount = samples.length + one.cuts.filter(({ wider }) => wider !== undefined).length;
    return { samples, encodeMs: gateMs + msEach * inputCount, ...(unseen === undefined ? {} : { unseen }), ...(scan === undefined ? {} : { scan }) };
  });
}

function gateOne(gate: Gate, capture: ModelCapture, isBusy: boolean): (Look & { gateMs: number }) | { error: string } {
  const startedMs = performance.now();
  try {
    const look = gate.cut(capture, isBusy);
    return { ...look, gateMs: performance.now() - startedMs };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }; // OpenCV's binding throws strings
  }
}

/** Of two unit vectors, as a unit vector. */
function meanDirection(a: Float32Array, b: Float32Array): Float32Array {
  return normalise(a.map((x, i) => x + (b[i] as number)));
}

function checksum(input: ModelInput): number {
  return crc32(new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
}
