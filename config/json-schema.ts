// The JSON Schema of a configuration file, for editors.
import { z } from "zod";
import { configSchema } from "./schema.js";

/** JSON Schema (draft 2020-12) of what a configuration file may hold. What it cannot say, such as names that must exist, `fusiond check` says. */
export function configJsonSchema(): object {
  return { title: "fusiond configuration", ...z.toJSONSchema(configSchema, { io: "input" }) };
}

/** The text of config/fusiond.schema.json. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
