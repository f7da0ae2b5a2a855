// Runs one ONNX graph for session.py: `node session.mjs GRAPH THREADS`, requests on stdin, answers on stdout.
//
// A frame is the length of a JSON header (4 bytes, little-endian), the header, and the bytes of its tensors one after another. The first
// frame names the graph's inputs and outputs. A request {outputs, tensors: [{name, type, shape, bytes}]} is answered with {ms, tensors}
// or {error}; outputs null means all. Reads and writes block: there is one request at a time.
import { readSync, writeSync } from "node:fs";

const ARRAYS = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array, int64: BigInt64Array, bool: Uint8Array };

/** The next bytes of stdin, in a buffer of their own so that any type is aligned; null at the end. */
function read(bytes) {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  for (let at = 0; at < bytes; ) {
    const got = readSync(0, buffer, at, bytes - at, null);
    if (got === 0) return null;
    at += got;
  }
  return buffer;
}

function write(header, bodies = []) {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  for (const part of [length, json, ...bodies]) {
    for (let at = 0; at < part.length; ) at += writeSync(1, part, at);
  }
}

async function open(graph, threads) {
  const { InferenceSession, Tensor } = await import("onnxruntime-node").catch((cause) => {
    throw cause.code === "ERR_MODULE_NOT_FOUND" ? new Error("onnxruntime-node is not there: run scripts/setup") : cause;
  });
  // As the daemon's encoders/child/session.ts.
  const options = { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential", logSeverityLevel: 3, extra: { session: { intra_op: { allow_spinning: "0" } } } };
  return { session: await InferenceSession.create(graph, options), Tensor };
}

async function answer({ session, Tensor }, { outputs, tensors }) {
  const given = tensors.map((tensor) => ({ ...tensor, body: read(tensor.bytes) })); // all of it, also if one is refused below
  const feeds = {};
  for (const { name, type, shape, body } of given) {
    const Values = ARRAYS[type];
    if (Values === undefined) throw new Error(`${name} is ${type}: only ${Object.keys(ARRAYS).join(", ")} are passed on`);
    feeds[name] = new Tensor(type, new Values(body.buffer, 0, body.length / Values.BYTES_PER_ELEMENT), shape);
  }
  const startedMs = performance.now();
  const results = await session.run(feeds, outputs ?? session.outputNames);
  const ms = performance.now() - startedMs;
  const named = (outputs ?? session.outputNames).map((name) => [name, results[name]]);
  const bodies = named.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  write({ ms, tensors: named.map(([name, { type, dims }], i) => ({ name, type, shape: dims, bytes: bodies[i].length })) }, bodies);
}

try {
  const model = await open(process.argv[2], Number(process.argv[3]));
  const about = (all) => all.map(({ name, type, shape }) => ({ name, type, shape }));
  write({ inputs: about(model.session.inputMetadata), outputs: about(model.session.outputMetadata) });
  for (let head = read(4); head !== null; head = read(4)) {
    await answer(model, JSON.parse(read(head.readUInt32LE()).toString())).catch((error) => write({ error: error.message }));
  }
} catch (error) {
  write({ error: error.message });
}
