// What is at the place that a source names: the one judge, and it looks instead of reading the name.
import { statSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import type { MediaInput } from "./schema/sources.js";

/** What stands at a place, or why nothing can be taken from there: one sentence for the operator. */
export type Seen = { readonly input: MediaInput } | { readonly problem: string };

/** Linux' numbers of character devices. Source: Documentation/admin-guide/devices.txt of the kernel. */
const VIDEO_MAJOR = 81;
const SOUND_MAJOR = 116;

/** Endings that no ALSA name has: what is not there and ends so was meant as a file. */
const MEDIA_ENDING = /\.(aac|ac3|aiff?|au|avi|flac|m4a|mka|mkv|mov|mp3|mp4|mpe?g|oga|ogg|opus|ts|wav|wave|webm|wma)$/i;

/**
 * The place of a camera: a URL as it is, else what is there now, links followed. What is missing below /dev is a video
 * device that is not plugged in; what is missing elsewhere is a missing file. Relative paths start from `folder`.
 */
export function cameraPlace(written: MediaInput, folder: string): Seen {
  if (written.kind === "url") return { input: written };
  const location = resolve(folder, written.location);
  const found = look(location);
  if (found === undefined) return { input: { kind: location.startsWith("/dev/") ? "video_device" : "file", location } };
  if (found.isFile()) return { input: { kind: "file", location } };
  if (majorOf(found) === VIDEO_MAJOR) return { input: { kind: "video_device", location } };
  return { problem: `${location} ${whatElse(found)}: name a video device such as /dev/video0, a video file or a URL` };
}

/**
 * The place of a microphone: a URL as it is, a file that is there, else the name of an ALSA device. What is not there is a
 * missing file if it has a slash or a media file's ending. Relative paths start from `folder`.
 */
export function microphonePlace(written: MediaInput, folder: string): Seen {
  if (written.kind === "url") return { input: written };
  const location = resolve(folder, written.location);
  const isPath = written.location.includes("/");
  const found = look(location);
  if (found?.isFile() === true) return { input: { kind: "file", location } };
  if (found !== undefined && isPath) {
    return { problem: `${location} ${whatElse(found)}: name an ALSA device as arecord -L does (plughw:1,0), a sound file or a URL` };
  }
  return { input: isPath || MEDIA_ENDING.test(location) ? { kind: "file", location } : { kind: "sound_device", location: written.location } };
}

/** Why no lines can come from what is at an absolute path now; nothing for a file, a FIFO, a device, or what is not there yet. */
export function linesProblem(path: string): string | undefined {
  const found = look(path);
  if (found === undefined || found.isFile() || found.isFIFO() || found.isCharacterDevice()) return undefined;
  return `${path} ${found.isBlockDevice() ? "is a block device" : whatElse(found)}: name the file that lines are written to`;
}

/** What is there; nothing if it cannot be seen, of which the check of files says why. */
function look(location: string): Stats | undefined {
  try {
    return statSync(location);
  } catch {
    return undefined;
  }
}

function majorOf(found: Stats): number | undefined {
  return found.isCharacterDevice() ? majorNumber(found.rdev) : undefined;
}

/** Source: makedev(3). */
function majorNumber(rdev: number): number {
  return Math.floor(rdev / 256) % 4096;
}

function whatElse(found: Stats): string {
  if (found.isDirectory()) return "is a folder";
  if (found.isFIFO()) return "is a pipe";
  if (found.isSocket()) return "is a socket";
  const major = majorOf(found);
  if (major === VIDEO_MAJOR) return "is a video device, which has no sound";
  return major === SOUND_MAJOR ? "is a device file of ALSA's own" : "is a device, but none that can be seen or heard";
}
