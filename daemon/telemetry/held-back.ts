// What rules held back, for whoever asks why they were silent.
import type { SuppressionReason } from "../../rules/episode.js";
import type { Suppression } from "../../rules/suppression.js";

/** What one rule held back in one group since the start. */
export interface HeldBackView {
  readonly counts: Readonly<Partial<Record<SuppressionReason, number>>>;
  /** The newest LATELY_MAX, the newest last. */
  readonly lately: readonly Suppression[];
}

const LATELY_MAX = 16;

/** Remembers the newest suppressions and counts all. Bound: LATELY_MAX of each rule and group. */
export class HeldBack {
  readonly #views = new Map<string, Map<string, HeldBackView>>();

  add(suppression: Suppression): void {
    const { ruleId, groupId, reason } = suppression;
    const { counts, lately } = this.of(ruleId, groupId);
    const ofRule = this.#views.get(ruleId) ?? new Map<string, HeldBackView>();
    this.#views.set(ruleId, ofRule);
    ofRule.set(groupId, { counts: { ...counts, [reason]: (counts[reason] ?? 0) + 1 }, lately: [...lately, suppression].slice(-LATELY_MAX) });
  }

  of(ruleId: string, groupId: string): HeldBackView {
    return this.#views.get(ruleId)?.get(groupId) ?? { counts: {}, lately: [] };
  }

  /** The rule is not configured any more. */
  remove(ruleId: string): void {
    this.#views.delete(ruleId);
  }
}
