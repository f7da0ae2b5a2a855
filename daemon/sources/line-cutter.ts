// Cuts bytes into lines, and gives up on lines that are too long.
import { isUtf8 } from "node:buffer";

/** What a cutter finds out about the lines that it cuts. */
export interface LineCutterOptions {
  readonly maxBytes: number;
  /** A line was longer and is not given. */
  readonly onOversize: () => void;
  /** A line is given, but not all of it was UTF-8. */
  readonly onNotUtf8: () => void;
}

/** A byte that holds nothing: what is left where a file was cut under its writer. */
const NUL = 0;

/** Bound: holds at most `maxBytes` of a line that has not ended yet. */
export class LineCutter {
  readonly #options: LineCutterOptions;
  #rest: Buffer = Buffer.alloc(0);
  /** The line that is coming in was too long: its remainder is passed over. */
  #skipping = false;

  constructor(options: LineCutterOptions) {
    this.#options = options;
  }

  /** Bytes of the line that has not ended yet; of one that is too long none are kept. */
  get waitingBytes(): number {
    return this.#rest.length;
  }

  /** The lines that end with these bytes, as `lineText` gives them. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      const line = this.#complete(bytes.subarray(from, end));
      if (line !== undefined) lines.push(line);
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
    return lines;
  }

  /** The line that has not ended, where no more can come; nothing if there is none. */
  flush(): string | undefined {
    return this.#rest.length === 0 && !this.#skipping ? undefined : this.#complete(new Uint8Array());
  }

  #complete(tail: Uint8Array): string | undefined {
    this.#keep(tail);
    const line = this.#skipping ? undefined : lineText(this.#rest, this.#options.onNotUtf8);
    this.#rest = Buffer.alloc(0);
    this.#skipping = false;
    return line;
  }

  #keep(bytes: Uint8Array): void {
    const more = this.#rest.length === 0 ? withoutLeadingNuls(bytes) : bytes;
    if (this.#skipping || more.length === 0) return;
    if (this.#rest.length + more.length <= this.#options.maxBytes) {
      this.#rest = Buffer.concat([this.#rest, more]);
      return;
    }
    this.#options.onOversize();
    this.#skipping = true;
    this.#rest = Buffer.alloc(0);
  }
}

/** A line as text, without its end, a byte-order mark before it and NULs around it; bytes that are no UTF-8 become U+FFFD. */
export function lineText(bytes: Uint8Array, onNotUtf8: () => void): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (text.includes("\uFFFD") && !isUtf8(bytes)) onNotUtf8();
  return text.replace(/^[\0\uFEFF]+/, "").replace(/[\0\r]+$/, "");
}

function withoutLeadingNuls(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== NUL);
  return first === 0 ? bytes : bytes.subarray(first === -1 ? bytes.length : first);
}
