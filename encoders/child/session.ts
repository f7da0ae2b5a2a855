// ONNX graphs of one tower, run one after another on exactly one provider. The only file that imports onnxruntime-node.
import { createRequire } from "node:module";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { TowerSpec } from "../tower-spec.js";
import { readPackFile } from "../pack-files.js";
import type { TensorSpec } from "../pack-manifest.js";

/** What a model is given: raw pixels or samples. */
export type ModelInput = Uint8Array | Float32Array;

/** The runtime, loaded with the first tower: a process that has none does without its memory. */
function runtime(): typeof import("onnxruntime-node") {
  return createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
}

/** Loaded graphs of a tower. Not re-entrant: one `run` at a time. */
export class Session {
  readonly provider: string;
  readonly #tower: TowerSpec;
  readonly #graphs: readonly InferenceSession[];

  private constructor(tower: TowerSpec, provider: string, graphs: readonly InferenceSession[]) {
    this.#tower = tower;
    this.provider = provider;
    this.#graphs = graphs;
  }

  /**
   * Loads a tower on one provider and checks its input and output. What was hashed is what is loaded.
   * Errors: FusiondError "model_invalid": wrong hash, no graph, other shapes than the manifest's, no such provider.
   */
  static async open(tower: TowerSpec, provider: string, threads: number): Promise<Session> {
    const graphs: InferenceSession[] = [];
    for (const file of tower.graphs) {
      const bytes = await readPackFile(tower.folder, file);
      graphs.push(await load(bytes, `${tower.folder}/${file.file}`, provider, threads));
    }
    const session = new Session(tower, provider, graphs);
    checkTensor(graphs[0]?.inputMetadata, tower.input, `the input of ${tower.graphs[0]?.file}`);
    checkTensor(graphs.at(-1)?.outputMetadata, tower.output, `the output of ${tower.graphs.at(-1)?.file}`);
    return session;
  }

  /**
   * Runs a batch. Shape: `input` holds `batch` inputs one after another; out: one vector each, freshly allocated.
   */
  async run(input: ModelInput, batch: number): Promise<Float32Array[]> {
    const { dtype, shape } = this.#tower.input;
    let tensor: Tensor = new (runtime().Tensor)(dtype, input, [batch, ...shape.slice(1).map(Number)]);
    for (const graph of this.#graphs) {
      const outputs = await graph.run({ [graph.inputNames[0] as string]: tensor });
      tensor = outputs[graph.outputNames[0] as string] as Tensor;
    }
    const data = tensor.data as Float32Array;
    const dimensions = data.length / batch;
    return Array.from({ length: batch }, (_, i) => data.slice(i * dimensions, (i + 1) * dimensions));
  }

  /** Frees the graphs; nothing may be under way. */
  async release(): Promise<void> {
    for (const graph of this.#graphs) await graph.release();
  }
}

/** The providers that this build of the runtime names, without "cpu". */
export function acceleratedProviders(): readonly string[] {
  return runtime()
    .listSupportedBackends()
    .map((backend) => backend.name)
    .filter((name) => name !== "cpu");
}

async function load(bytes: Buffer, path: string, provider: string, threads: number): Promise<InferenceSession> {
  // Unknown names are dropped with a warning and run on the CPU: so they are refused here.
  if (provider !== "cpu" && !acceleratedProviders().includes(provider)) {
    throw new FusiondError("model_invalid", `this build of onnxruntime-node has no provider ${provider}: use device: cpu or auto`);
  }
  try {
    return await runtime().InferenceSession.create(bytes, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      enableCpuMemArena: false, // it would keep what the largest batch took for ever, 55 MiB of both towers, and is no faster
      logSeverityLevel: 3,
      extra: {
        session: {
          intra_op: { allow_spinning: "0" },
          ...(provider === "cpu" ? {} : { disable_cpu_ep_fallback: "1" }),
        },
      },
    });
  } catch (cause) {
    throw new FusiondError("model_invalid", `${path} cannot be run on ${provider}: ${firstLine(messageOf(cause))}`, { cause });
  }
}

function checkTensor(found: readonly InferenceSession.ValueMetadata[] | undefined, spec: TensorSpec, place: string): void {
  const tensor = found?.[0];
  const expected = `${spec.name}: ${spec.dtype}[${spec.shape.join(", ")}]`;
  if (found?.length !== 1 || tensor === undefined || !tensor.isTensor) {
    throw new FusiondError("model_invalid", `${place} must be one tensor ${expected}, as the manifest says`);
  }
  const [batch, ...sizes] = tensor.shape;
  const fits = tensor.name === spec.name && tensor.type === spec.dtype && typeof batch === "string" && String(sizes) === String(spec.shape.slice(1));
  if (!fits) {
    throw new FusiondError("model_invalid", `${place} is ${tensor.name}: ${tensor.type}[${tensor.shape.join(", ")}] but the manifest says ${expected}: fetch the pack again`);
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0] as string;
}
