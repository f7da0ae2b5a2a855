// How the fields of a line read as a sentence.
import type { Fields } from "../../fusion/model/observation.js";

/** A field that a template names: `{name}`. */
const PLACE = /\{([^{}]+)\}/g;

/** The text of fields: each `{name}` of the template replaced, by nothing where there is no such field; without a template all values. */
export function renderLine(template: string | undefined, fields: Fields): string {
  if (template === undefined) return [...fields.values()].join(" ");
  return template.replace(PLACE, (_all, name: string) => fields.get(name) ?? "");
}

/** The fields that a template names. */
export function fieldsOfTemplate(template: string): readonly string[] {
  return [...template.matchAll(PLACE)].map((place) => place[1] as string);
}
