// Why a perception process is replaced.

/** Closed set of reasons for which a perception process is replaced. */
export const LOSS_REASONS = ["crash", "deadline", "silence", "flood", "garbled"] as const;
/** Why one was: it ended, an inference took too long, it gave no sign of life, it told more than was taken in, or what cannot be taken in. */
export type LossReason = (typeof LOSS_REASONS)[number];
