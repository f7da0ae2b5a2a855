// Where the system's nats-server is.
import { join } from "node:path";
import { FusiondError } from "../../fusion/model/errors.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import { requireProgram } from "../runtime/child-process.js";

/**
 * The path of nats-server: the one given, else on PATH, in the system's sbin folders, which many users do not have on
 * their PATH, or unpacked in the user's cache.
 * Errors: FusiondError "dependency_missing".
 */
export function findNatsServer(given?: string): string {
  if (given !== undefined) return requireProgram(given, "nats-server");
  const cache = cacheFolder();
  const unpacked = cache === undefined ? [] : [join(cache, "debian/usr/sbin/nats-server")];
  const places = ["nats-server", "/usr/sbin/nats-server", "/usr/local/sbin/nats-server", ...unpacked];
  for (const place of places) {
    try {
      return requireProgram(place, "nats-server");
    } catch (error) {
      if (!(error instanceof FusiondError)) throw error; // not there: the next place
    }
  }
  throw new FusiondError(
    "dependency_missing",
    'nats-server was not found: install it with "apt-get install nats-server", or set nats.servers to a broker that runs elsewhere',
  );
}
