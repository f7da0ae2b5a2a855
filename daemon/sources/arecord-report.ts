// What arecord says of a recording: what its device is made to do, and what it complains about.

/** One thing that it said. */
export type Said =
  /** The device has exactly two channels, and ALSA takes the mean of them to give the one that was asked for. */
  | { readonly kind: "mixes_two" }
  /** The device goes on at this rate, which is not the one that was asked for. */
  | { readonly kind: "other_rate"; readonly rateHz: number }
  /** `lostSound`: nobody took the sound in time. */
  | { readonly kind: "complaint"; readonly line: string; readonly lostSound: boolean };

const OTHER_RATE = /rate is not accurate \(requested = \d+Hz, got = (\d+)Hz\)/;
/** A row of the table of one of ALSA's route plugins. */
const MIXES_TWO = /^\s+0 <- 0\*0\.5 \+ 1\*0\.5$/;
const LOST_SOUND = /^overrun!!!/;

/** It starts with what it records, and goes on with how each PCM of the device is set up: titles, and indented values. */
const START = /^Recording /;
const COMPLAINT = /^(?:arecord: |ALSA lib |setpriv: |Warning: |overrun!!!)/;
/** What follows on something else: values, and what explains a complaint. */
const DETAIL = /^\s|^$|^[A-Z_]+: |^Status(?:\(.*\))?:$/;
/** The last values of a PCM's setup: another may follow, as the slave of this one. */
const LAST_VALUES = /^\s+(?:boundary|appl_ptr|hw_ptr)\s*:/;
const NEXT_PCM = /^Slave\b/;

/** Reads the lines of one arecord that was asked to say how the device is set up (-v), in English. */
export class ArecordReport {
  #inSetup = false;
  #setupMayEnd = false;

  /** What a line says; nothing where it is of no consequence. */
  take(line: string): Said | undefined {
    const rateHz = OTHER_RATE.exec(line)?.[1];
    if (rateHz !== undefined) return { kind: "other_rate", rateHz: Number(rateHz) };
    if (MIXES_TWO.test(line)) return { kind: "mixes_two" };
    if (DETAIL.test(line)) this.#setupMayEnd = LAST_VALUES.test(line);
    else if (START.test(line)) this.#inSetup = true;
    else if (COMPLAINT.test(line) || !this.#isTitle(line)) return { kind: "complaint", line, lostSound: LOST_SOUND.test(line) };
    return undefined;
  }

  /** Titles have names of all kinds: what stands within the setup is one. */
  #isTitle(line: string): boolean {
    if (this.#setupMayEnd && !NEXT_PCM.test(line)) this.#inSetup = false;
    this.#setupMayEnd = false;
    return this.#inSetup;
  }
}
