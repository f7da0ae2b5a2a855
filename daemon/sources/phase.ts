// Two channels become one sound, also where they are out of phase and their sum is nothing.

/** A piece of sound: mono, -1..1, a buffer of its own. */
export interface HeardSound {
  readonly samples: Float32Array<ArrayBuffer>;
  /** Its channels cancel each other: it is their difference. */
  readonly isOutOfPhase: boolean;
}

/** So many times the power of the sum makes the difference what is heard. With unrelated channels, or one alone, both are equal. */
const CANCELS_FACTOR = 4;
/** So many times that of the difference brings the sum back, over about a second: hum between words does not. No difference at all does at once. */
const AGREES_FACTOR = 2;
const KEPT_PER_PIECE = 0.9;
/** Half a step of 16 bits: what is below is no sound. */
const POWER_MIN = (0.5 / 32768) ** 2;

/**
 * The ffmpeg filter that makes any sound two channels, float64 planar: ffmpeg's own mono mix, and the difference of the two
 * channels at the same gain. What has not two channels has no difference; one channel alone comes out as it is, to the bit.
 *
 * The first format resamples and mixes down; the second takes it over as it is, since without it the filter would have no layout.
 */
export function sumAndDifference(sampleRateHz: number): string {
  const layouts = "channel_layouts=mono|stereo";
  const sum = `if(eq(nb_in_channels,1),val(0),(val(0)+val(1))*${Math.SQRT1_2})`;
  const difference = `(val(0)-val(1))*${Math.SQRT1_2}`; // of one channel: both are that
  return `aresample=${sampleRateHz},aformat=sample_fmts=flt:${layouts},aformat=sample_fmts=dblp:${layouts},aeval='${sum}|${difference}':c=stereo`;
}

/** The same of two channels of 16 bits that alternate, the sum being what ALSA mixes of them: half of each. */
export function halfSumAndDifference(stereo: Int16Array): Float32Array {
  const pairs = new Float32Array(stereo.length);
  for (let i = 0; i + 1 < stereo.length; i += 2) {
    const [left, right] = [stereo[i] ?? 0, stereo[i + 1] ?? 0];
    pairs[i] = (left + right) / 65536;
    pairs[i + 1] = (left - right) / 65536;
  }
  return pairs;
}

/** Chooses the sum or the difference, piece by piece of about 100 ms; a piece that cancels is heard from its own start on. */
export class PhaseJudge {
  #isOutOfPhase = false;
  #sum = 0;
  #difference = 0;

  /** `pairs`: sum and difference in turn, as `sumAndDifference` and `halfSumAndDifference` give them. */
  take(pairs: Float32Array): HeardSound {
    const [sum, difference] = [powerOf(pairs, 0), powerOf(pairs, 1)];
    this.#sum = KEPT_PER_PIECE * this.#sum + sum;
    this.#difference = KEPT_PER_PIECE * this.#difference + difference;
    const differs = difference > POWER_MIN;
    if (differs && difference > CANCELS_FACTOR * sum) this.#isOutOfPhase = true;
    else if (this.#sum > AGREES_FACTOR * this.#difference || (sum > POWER_MIN && !differs)) this.#isOutOfPhase = false;
    return { samples: everyOther(pairs, this.#isOutOfPhase ? 1 : 0), isOutOfPhase: this.#isOutOfPhase };
  }
}

function everyOther(pairs: Float32Array, first: 0 | 1): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(pairs.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = pairs[2 * i + first] ?? 0;
  return samples;
}

/** The mean power of every other sample, without their constant part, which says nothing of phase. */
function powerOf(pairs: Float32Array, first: 0 | 1): number {
  let [sum, squares] = [0, 0];
  for (let i = first; i < pairs.length; i += 2) {
    const sample = pairs[i] ?? 0;
    sum += sample;
    squares += sample * sample;
  }
  const count = Math.max(1, pairs.length / 2);
  return Math.max(0, squares / count - (sum / count) ** 2);
}
