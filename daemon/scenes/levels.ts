// How loud sounds are, and where in a recording one sounds. Pure. Samples are float, -1 to 1.

/** Length of the loudest part that a level is measured over, ms. */
export const LOUDEST_MS = 500;
/** Steps in which is looked where something sounds, ms. */
const STEP_MS = 50;
/** So much below its loudest step a sound is over, dB. */
const OVER_DB = 30;

/** A part of a recording, in samples. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** Root mean square of a part of samples, 0..1; 0 of none. */
export function rms(samples: Float32Array, { from, to }: Part = { from: 0, to: samples.length }): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (samples[i] as number) ** 2;
  return to > from ? Math.sqrt(sum / (to - from)) : 0;
}

/** RMS of the loudest half second, moved by steps; of a shorter sound as if silence followed it. */
export function loudestRms(samples: Float32Array, rateHz: number): number {
  const [length, step] = [inSamples(LOUDEST_MS, rateHz), inSamples(STEP_MS, rateHz)];
  let most = 0;
  for (let from = 0; from === 0 || from + length <= samples.length; from += step) {
    const to = Math.min(from + length, samples.length);
    most = Math.max(most, rms(samples, { from, to }) * Math.sqrt((to - from) / length));
  }
  return most;
}

/** From the first to the last step that is at most 30 dB below the loudest: where it sounds; undefined if it is silent. */
export function soundingPart(samples: Float32Array, rateHz: number): Part | undefined {
  const step = inSamples(STEP_MS, rateHz);
  const steps = Array.from({ length: Math.ceil(samples.length / step) }, (_, i) => ({ from: i * step, to: Math.min((i + 1) * step, samples.length) }));
  const levels = steps.map((part) => rms(samples, part));
  const least = Math.max(0, ...levels) * gainOf(-OVER_DB);
  const first = levels.findIndex((level) => level > 0 && level >= least);
  const last = levels.findLastIndex((level) => level > 0 && level >= least);
  return first < 0 ? undefined : { from: (steps[first] as Part).from, to: (steps[last] as Part).to };
}

/** The factor of a change in level, dB. */
export function gainOf(db: number): number {
  return 10 ** (db / 20);
}

/** The change in level of a factor above 0, dB. */
export function dbOf(gain: number): number {
  return 20 * Math.log10(gain);
}

/** Whole samples of a time, ms. */
export function inSamples(ms: number, rateHz: number): number {
  return Math.round((ms * rateHz) / 1_000);
}
