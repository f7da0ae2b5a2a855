// What a gate makes of captures, and what a model makes of that, whatever their modality.
import { crc32 } from "node:zlib";
import { messageOf } from "../../fusion/model/errors.js";
import { normalise } from "../../fusion/model/vector.js";
import { releaseCapture } from "../capture.js";
import type { Scan } from "../encoder.js";
import type { ModelCapture, Sample } from "../tower-spec.js";
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

/** Looks at a capture and cuts from it what is to be encoded; remembers the source, but nothing of the capture's buffers. Errors: what is wrong with the capture. */
export interface Gate {
  /** `isBusy`: what can wait is put off. */
  cut(capture: ModelCapture, isBusy: boolean): Look;
}

/** A look and how long it took, ms; or what is wrong with the capture. */
export type TimedLook = (Look & { readonly gateMs: number }) | { readonly error: string };

/** Lets a gate look at one capture, which is released then: what was cut from it is copies. Never throws. */
export function lookAt(gate: Gate, capture: ModelCapture, isBusy: boolean): TimedLook {
  const startedMs = performance.now();
  try {
    const look = gate.cut(capture, isBusy);
    return { ...look, gateMs: performance.now() - startedMs };
  } catch (error) {
    return { error: messageOf(error) };
  } finally {
    releaseCapture(capture);
  }
}

/** What the model is to be given for a look: each input once, though a quiet window is both an observation and a sample for the cohort. */
export function inputsOf(look: TimedLook): readonly ModelInput[] {
  if ("error" in look) return [];
  return [...new Set(look.cuts.flatMap(({ input, wider }) => (wider === undefined ? [input] : [input, wider])))];
}

/** What came of a look. `encodeMs`: gate and graphs, waiting excluded. */
export type Encodings = { readonly samples: readonly Sample[]; readonly encodeMs: number; readonly unseen?: string; readonly scan?: Scan } | { readonly error: string };

/**
 * Encodes looks, all that was cut in as few runs of the model as it takes. What fails is done again look by look: a bad
 * capture spoils no other.
 */
export async function encodeLooks(model: Pick<Model, "encode">, looks: readonly TimedLook[]): Promise<readonly Encodings[]> {
  try {
    return await encodeTogether(model, looks);
  } catch (error) {
    if (looks.length <= 1) return looks.map(() => ({ error: `the tower failed: ${messageOf(error)}` }));
    const each: Encodings[] = [];
    for (const look of looks) each.push(...(await encodeLooks(model, [look])));
    return each;
  }
}

async function encodeTogether(model: Pick<Model, "encode">, looks: readonly TimedLook[]): Promise<Encodings[]> {
  const inputs = looks.flatMap(inputsOf);
  const startedMs = performance.now();
  const vectors = inputs.length === 0 ? [] : await model.encode(inputs);
  const msEach = inputs.length === 0 ? 0 : (performance.now() - startedMs) / inputs.length;
  const byInput = new Map(inputs.map((input, i) => [input, vectors[i] as Float32Array]));
  const said = (input: ModelInput): Float32Array => byInput.get(input) as Float32Array;
  return looks.map((look) => {
    if ("error" in look) return look;
    const samples = look.cuts.map(({ input, wider, ...about }) => ({
      ...about,
      vector: wider === undefined ? said(input) : meanDirection(said(input), said(wider)),
      inputCrc: checksum(input),
    }));
    const { gateMs, unseen, scan } = look;
    const encodeMs = gateMs + msEach * inputsOf(look).length;
    return { samples, encodeMs, ...(unseen === undefined ? {} : { unseen }), ...(scan === undefined ? {} : { scan }) };
  });
}

/** Of two unit vectors, as a unit vector. */
function meanDirection(a: Float32Array, b: Float32Array): Float32Array {
  return normalise(a.map((x, i) => x + (b[i] as number)));
}

function checksum(input: ModelInput): number {
  return crc32(new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
}
