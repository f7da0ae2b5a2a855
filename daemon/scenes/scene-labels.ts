// What is truly there in a composed scene, as a table that a person could have written. Pure.
import type { Mixed } from "./mix-sound.js";
import type { ScenePlan } from "./scene-plan.js";

/** The sources of a composed scene: the names of their files, less what follows the dot. */
export const CAMERA = "camera";
/** See `CAMERA`. */
export const MICROPHONE = "microphone";

/** The scene's labels.csv: what is in view and the place that is heard hold for the whole scene. */
export function labelsText({ footage, backgrounds, sound }: Pick<ScenePlan, "footage" | "backgrounds" | "sound">, mixed: Mixed): string {
  const place = backgrounds[0]?.kind ?? "";
  const rows = [
    ...footage.what.map((what) => ["", "", what, CAMERA]),
    ...(place === "" ? [] : [["", "", place, MICROPHONE]]),
    ...(sound === undefined || mixed.sound === undefined ? [] : [[seconds(mixed.sound.fromMs), seconds(mixed.sound.toMs), sound.clip.what, MICROPHONE]]),
  ];
  return [["start", "end", "what", "sources"], ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

/** Source: RFC 4180. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
