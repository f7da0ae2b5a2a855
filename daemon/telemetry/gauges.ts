// Gauges that are asked at every scrape.

/** A queue as it stands; asked at every scrape. BoundedQueue is one. */
export interface QueueGauge {
  readonly capacity: number;
  readonly size: number;
  oldestAgeMs(): number;
}

/** A group's fold as it stands; asked at every scrape. */
export interface GroupGauge {
  openEvents(): number;
  /** How far the watermark is behind the wall clock, ms; undefined while there is none. */
  watermarkLagMs(): number | undefined;
}
