// What the tests of the store share.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { SqliteStore, type SqliteStoreOptions } from "../../daemon/store/sqlite-store.js";
import type { CommitBatch, OutboxCounts, OutboxMessage, StoreFault, StoreTelemetry } from "../../daemon/store/store.js";

/** A telemetry that remembers. */
export class RecordingStoreTelemetry implements StoreTelemetry {
  readonly commits: number[] = [];
  corruptRows = 0;
  readonly notes: { level: string; message: string }[] = [];
  committed(seconds: number): void {
    this.commits.push(seconds);
  }
  corrupt(count: number): void {
    this.corruptRows += count;
  }
  readonly places: (readonly StoreFault[])[] = [];
  place(faults: readonly StoreFault[]): void {
    this.places.push(faults);
  }
  note(level: "info" | "warn" | "error", message: string): void {
    this.notes.push({ level, message });
  }
}

/** A folder that goes with the test. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-store-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An open store that is closed with the test. */
export async function openStore(t: Test, options: Partial<SqliteStoreOptions> & { folder: string }) {
  const telemetry = new RecordingStoreTelemetry();
  const store = new SqliteStore({ reserveBytes: 0, ...options }, telemetry);
  const recovered = await store.open();
  t.teardown(() => store.close());
  return { store, recovered, telemetry };
}

/** An alert or health message with a body of the given size. */
export function message(key: string, revision: number, options: Partial<OutboxMessage> & { bytes?: number } = {}): OutboxMessage {
  const { bytes = 10, ...rest } = options;
  return {
    messageId: `${key}.${revision}`,
    key,
    subject: `fusiond.v1.test.alert.dock.info.${key}`,
    body: new Uint8Array(bytes).fill(revision),
    class: "alert",
    causedAt: 1_700_000_000_000 + revision,
    ...rest,
  };
}

export function batch(...outbox: OutboxMessage[]): CommitBatch {
  return { checkpoints: [], journal: [], outbox };
}

/** What the counting identity is off by: both must be 0 at any moment. */
export function identity(counts: OutboxCounts): { door: number; later: number } {
  const shed = (at: "door" | "later"): number =>
    counts.shed.filter((entry) => entry.at === at).reduce((sum, entry) => sum + entry.count, 0);
  return {
    door: counts.offered - counts.accepted - shed("door"),
    later: counts.accepted - counts.acknowledged - counts.superseded - counts.pending - shed("later"),
  };
}
