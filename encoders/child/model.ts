// A tower's session once it is proved: golden vector, same bits alone and in a batch, the provider that was chosen.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { dot, norm } from "../../fusion/model/vector.js";
import { goldenImage, goldenSound } from "../golden.js";
import type { Device, TowerSpec } from "../tower-spec.js";
import { acceleratedProviders, Session, type ModelInput } from "./session.js";

/** Most inputs of one run. */
export const BATCH_MAX = 8;
/** How long one provider is timed when several are proved, ms. */
const PROBE_MS = 1000;

/** A proved tower. Not re-entrant. */
export class Model {
  readonly provider: string;
  /** Most inputs of one run: 1 if the tower's bits depend on what else is in the batch. */
  readonly batchMax: number;
  readonly #session: Session;

  private constructor(session: Session, batchMax: number) {
    this.#session = session;
    this.provider = session.provider;
    this.batchMax = batchMax;
  }

  /**
   * Loads a tower on the device that was asked for and proves it.
   * Errors: FusiondError "model_invalid", one sentence.
   */
  static async open(tower: TowerSpec, device: Device, threads: number): Promise<Model> {
    if (device !== "auto") return Model.#prove(tower, device, threads);
    const proved = [await Model.#prove(tower, "cpu", threads)];
    for (const provider of acceleratedProviders().filter((name) => name !== "tensorrt")) {
      const model = await Model.#prove(tower, provider, threads).catch(() => undefined); // not here, or not right: no candidate
      if (model !== undefined) proved.push(model);
    }
    if (proved.length === 1) return proved[0] as Model;
    const rates = [];
    for (const model of proved) rates.push(await model.#runsIn(goldenInput(tower), PROBE_MS));
    const fastest = proved[rates.indexOf(Math.max(...rates))] as Model;
    for (const model of proved) if (model !== fastest) await model.release();
    return fastest;
  }

  /** The vectors of inputs, in order; runs them in batches of at most `batchMax`. */
  async encode(inputs: readonly ModelInput[]): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let i = 0; i < inputs.length; i += this.batchMax) {
      const part = inputs.slice(i, i + this.batchMax);
      vectors.push(...(await this.#session.run(joined(part), part.length)));
    }
    return vectors;
  }

  /** Frees the tower; nothing may be under way. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  static async #prove(tower: TowerSpec, provider: string, threads: number): Promise<Model> {
    const session = await Session.open(tower, provider, threads);
    try {
      const input = goldenInput(tower);
      const [alone] = (await session.run(input, 1)) as [Float32Array];
      const golden = Float32Array.from(tower.golden);
      const cosine = dot(alone, golden) / (norm(alone) * norm(golden));
      if (!(cosine >= 1 - tower.toleranceCosine)) {
        throw new FusiondError(
          "model_invalid",
          `the ${tower.modality} tower does not reproduce its golden vector on ${provider} (cosine ${cosine.toFixed(5)}): fetch the pack again or use device: cpu`,
        );
      }
      return new Model(session, (await isBatchInvariant(session, input, alone)) ? BATCH_MAX : 1);
    } catch (error) {
      await session.release();
      throw error instanceof FusiondError
        ? error
        : new FusiondError("model_invalid", `the ${tower.modality} tower cannot be run on ${provider}: ${messageOf(error)}`, { cause: error });
    }
  }

  async #runsIn(input: ModelInput, ms: number): Promise<number> {
    const endMs = performance.now() + ms;
    let runs = 0;
    while (performance.now() < endMs) {
      await this.#session.run(input, 1);
      runs++;
    }
    return runs;
  }
}

/** Whether an input gives the same bits alone and first or last in a batch of any size. */
async function isBatchInvariant(session: Session, input: ModelInput, alone: Float32Array): Promise<boolean> {
  for (let size = 2; size <= BATCH_MAX; size++) {
    const others = Array.from({ length: size - 2 }, (_, i) => rotated(input, (i + 1) * 97));
    const vectors = await session.run(joined([input, ...others, input]), size);
    if (!sameBits(vectors[0] as Float32Array, alone) || !sameBits(vectors[size - 1] as Float32Array, alone)) return false;
  }
  return true;
}

function goldenInput({ input, sampleRateHz }: TowerSpec): ModelInput {
  const size = input.shape[1] as number;
  return input.dtype === "uint8" ? goldenImage(size) : goldenSound(size, sampleRateHz);
}

function joined(inputs: readonly ModelInput[]): ModelInput {
  const first = inputs[0] as ModelInput;
  if (inputs.length === 1) return first;
  const all = first instanceof Uint8Array ? new Uint8Array(first.length * inputs.length) : new Float32Array(first.length * inputs.length);
  for (const [i, input] of inputs.entries()) all.set(input, i * first.length);
  return all;
}

function rotated(input: ModelInput, by: number): ModelInput {
  const copy = input.slice();
  copy.set(input.subarray(by));
  copy.set(input.subarray(0, by), input.length - by);
  return copy;
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
}
