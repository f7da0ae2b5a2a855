// What ffmpeg says at loglevel `level+info` of its input before it decodes, and what of that is refused.

/** What is asked of an input; what is not asked for may be as it likes. */
export interface ReportOptions {
  readonly picture: boolean;
  readonly sound: boolean;
  /** The host that may be asked; nothing: any. */
  readonly host?: string;
}

/** What a line means: a complaint to pass on, the input taken or refused in one sentence, or nothing. */
export type Reported = { readonly complaint: string } | { readonly refused: string } | "accepted" | undefined;

/** Larger pictures are refused before memory is taken for them: 8K UHD. */
export const PIXELS_MAX = 7680 * 4320;
/** A picture so much higher than wide, or wider than high, is none of a camera's. */
const HEIGHT_RATIO_MAX = 4;
const WIDTH_RATIO_MAX = 16;
/** Sound of fewer samples a second holds nothing, of more is no sound. */
const SAMPLE_RATE_MIN_HZ = 4_000;
const SAMPLE_RATE_MAX_HZ = 384_000;

const LINE = /^((?:\[[^\]]*? @ 0x[0-9a-f]+\] )*)(?:\[(\w+)\] )?(.*)$/;
const COMPLAINTS = ["error", "fatal", "panic"];
const STREAM = /^\s*Stream #0:\d+.*?: (Video|Audio): (.*)$/;
const SIZE = /(?:^|[\s,])(\d{1,9})x(\d{1,9})(?=[\s,[]|$)/;
const RATE = /(?:^|[\s,])(\d+) Hz/;
const TOO_LARGE = /^Picture size (\d+)x(\d+) (?:is invalid|exceeds)/;
const REDIRECT = /Redirecting to (\S+)/;
const BEGINS = /^(Stream mapping:|Output #0)/;

/** Reads the stderr of one ffmpeg, line by line. */
export class InputReport {
  readonly #options: ReportOptions;
  readonly #seen = new Set<string>();
  #level = "error";
  #decoding = false;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  take(line: string): Reported {
    const [, object = "", level, text = ""] = LINE.exec(line) ?? [];
    this.#level = level ?? this.#level; // a message of several lines says its level once
    const to = REDIRECT.exec(text)?.[1];
    if (to !== undefined) return this.#redirected(to);
    if (this.#decoding) return this.#complaint(object + text);
    const [, width, height] = TOO_LARGE.exec(text) ?? [];
    if (width !== undefined && this.#options.picture) return { refused: tooLarge(Number(width), Number(height)) };
    if (this.#level === "info" && BEGINS.test(text)) {
      this.#decoding = true;
      return "accepted";
    }
    const [, kind = "", about = ""] = STREAM.exec(text) ?? [];
    const refused = this.#level === "info" && kind !== "" ? this.#judge(kind, about) : undefined;
    return refused === undefined ? this.#complaint(object + text) : { refused };
  }

  #complaint(text: string): Reported {
    return COMPLAINTS.includes(this.#level) ? { complaint: text } : undefined;
  }

  /** The first stream of each kind is the one that is decoded. */
  #judge(kind: string, about: string): string | undefined {
    if (this.#seen.has(kind)) return undefined;
    this.#seen.add(kind);
    if (kind === "Video") return this.#options.picture ? pictureFault(SIZE.exec(about)) : undefined;
    return this.#options.sound ? soundFault(RATE.exec(about)) : undefined;
  }

  #redirected(to: string): Reported {
    const { host } = this.#options;
    const hostname = URL.canParse(to) ? new URL(to).hostname : "";
    if (host === undefined || hostname === host) return undefined;
    return { refused: `the camera sends on to another host, ${hostname}: name that address, or write follow: true if it may` };
  }
}

function pictureFault(size: RegExpExecArray | null): string | undefined {
  if (size === null) return undefined; // not known yet: -max_pixels and the bounds of what comes out hold
  const [width, height] = [Number(size[1]), Number(size[2])];
  if (width * height > PIXELS_MAX) return tooLarge(width, height);
  if (height <= width * HEIGHT_RATIO_MAX && width <= height * WIDTH_RATIO_MAX) return undefined;
  return `its picture is ${width} x ${height} pixels: at most ${HEIGHT_RATIO_MAX} times as high as wide or ${WIDTH_RATIO_MAX} times as wide as high can be looked at`;
}

function tooLarge(width: number, height: number): string {
  return `its picture is ${width} x ${height} pixels: at most ${(PIXELS_MAX / 1e6).toFixed(0)} million are read`;
}

function soundFault(rate: RegExpExecArray | null): string | undefined {
  if (rate === null) return undefined;
  const hz = Number(rate[1]);
  if (hz >= SAMPLE_RATE_MIN_HZ && hz <= SAMPLE_RATE_MAX_HZ) return undefined;
  return `its sound has ${hz} samples a second: ${SAMPLE_RATE_MIN_HZ} to ${SAMPLE_RATE_MAX_HZ} can be listened to`;
}
