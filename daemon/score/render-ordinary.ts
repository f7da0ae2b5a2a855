// The report of `score ordinary` as plain text.
import type { IncidentRate } from "./incident-rates.js";
import type { OrdinaryScore, OrdinaryState } from "./ordinary.js";

/** The report in lines of plain text. */
export function renderOrdinary({ pack, states, left_out }: OrdinaryScore): string[] {
  const modalities = (["audio", "image"] as const).map((modality) => states.filter((state) => state.modality === modality)).filter((some) => some.length > 0);
  return [
    `pack ${pack.id} ${pack.version}, false incidents an hour, at most (95 %)`,
    ...modalities.flatMap((some) => ["", ...modalityLines(some)]),
    ...(left_out.length === 0 ? [] : ["", "left out:", ...left_out.map((line) => `  ${line}`)]),
  ];
}

function modalityLines(states: readonly OrdinaryState[]): string[] {
  const first = states[0] as OrdinaryState;
  const what = first.modality === "audio" ? "sound" : "footage";
  const worst = (id: string): number => Math.max(...states.map(({ rules }) => rules.find((rule) => rule.id === id)?.incidents_per_hour ?? 0));
  const ids = first.rules.map(({ id }) => id).sort((a, b) => worst(b) - worst(a));
  const rows = [
    [what, "hours", ...states.map(({ warm }) => (warm === "0s" ? "cold" : `after ${warm}`))],
    ["recordings", "", ...states.map(({ recordings }) => String(recordings))],
    [`all ${ids.length} rules`, first.hours.toFixed(2), ...states.map((state) => cell(state, state.hours !== first.hours))],
    ...ids.map((id) => {
      const rates = states.map(({ rules }) => rules.find((rule) => rule.id === id));
      return [id, (rates[0]?.hours ?? 0).toFixed(2), ...rates.map((rate) => (rate === undefined ? "" : cell(rate, rate.hours !== rates[0]?.hours)))];
    }),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}

/** `12: 4.9 (7.9)`: how many, an hour, at most; with the hours where they are others than in the first state. */
function cell({ incidents, incidents_per_hour, bound_95, hours }: IncidentRate, withHours: boolean): string {
  const rate = incidents_per_hour === null || bound_95 === null ? "-" : `${incidents_per_hour.toFixed(1)} (${bound_95.toFixed(1)})`;
  return `${incidents}: ${rate}${withHours ? ` in ${hours.toFixed(2)} h` : ""}`;
}
