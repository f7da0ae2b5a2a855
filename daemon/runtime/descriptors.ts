// Whether more files can be opened. A file of its own without imports of ours: asked before anything else is loaded.
import { closeSync, openSync } from "node:fs";

/** Returns if `count` more files could be opened now. Errors: those of the system, EMFILE or ENFILE. */
export function tryDescriptors(count: number): void {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"));
  } finally {
    opened.forEach((descriptor) => closeSync(descriptor));
  }
}
