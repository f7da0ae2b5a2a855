// Whom a request may be meant for: without this, a stranger's web page reads ours through a name of its own (DNS rebinding).
import { hostname } from "node:os";
import { isLoopback } from "../../config/loopback.js";

/**
 * Whether the Host header names this machine: a loopback name or address, its host name, or one of the names given.
 * Letter case, port and a dot at the end do not count. A request without the header comes from no browser and passes.
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true;
  const host = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim());
  const name = bareName(host?.[1] ?? host?.[2] ?? "");
  return name !== "" && (isLoopback(name) || [...ownNames(), ...allowed].some((one) => bareName(one) === name));
}

function ownNames(): readonly string[] {
  const name = hostname();
  return [name, name.split(".", 1)[0] ?? name];
}

function bareName(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}
