// Groups that an earlier run left and that are not configured any more: what was told of them ends.
import type { IncidentRevision } from "../../rules/incident.js";
import { PublicationLedger } from "../../rules/publication.js";
import type { RecoveredGroup } from "../store/store.js";
import { isTold } from "../groups/journal.js";
import { decodeCheckpoint, decodeEntry } from "./journal-codec.js";

/** A group that is no more, and the ends of its incidents. */
export interface GoneGroup {
  readonly groupId: string;
  readonly removed: readonly IncidentRevision[];
}

/** What is to be told of groups that were left and are not among `groupIds`; `nowMs`: event time. */
export function goneGroups(left: readonly RecoveredGroup[], groupIds: ReadonlySet<string>, nowMs: number): readonly GoneGroup[] {
  return left.filter(({ groupId }) => !groupIds.has(groupId)).map((group) => ({ groupId: group.groupId, removed: endsOf(group, nowMs) }));
}

function endsOf({ checkpoint, journal }: RecoveredGroup, nowMs: number): readonly IncidentRevision[] {
  const before = checkpoint === undefined ? [] : decodeCheckpoint(checkpoint).told;
  const since = journal.map(decodeEntry).filter(isTold);
  return new PublicationLedger(() => Infinity, [...before, ...since]).remove(() => false, nowMs);
}
