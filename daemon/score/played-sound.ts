// A recorded sound as a live microphone would give it: its pieces without a pause, from a warm-up of itself on.
import type { SoundCapture } from "../../encoders/capture.js";
import type { SoundTower } from "../../encoders/pack-manifest.js";
import { decodeSamples, SOUND_MAX_S } from "../models/decode.js";
import type { Source, SourceSignal } from "../sources/source.js";
import { placed, type PlacedLabel } from "./placed-label.js";
import type { Piece } from "./recordings.js";

/** How a tower listens. */
type Listening = Pick<SoundTower, "sampleRateHz" | "windowMs" | "hopMs">;

/**
 * Sound in memory that follows on from its own end. Its windows repeat as objects: the same stretch of sound is the same
 * array whenever it is played, so that who remembers by identity need not encode it again. At most 10 minutes of sound.
 */
export class PlayedSound {
  readonly lengthMs: number;
  /** What is truly there, times from its start. */
  readonly labels: readonly PlacedLabel[];
  readonly #listening: Listening;
  readonly #windows: readonly Float32Array[];

  /** `samples` are cut to whole hops; what is shorter than one is filled with silence. */
  constructor(samples: Float32Array, labels: readonly PlacedLabel[], listening: Listening) {
    const { sampleRateHz, windowMs, hopMs } = listening;
    const [hop, window] = [(sampleRateHz * hopMs) / 1000, (sampleRateHz * windowMs) / 1000];
    const hops = Math.max(1, Math.floor(samples.length / hop));
    const round = new Float32Array(hops * hop + window);
    for (let at = 0; at < round.length; at += hops * hop) round.set(samples.subarray(0, Math.min(hops * hop, round.length - at)), at);
    this.lengthMs = hops * hopMs;
    this.labels = labels;
    this.#listening = listening;
    this.#windows = Array.from({ length: hops }, (_, i) => round.subarray(i * hop, i * hop + window));
  }

  /**
   * A source that plays the end of the sound, as long as the warm-up (again and again where the sound is shorter), and then
   * the whole once. Event time starts at 0; the whole starts at `warmMs`, which is rounded to hops.
   */
  source(id: string, warmMs: number): Source {
    return { id, modalities: ["audio"], finite: true, observe: (signal) => this.#play(id, warmMs, signal) };
  }

  async *#play(sourceId: string, warmMs: number, signal: AbortSignal): AsyncGenerator<SourceSignal> {
    const { sampleRateHz, windowMs, hopMs } = this.#listening;
    const warmHops = Math.round(warmMs / hopMs);
    const endMs = warmHops * hopMs + this.lengthMs;
    const count = this.#windows.length;
    yield { kind: "state", state: "healthy", at: 0 };
    for (let seq = 0; seq === 0 || seq * hopMs + windowMs <= endMs; seq++) {
      if (signal.aborted) return;
      const window = this.#windows[(((seq - warmHops) % count) + count) % count] as Float32Array;
      const durationMs = Math.min(windowMs, endMs - seq * hopMs);
      const samples = durationMs === windowMs ? window : cutOff(window, (sampleRateHz * durationMs) / 1000);
      const capture: SoundCapture = { modality: "audio", sourceId, seq, capturedAt: seq * hopMs, durationMs, receivedAtMs: performance.now(), sampleRateHz, samples };
      yield { kind: "capture", capture };
      yield { kind: "progress", modality: "audio", time: seq * hopMs + durationMs };
    }
    yield await Promise.resolve({ kind: "state", state: "ended", at: endMs });
  }
}

/**
 * The pieces of a recording, decoded as a source's sound is and put together; more than 10 minutes become several sounds,
 * each from its own start on. Errors: FusiondError "media_invalid" for a piece that cannot be decoded.
 */
export async function* playedSounds(pieces: readonly Piece[], listening: Listening): AsyncGenerator<PlayedSound> {
  const rate = listening.sampleRateHz;
  let parts: Float32Array[] = [];
  let labels: PlacedLabel[] = [];
  let length = 0;
  for (const { path, labels: said } of pieces) {
    for (let fromS = 0; ; fromS += SOUND_MAX_S) {
      const samples = await decodeSamples(path, rate, fromS);
      if (length > 0 && length + samples.length > SOUND_MAX_S * rate) {
        yield new PlayedSound(joined(parts, length), labels, listening);
        [parts, labels, length] = [[], [], 0];
      }
      labels.push(...placed(said, { fromMs: fromS * 1000, toMs: fromS * 1000 + (samples.length * 1000) / rate }, (length * 1000) / rate));
      parts.push(samples);
      length += samples.length;
      if (samples.length < SOUND_MAX_S * rate) break;
    }
  }
  if (length > 0) yield new PlayedSound(joined(parts, length), labels, listening);
}

function joined(parts: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What a source gives at its end: the sound so far, and silence. */
function cutOff(window: Float32Array, length: number): Float32Array {
  const cut = new Float32Array(window.length);
  cut.set(window.subarray(0, length));
  return cut;
}
