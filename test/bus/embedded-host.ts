// A process of embedded-server.test.ts: runs the embedded broker until it is killed.
import { EmbeddedServer } from "../../daemon/bus/embedded-server.js";

const [stateFolder = ""] = process.argv.slice(2);
const telemetry = { restarted: () => undefined, note: () => undefined };
const { url } = await new EmbeddedServer({ stateFolder, site: "test", port: 0 }, telemetry).start();
process.stdout.write(`${url}\n`);
