// How well a pack relates sound to picture, and whether that is enough to fuse anything.

/** Retrieval at the level of concepts, measured on recordings and pictures that the towers never trained on. */
export interface CrossModal {
  /** The share of sounds with a picture of their own concept among the ten nearest pictures, both less their means; 0..1. */
  readonly soundToPictureRAt10: number;
  /** What a random order would reach with the same pictures, 0..1. */
  readonly chance: number;
  /** Concepts that have both sounds and pictures. */
  readonly concepts: number;
  /** Sounds that were asked with. */
  readonly queries: number;
  /** Pictures among which they were found. */
  readonly pictures: number;
}

/** The 95 % point of the normal distribution: one-sided, since only too little is a fault. */
const Z_95 = 1.6449;
/**
 * Of the sounds that chance would miss, the share that a pack must find. A pack below it fuses fewer than one happening
 * in four by what was heard and seen; packs of this size can be expected to reach 0.6 to 0.9 on 10 to 50 concepts.
 */
const BEYOND_CHANCE_MIN = 0.25;

/**
 * What the R@10 is at least, with 95 % confidence: Wilson's lower bound (Wilson 1927).
 *
 * Counted by concepts, not by queries: the sounds of one concept look among the same pictures and mostly find or miss
 * them together, so that as evidence they are worth something between one a concept and one each. The lesser is taken;
 * otherwise a hundred cuts of one recording would prove a pack.
 */
export function leastRecall({ soundToPictureRAt10: share, concepts: n }: CrossModal): number {
  const z2 = Z_95 * Z_95;
  const centre = share + z2 / (2 * n);
  const margin = Z_95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return Math.max(0, (centre - margin) / (1 + z2 / n));
}

/**
 * What the R@10 must be at least.
 *
 * Significance alone would let a useless pack pass that was measured often enough, so the distance from chance counts. It
 * counts as a share of what chance leaves over (as in Cohen's kappa), not as a multiple of chance: with few concepts
 * chance is high, and twice of it may be more than 1.
 */
export function neededRecall({ chance }: CrossModal): number {
  return chance + BEYOND_CHANCE_MIN * (1 - chance);
}

/** Whether a pack may be no better than chance at what it is for. Where chance finds everything, nothing is proved. */
export function isNearChance(measured: CrossModal): boolean {
  return leastRecall(measured) <= neededRecall(measured);
}
