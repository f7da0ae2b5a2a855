// What a composed scene's microphone hears: a background and, somewhere in it, a sound at a given level. Pure.
import { FusiondError } from "../../fusion/model/errors.js";
import { dbOf, gainOf, inSamples, loudestRms, rms, soundingPart } from "./levels.js";

/** A sound that is to be mixed in. Samples are float, -1 to 1, at the background's rate. */
export interface MixedSound {
  readonly samples: Float32Array;
  /** Its loudest half second over the background, dB. */
  readonly snrDb: number;
  /** Where it begins, 0..1 of the time in which it may. */
  readonly at: number;
}

/** What was heard. Times are ms of the scene. */
export interface Mixed {
  readonly samples: Float32Array;
  /** RMS of the background as it is in the scene, dBFS. */
  readonly backgroundDb: number;
  /** Where the sound sounds, and the change of its level. */
  readonly sound?: { readonly fromMs: number; readonly toMs: number; readonly gainDb: number };
}

/** A background is lifted or lowered into these bounds, dBFS: below is no microphone's, above no room for a sound. */
const BACKGROUND_DB = { min: -60, max: -30 } as const;
/** How long two pieces of background are heard together where they meet, ms. */
const SEAM_MS = 100;
/** What comes before a sound and after it, ms: no rule has to look over a scene's edge. */
const BEFORE_MS = 8_000;
/** See `BEFORE_MS`. */
const AFTER_MS = 6_000;
/** The longest part of a sound that is taken, ms, and how it ends there. */
const SOUND_MS_MAX = 6_000;
/** See `SOUND_MS_MAX`. */
const FADE_MS = 50;
/** Largest sample of a mix; a louder one is turned down as a whole, which leaves the levels to each other as they are. */
const PEAK_MAX = 0.98;

/**
 * The mix, as long as asked for. `backgrounds` follow each other, over and over, until the end.
 * Errors: FusiondError "media_invalid" if all that is to be heard of one is digital silence.
 */
export function mixSound(backgrounds: readonly Float32Array[], sound: MixedSound | undefined, durationMs: number, rateHz: number): Mixed {
  const background = joined(backgrounds, inSamples(durationMs, rateHz), inSamples(SEAM_MS, rateHz));
  const level = rms(background);
  if (level === 0) throw new FusiondError("media_invalid", "a background is digital silence: leave it out of its table");
  const wanted = Math.min(BACKGROUND_DB.max, Math.max(BACKGROUND_DB.min, dbOf(level)));
  const samples = background.map((x) => x * gainOf(wanted - dbOf(level)));
  if (sound === undefined) return { samples: withoutClipping(samples), backgroundDb: wanted };
  const part = soundingPart(sound.samples, rateHz);
  if (part === undefined) throw new FusiondError("media_invalid", "a labelled sound is digital silence: leave it out of its table");
  const taken = sound.samples.slice(part.from, Math.min(part.to, part.from + inSamples(SOUND_MS_MAX, rateHz)));
  fadeOut(taken, inSamples(FADE_MS, rateHz));
  const gain = gainOf(wanted + sound.snrDb) / loudestRms(taken, rateHz);
  const room = samples.length - taken.length - inSamples(BEFORE_MS + AFTER_MS, rateHz);
  const from = inSamples(BEFORE_MS, rateHz) + Math.floor(sound.at * Math.max(0, room));
  taken.forEach((x, i) => (samples[from + i] = (samples[from + i] as number) + x * gain));
  const inMs = (at: number): number => Math.round((at * 1_000) / rateHz);
  return { samples: withoutClipping(samples), backgroundDb: wanted, sound: { fromMs: inMs(from), toMs: inMs(from + taken.length), gainDb: dbOf(gain) } };
}

/** Pieces one after the other and over and over, each over the end of the one before, at equal power. */
function joined(pieces: readonly Float32Array[], length: number, seam: number): Float32Array {
  const out = new Float32Array(length);
  const whole = pieces.filter((piece) => piece.length > 2 * seam);
  let at = 0;
  for (let i = 0; at < length && whole.length > 0; i++) {
    const piece = whole[i % whole.length] as Float32Array;
    piece.subarray(0, length - at).forEach((x, j) => {
      const fadeIn = at === 0 || j >= seam ? 1 : Math.sqrt(j / seam);
      const left = piece.length - j;
      const fade = left > seam ? fadeIn : fadeIn * Math.sqrt(left / seam);
      out[at + j] = (out[at + j] as number) + x * fade;
    });
    at += piece.length - seam;
  }
  return out;
}

function fadeOut(samples: Float32Array, length: number): void {
  const from = Math.max(0, samples.length - length);
  for (let i = from; i < samples.length; i++) samples[i] = (samples[i] as number) * ((samples.length - i) / (samples.length - from));
}

function withoutClipping(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return peak <= PEAK_MAX ? samples : samples.map((x) => x * (PEAK_MAX / peak));
}
