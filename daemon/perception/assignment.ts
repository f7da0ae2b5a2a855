// Which process perceives which source. Pure.
import { createHash } from "node:crypto";

/** A source and what perceiving it takes, in cores. */
export interface CostedSource {
  readonly id: string;
  readonly cost: number;
}

/** So much more than its even share may a process get, so that a source that comes or goes moves few others. */
const SLACK = 1.1;

/**
 * Spreads sources over so many processes: for each process its sources, in the order in which they were given.
 *
 * A source is in one process, whole. No process gets more than 1.1 of the even share, or than that one source takes which
 * made it more. The same sources give the same spread whatever their order; one that is added moves few.
 */
export function spread(sources: readonly CostedSource[], processes: number): readonly (readonly string[])[] {
  const loads = Array.from({ length: processes }, () => 0);
  const roomEach = (sources.reduce((sum, { cost }) => sum + cost, 0) / processes) * SLACK;
  const place = new Map<string, number>();
  for (const { id, cost } of [...sources].sort((a, b) => b.cost - a.cost || (a.id < b.id ? -1 : 1))) {
    const liked = loads.map((_, i) => ({ i, liking: affinity(id, i) })).sort((a, b) => b.liking - a.liking);
    const least = loads.indexOf(Math.min(...loads));
    const chosen = liked.find(({ i }) => (loads[i] as number) + cost <= roomEach)?.i ?? least;
    loads[chosen] = (loads[chosen] as number) + cost;
    place.set(id, chosen);
  }
  return loads.map((_, i) => sources.filter(({ id }) => place.get(id) === i).map(({ id }) => id));
}

/** How much a source likes a process: a number that only the two decide. */
function affinity(id: string, process: number): number {
  return createHash("sha256").update(`${process} ${id}`).digest().readUInt32LE(0);
}

/** How busy a process may be by its sources' costs before another is worth the memory of its towers, cores. */
const BUSY_CORES = 0.5;

/** As many processes as are useful on so many cores: one, until its sources keep half a core busy. At least 1, at most one a source. */
export function usefulProcesses(sources: readonly CostedSource[], cores: number): number {
  const cost = sources.reduce((sum, one) => sum + one.cost, 0);
  return Math.max(1, Math.min(Math.ceil(cost / BUSY_CORES), cores, sources.length));
}
