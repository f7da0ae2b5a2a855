// A seeded source of randomness, the same on every machine: one seed, one scene.

/** Draws of one seed, in the order in which they are asked for. */
export interface SeededRandom {
  /** 0 <= x < 1. */
  unit(): number;
  /** low <= x < high. */
  between(low: number, high: number): number;
  /** One of a list that is not empty. */
  pick<T>(items: readonly T[]): T;
  /** A new list in another order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[];
}

/**
 * A generator of 32 bits of state: enough to vary a scene or to resample, not for secrets.
 *
 * Source: a Weyl sequence (golden ratio step) through the finaliser of MurmurHash3.
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const unit = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(unit() * count);
  return {
    unit,
    between: (low, high) => low + (high - low) * unit(),
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T,
    shuffled: <T>(items: readonly T[]) => {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [result[i], result[j]] = [result[j] as T, result[i] as T];
      }
      return result;
    },
  };
}

function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A standard normal number from two uniform ones. Source: Box and Muller 1958. */
export function gaussian(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}
