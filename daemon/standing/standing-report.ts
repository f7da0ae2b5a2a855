// What rules say of somebody who stands still, as data and as a table. Pure.
import { MOMENTS, type StandingMoment } from "./standing-plan.js";

/** How often a rule that asks said yes, of the times at which it was asked while something was so. */
export interface Answers {
  readonly rule: string;
  /** `presence`: it says that somebody is there; `absence`: that nobody is. */
  readonly says: "presence" | "absence";
  readonly moment: StandingMoment;
  readonly asked: number;
  readonly told: number;
}

/** How often a rule that does not ask told something, while something was so. */
export interface ToldOf {
  readonly rule: string;
  readonly moment: StandingMoment;
  readonly incidents: number;
}

/** A count of a whole. */
export interface Share {
  readonly of: number;
  readonly count: number;
  /** count / of; NaN, null in JSON, of none. */
  readonly share: number;
}

/** All that `score standing` has to say. */
export interface StandingReport {
  readonly scenes: number;
  readonly pack: string;
  readonly seed: number;
  /** Of those who stand still, how many were seen within ten seconds, and at a later question. */
  readonly seen_within_10s: Share;
  readonly seen_later: Share;
  /** How often it was concluded that nobody is there, of all questions while somebody stands there; while nobody does; while the picture is frozen. */
  readonly nobody_wrong: Share;
  readonly nobody_right: Share;
  readonly nobody_blind: Share;
  readonly answers: readonly Answers[];
  readonly told: readonly ToldOf[];
  /** Time in which something was so, hours. */
  readonly hours: readonly { readonly moment: StandingMoment; readonly hours: number }[];
  readonly left_out: readonly string[];
}

/** The headline figures of answers. */
export function sharesOf(answers: readonly Answers[]): Pick<StandingReport, "seen_within_10s" | "seen_later" | "nobody_wrong" | "nobody_right" | "nobody_blind"> {
  const share = (says: Answers["says"], moments: readonly StandingMoment[]): Share => {
    const some = answers.filter((one) => one.says === says && moments.includes(one.moment));
    const [of, count] = [some.reduce((sum, { asked }) => sum + asked, 0), some.reduce((sum, { told }) => sum + told, 0)];
    return { of, count, share: count / of };
  };
  return {
    seen_within_10s: share("presence", ["first 10 s"]),
    seen_later: share("presence", ["standing"]),
    nobody_wrong: share("absence", ["first 10 s", "standing"]),
    nobody_right: share("absence", ["empty", "thing left"]),
    nobody_blind: share("absence", ["frozen"]),
  };
}

/** The report as lines. */
export function renderStanding(report: StandingReport): string[] {
  const of = (title: string, { count, of: all, share }: Share): string => `${title.padEnd(44)} ${`${count} of ${all}`.padStart(11)}  ${Number.isNaN(share) ? "-" : share.toFixed(3)}`;
  const width = Math.max(20, ...report.answers.map(({ rule }) => rule.length), ...report.told.map(({ rule }) => rule.length));
  return [
    `${report.scenes} scenes, seed ${report.seed}, pack ${report.pack}`,
    "",
    of("seen within 10 s of standing still", report.seen_within_10s),
    of("seen later, while still standing", report.seen_later),
    of('"nobody" while somebody stands there (wrong)', report.nobody_wrong),
    of('"nobody" while nobody is there (right)', report.nobody_right),
    of('"nobody" of a frozen picture (wrong)', report.nobody_blind),
    "",
    `${"rule that asks".padEnd(width)}  ${MOMENTS.map((moment) => moment.padStart(11)).join("  ")}`,
    ...[...new Set(report.answers.map(({ rule }) => rule))].map((rule) => {
      const cells = MOMENTS.map((moment) => report.answers.find((one) => one.rule === rule && one.moment === moment));
      return `${rule.padEnd(width)}  ${cells.map((one) => (one === undefined ? "-" : `${one.told}/${one.asked}`).padStart(11)).join("  ")}`;
    }),
    "",
    `${"told as".padEnd(width)}  ${MOMENTS.map((moment) => moment.padStart(11)).join("  ")}`,
    ...[...new Set(report.told.map(({ rule }) => rule))].map((rule) => {
      const cells = MOMENTS.map((moment) => report.told.find((one) => one.rule === rule && one.moment === moment)?.incidents ?? 0);
      return `${rule.padEnd(width)}  ${cells.map((count) => String(count).padStart(11)).join("  ")}`;
    }),
    `${"(in hours)".padEnd(width)}  ${MOMENTS.map((moment) => (report.hours.find((one) => one.moment === moment)?.hours ?? 0).toFixed(2).padStart(11)).join("  ")}`,
    ...(report.left_out.length === 0 ? [] : ["", ...report.left_out.map((line) => `left out: ${line}`)]),
  ];
}
