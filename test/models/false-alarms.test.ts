// Sounds at stated times through the real sound tower: what is counted as a false alarm, and over which time.
import t from "tap";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { decodeSound } from "../../daemon/models/decode.js";
import { countFalseAlarms, type FalseAlarms } from "../../daemon/models/false-alarms.js";
import type { LabelledFile } from "../../daemon/models/labelled-folder.js";
import { knownLabels } from "../../daemon/models/labels.js";
import { scoreFiles } from "../../daemon/models/score-files.js";
import type { Source, SourceSignal } from "../../daemon/sources/source.js";
import type { SoundCapture } from "../../encoders/capture.js";
import { DEFAULT_CAMERA_GATE } from "../../encoders/tower-spec.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { media } from "../support/debian.js";

const never = new AbortController().signal;
const pack = await loadPack(findPack("embedded", { packageRoot }));
const bark = media.stamp("animals/mammals/dogs/dog.ogg");
const labelled: readonly LabelledFile[] = [{ path: bark, modality: "audio", label: "dog", recording: bark }];
const labels = knownLabels(pack, labelled);
const { files: scored } = await scoreFiles(pack, "audio", labelled, labels, never);
const [dog] = (await decodeSound(bark, pack.manifest.audio)) as [SoundCapture];
const silence = new Float32Array(dog.samples.length);

/** A window of a dog or of silence that starts at so many seconds. */
function window(what: "dog" | "silence", atS: number): SoundCapture {
  return { ...dog, seq: atS * 2, capturedAt: atS * 1000, samples: what === "dog" ? dog.samples.slice() : silence.slice() };
}

/** Recordings that are not files. A text is what is wrong with one. */
function count(recordings: Readonly<Record<string, readonly SoundCapture[] | string>>, labelsOf: Readonly<Record<string, readonly string[]>> = {}): Promise<FalseAlarms> {
  const open = ({ id, path }: { readonly id: string; readonly path: string }): Source => ({ id, modalities: ["audio"], finite: true, observe: () => signals(recordings[path] ?? []) });
  const files = Object.keys(recordings).map((path) => ({ path, modality: "audio" as const, labels: labelsOf[path] ?? [] }));
  return countFalseAlarms({ pack, modality: "audio", labels, scored, files, recordings: { open, gate: DEFAULT_CAMERA_GATE, fps: 5, widthPx: 640 } }, never);
}

async function* signals(captures: readonly SoundCapture[] | string): AsyncGenerator<SourceSignal> {
  if (typeof captures === "string") throw new FusiondError("media_invalid", captures);
  for (const capture of captures) yield await Promise.resolve({ kind: "capture", capture } as const);
}

void t.test("false alarms: one in ten seconds of one recording, over the time that was heard", async (t) => {
  const { report, leftOut } = await count({
    a: [window("dog", 0), window("dog", 0.5), window("dog", 1), window("silence", 1.5), window("dog", 12)],
    b: [window("dog", 0)],
    c: "c is broken",
  });
  t.match(report, { files: 2, samples: 5, prompts: [{ label: "dog", files: 1, threshold: { recall: 1 }, rate: { alarms: 3 } }], all: { alarms: 3 } });
  // Recording a: 2 s, twice 0.5 s more, nothing of silence, 2 s; b: 2 s.
  t.ok(Math.abs(report.hours * 3600 - 7) < 1e-9, `${report.hours * 3600} s`);
  t.ok(Math.abs(report.all.anHour - (3 * 3600) / 7) < 1e-6);
  t.ok(Math.abs(report.all.anHourAtMost - (7.753656528 * 3600) / 7) < 1e-3, `${report.all.anHourAtMost}`);
  t.same(leftOut, [{ path: "c", reason: "c is broken" }]);
});

void t.test("false alarms: what is truly there is not counted, and its hours are none of that prompt's", async (t) => {
  const { report } = await count({ a: [window("dog", 0)], b: [window("dog", 0)], c: [window("dog", 0)] }, { a: ["speech", "dogs"], b: ["speech"] });
  t.match(report.prompts, [{ rate: { alarms: 2, hours: 4 / 3600 } }]);
  t.match(report, { hours: 6 / 3600, all: { alarms: 2, hours: 6 / 3600 } });
  const { report: excused } = await count({ a: [window("dog", 0)] }, { a: ["dog"] });
  t.match(excused.prompts, [{ rate: { alarms: 0, hours: 0, anHour: NaN, anHourAtMost: Infinity } }], "no hours say nothing");
});
