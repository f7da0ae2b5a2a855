// The subjects that fusiond publishes on, all below `fusiond.v1.<site>`.
import { assertInvariant } from "../../fusion/model/errors.js";
import type { Severity } from "../../rules/incident.js";

/** What an alert's subject is made of. */
export interface AlertAddress {
  readonly site: string;
  readonly groupId: string;
  readonly severity: Severity;
  readonly ruleId: string;
}

/** Where revisions of firing and resolved incidents go. */
export function alertSubject({ site, groupId, severity, ruleId }: AlertAddress): string {
  return subject(site, "alert", groupId, severity, ruleId);
}

/** Where pending incidents go: to look at, not to automate on. */
export function candidateSubject({ site, groupId, severity, ruleId }: AlertAddress): string {
  return subject(site, "candidate", groupId, severity, ruleId);
}

/** Where the health transitions of a source go. */
export function sourceSubject(site: string, sourceId: string): string {
  return subject(site, "source", sourceId);
}

/** Where event revisions go. */
export function eventSubject(site: string, groupId: string): string {
  return subject(site, "event", groupId);
}

/** The subjects that the stream of a site holds. */
export function streamSubjects(site: string): readonly string[] {
  return [subject(site, "alert") + ".>", subject(site, "source") + ".>"];
}

/** The name of the stream of a site. */
export function streamName(site: string): string {
  return `FUSIOND_${token(site)}`;
}

function subject(...tokens: readonly string[]): string {
  return ["fusiond", "v1", ...tokens.map(token)].join(".");
}

/** Ids are checked when the configuration is loaded; one that got past would open other subjects. */
function token(id: string): string {
  assertInvariant(/^[A-Za-z0-9_-]+$/.test(id), `"${id}" is a subject token`);
  return id;
}
