// What a group writes down: its state now and then, what its places always show, and since then what it took in and told.
import type { PlaceBackground } from "../../fusion/background.js";
import type { Told } from "../../rules/publication.js";
import type { GroupStateData } from "./group-state.js";
import type { Step } from "./step.js";
import type { TakenInput } from "./taken-reports.js";

/** A group as it stood at its last checkpoint. */
export interface GroupCheckpoint {
  /** The encoders that made its vectors and those of the steps since; absent where an older fusiond wrote it. */
  readonly encoders?: string;
  readonly watermark: number;
  readonly state: GroupStateData;
  readonly told: readonly Told[];
  /** The reports that it took; absent where an older fusiond wrote it. */
  readonly taken?: readonly TakenInput[];
}

/** What one place of a source always shows, as it was when it was written down. */
export interface WrittenBackground {
  /** The encoders that made its vectors. */
  readonly encoders: string;
  readonly sourceId: string;
  readonly place: number;
  readonly background: PlaceBackground;
}

/** The group was complete up to here when something was told. */
export interface Passed {
  readonly kind: "passed";
  readonly watermark: number;
}

/** An entry of a group's journal: what it took in, how far it was complete, and what it told. */
export type JournalValue = Step | Passed | Told;

/** Whether an entry says what was told. */
export function isTold(entry: JournalValue): entry is Told {
  return "revision" in entry;
}
