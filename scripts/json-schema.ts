// Writes config/fusiond.schema.json: run "node dist/scripts/json-schema.js" after a change of the schema.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchemaText } from "../config/json-schema.js";
import { packageRoot } from "../daemon/runtime/package-root.js";

writeFileSync(join(packageRoot, "config", "fusiond.schema.json"), configJsonSchemaText());
