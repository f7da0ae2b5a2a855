// Cuts bytes into lines, and gives up on lines that are too long.

/** Bound: holds at most `maxBytes` of a line that has not ended yet. */
export class LineCutter {
  readonly #maxBytes: number;
  readonly #onOversize: () => void;
  #rest: Buffer = Buffer.alloc(0);
  /** The line that is coming in was too long: its remainder is passed over. */
  #skipping = false;

  constructor(maxBytes: number, onOversize: () => void) {
    this.#maxBytes = maxBytes;
    this.#onOversize = onOversize;
  }

  /** The lines that end with these bytes, without their ends; bytes that are no UTF-8 become U+FFFD. */
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
    const line = this.#skipping ? undefined : this.#rest.toString("utf8").replace(/\r$/, "");
    this.#rest = Buffer.alloc(0);
    this.#skipping = false;
    return line;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#skipping || bytes.length === 0) return;
    if (this.#rest.length + bytes.length <= this.#maxBytes) {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      return;
    }
    this.#onOversize();
    this.#skipping = true;
    this.#rest = Buffer.alloc(0);
  }
}
