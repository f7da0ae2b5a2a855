// Types of node-record-lpcm16 1.0.1, which has none: only what is used here.
declare module "node-record-lpcm16" {
  import type { ChildProcess } from "node:child_process";
  import type { Readable } from "node:stream";

  export interface RecordOptions {
    /** Name of a built-in recorder, or the absolute path of a CommonJS module that exports one. */
    readonly recorder: string;
    readonly device?: string;
    readonly sampleRate: number;
    readonly channels: number;
    readonly audioType: "raw" | "wav";
  }

  export interface Recording {
    /** Emits "error" if the program cannot be started; nobody listens to that by default. */
    readonly process: ChildProcess;
    /** Emits "error" with a string when the program ends, even if asked to. */
    stream(): Readable;
    stop(): void;
  }

  const nodeRecord: { record(options: RecordOptions): Recording };
  export { nodeRecord as default };
}
