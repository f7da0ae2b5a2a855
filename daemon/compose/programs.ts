// What a configuration needs of the machine beside fusiond: told by `check`, since `run` would refuse to start without.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "../../config/load.js";
import type { ConfigProblem } from "../../config/problem.js";
import { messageOf } from "../../fusion/model/errors.js";
import { findNatsServer } from "../bus/find-nats-server.js";
import { packageRoot } from "../runtime/package-root.js";
import { requireProgram } from "../runtime/child-process.js";

const OPENCV = join("opencv4nodejs", "build", "Release", "opencv4nodejs.node");
const NO_OPENCV =
  'a camera needs the OpenCV binding, which is not here: run "apt-get install libopencv-dev pkg-config" and then "npm run setup" in the folder of fusiond';

/**
 * One warning at the key that asks for it, for each program or binding that is not on this machine. A configuration may
 * well be checked on another machine than the one that it is for: none of it is a mistake.
 */
export function missingPrograms(loaded: LoadedConfig): ConfigProblem[] {
  const { config } = loaded;
  const warnings: ConfigProblem[] = [];
  const need = (path: readonly string[], find: () => void): void => {
    try {
      find();
    } catch (error) {
      if (!warnings.some(({ message }) => message === messageOf(error))) warnings.push(loaded.problem(path, messageOf(error)));
    }
  };
  if (config.nats.server.kind === "embedded") need(["nats", "embedded"], () => findNatsServer());
  for (const source of config.sources) {
    if (!source.enabled || source.kind === "text") continue;
    const at = ["sources", source.id, source.kind];
    for (const program of ["setpriv", "prlimit"]) need(at, () => requireProgram(program, "util-linux"));
    if (source.kind === "microphone" && source.input.kind === "sound_device") need(at, () => requireProgram("arecord", "alsa-utils"));
    else need(at, () => requireProgram("ffmpeg", "ffmpeg"));
    if (source.kind === "camera") need(at, requireOpenCv);
  }
  return warnings;
}

/** Beside fusiond's own modules, or where fusiond itself is installed as one. */
function requireOpenCv(): void {
  const places = [join(packageRoot, "node_modules"), join(packageRoot, "..")];
  if (!places.some((place) => existsSync(join(place, OPENCV)))) throw new Error(NO_OPENCV);
}
