// How much may wait between sources and towers, in one process.
import type { Modality } from "../../fusion/model/modality.js";
import type { WaitingBudget } from "../perception/waiting-budget.js";

/** Frames or windows of one source that may wait for their encoder. */
const CAPTURES_MAX = 32;
/** Lines of one source that may wait: all that its limit lets in within a moment. */
const LINES_MAX = 1024;

/** What may wait of all sources: a second or two of what two cores get done, and memory for 400 pictures of VGA width. */
export const WAITING_BUDGET: WaitingBudget = { itemsMax: 1024, bytesMax: 256 * 1024 * 1024 };

/** Captures of one input that may wait. */
export function queueCapacity(modality: Modality): number {
  return modality === "text" ? LINES_MAX : CAPTURES_MAX;
}
