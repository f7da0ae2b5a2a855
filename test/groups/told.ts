// What was told, read from the batches that were committed, and what is wrong with it.
import { decodeEntry } from "../../daemon/intake/journal-codec.js";
import type { Observation } from "../../fusion/model/observation.js";
import type { CommitBatch } from "../../daemon/store/store.js";

/** What is looked at of an alert. */
export interface Alert {
  readonly id: string;
  readonly revision: number;
  readonly state: string;
  readonly ruleId: string;
  readonly reason?: string;
  readonly startedAt: number;
}

/** The alerts of these batches, in their order. */
export function alertsOf(batches: readonly CommitBatch[]): readonly Alert[] {
  return batches
    .flatMap((batch) => batch.outbox)
    .filter((message) => message.class === "alert")
    .map((message) => {
      const body = JSON.parse(Buffer.from(message.body).toString("utf8")) as Omit<Alert, "revision">;
      return { ...body, revision: Number(message.messageId.split(".")[1]) };
    });
}

/** What is wrong with the revisions that were told, each exactly once and in order. */
export function faultsOf(alerts: readonly Omit<Alert, "startedAt">[]): readonly string[] {
  const last = new Map<string, Omit<Alert, "startedAt">>();
  const faults: string[] = [];
  for (const alert of alerts) {
    const before = last.get(alert.id);
    if (alert.revision !== (before?.revision ?? 0) + 1) faults.push(`${alert.id}: ${alert.revision} after ${before?.revision}`);
    if (before?.state === "resolved") faults.push(`${alert.id}: ${alert.state} after it was resolved`);
    last.set(alert.id, alert);
  }
  for (const alert of last.values()) if (alert.state !== "resolved") faults.push(`${alert.id}: never resolved`);
  return faults;
}

/** What an observation is of, whichever number it was told with: of a simulated scene hardly any two are of one. */
export function momentOf({ sourceId, capturedAt, durationMs }: Observation): string {
  return `${sourceId} ${capturedAt} ${durationMs}`;
}

/** The moments of the observations that these batches wrote down. */
export function observationsOf(batches: readonly CommitBatch[]): ReadonlySet<string> {
  const entries = batches.flatMap((batch) => batch.journal).map((entry) => decodeEntry(entry.bytes));
  return new Set(entries.flatMap((entry) => ("kind" in entry && entry.kind === "observation" ? [momentOf(entry.observation)] : [])));
}
