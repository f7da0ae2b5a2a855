// What every source promises, whatever is behind it.
import type { Test } from "tap";
import type { Capture } from "../../encoders/capture.js";
import type { Source } from "../../daemon/sources/source.js";
import { collect, type Told } from "./support.js";



/** A source to prove, and what has to happen for it to give `perModality` captures of each modality. */
export interface Subject {
  readonly source: Source;
  /** Called with each signal: for sources that need to be spoken to. */
  readonly provoke?: (told: Told) => void | Promise<void>;
}

const CAPTURES_EACH = 3;

/** Proves the promises of `Source` on a real adapter. */
export async function provesSource(test: Test, { source, provoke }: Subject): Promise<void> {
  const told = await collect(source, async (so_far) => {
    await provoke?.(so_far);
    return source.modalities.every((modality) => so_far.of(modality).length >= CAPTURES_EACH);
  });
  for (const modality of source.modalities) {
    const captures = told.of(modality);
    test.ok(captures.length >= CAPTURES_EACH, `every declared modality is delivered: ${modality}`);
    test.ok(rises(captures.map((capture) => capture.capturedAt)), `capturedAt strictly increases: ${modality}`);
    test.ok(rises(captures.map((capture) => capture.seq)), `seq strictly increases: ${modality}`);
    test.ok(rises(told.progress(modality)), `progress strictly increases: ${modality}`);
    test.ok(
      captures.every((capture) => Number.isInteger(capture.capturedAt) && Number.isInteger(capture.durationMs)),
      `times are whole milliseconds: ${modality}`,
    );
  }
  test.ok(
    told.captures.every((capture) => capture.sourceId === source.id),
    "captures name their source",
  );
  const buffers = told.captures.flatMap(bufferOf);
  test.equal(new Set(buffers.map((view) => view.buffer)).size, buffers.length, "no buffer is used twice");
  test.ok(
    buffers.every((view) => view.byteOffset === 0 && view.byteLength === view.buffer.byteLength),
    "each capture has a buffer of its own, which can be transferred",
  );
  test.ok(keepsProgress(told), "no capture ends at or before the progress told before it");
  test.same(await collectAborted(source), [], "an aborted signal ends it at once");
}

function bufferOf(capture: Capture): ArrayBufferView[] {
  if (capture.modality === "image") return [capture.pixels];
  return capture.modality === "audio" ? [capture.samples] : [];
}

function rises(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > (numbers[i - 1] as number));
}

function keepsProgress(told: Told): boolean {
  const progress = new Map<string, number>();
  return told.signals.every((signal) => {
    if (signal.kind === "progress") progress.set(signal.modality, signal.time);
    if (signal.kind !== "capture") return true;
    const { capturedAt, durationMs, modality } = signal.capture;
    return capturedAt + durationMs > (progress.get(modality) ?? -Infinity);
  });
}

async function collectAborted(source: Source): Promise<string[]> {
  const kinds: string[] = [];
  for await (const signal of source.observe(AbortSignal.abort())) if (signal.kind === "capture") kinds.push(signal.kind);
  return kinds;
}
