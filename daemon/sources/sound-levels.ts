// What a piece of sound is made of, as far as one can tell that it is none.

/** A piece of sound that shows nothing, or is too loud. */
export interface SoundLevels {
  /** It does not change at all, whatever its constant value: digital silence, also A-law's, whose silence is not zero. */
  readonly isConstant: boolean;
  /** Its constant part is large and drowns the rest. */
  readonly isOffset: boolean;
  /** A noticeable part of it is cut off at full scale. */
  readonly isClipped: boolean;
}

/** Half a step of 16 bits: what a microphone that is plugged in never stays below for long. */
const CONSTANT_PEAK = 0.5 / 32768;
/** A constant that is as small as that is silence, not an offset. A-law's silence is 8 steps of 16 bits. */
const OFFSET_MIN = 0.01;
/** Cheap converters have an offset of up to 3 % and hear well. */
const OFFSET_WITH_SOUND_MIN = 0.05;
/** So many times the sound on top of it. */
const OFFSET_FACTOR = 10;
/** Full scale, less what resampling takes off a flat top. */
const CLIPPED_AT = 0.995;
const CLIPPED_SHARE = 0.01;

/** Measures a piece, -1..1. */
export function soundLevels(samples: Float32Array): SoundLevels {
  const count = Math.max(1, samples.length);
  let [sum, clipped] = [0, 0];
  for (const sample of samples) {
    sum += sample;
    if (Math.abs(sample) >= CLIPPED_AT) clipped += 1;
  }
  const mean = sum / count;
  let [peak, power] = [0, 0];
  for (const sample of samples) {
    const swing = Math.abs(sample - mean);
    peak = Math.max(peak, swing);
    power += swing * swing;
  }
  const isConstant = peak < CONSTANT_PEAK;
  const offset = Math.abs(mean);
  const drowns = offset >= OFFSET_WITH_SOUND_MIN && Math.sqrt(power / count) * OFFSET_FACTOR < offset;
  return { isConstant, isOffset: isConstant ? offset >= OFFSET_MIN : drowns, isClipped: !isConstant && clipped >= CLIPPED_SHARE * count };
}
