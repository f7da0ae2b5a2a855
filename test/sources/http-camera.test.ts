// A camera over HTTP that asks for a password.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { collect, makeMedia, mediaOptions, plainCoding, RememberedTelemetry, scratch, testPicture, without } from "./support.js";

void t.test("sources: credentials reach a camera over HTTP as they were written", async (t) => {
  const stream = readFileSync(makeMedia(scratch(t), "cam.ts", ...testPicture, "-t", "4", ...plainCoding));
  const credentials = { user: "us@er", password: "p'a:s/s wörd#?%41" };
  const wanted = `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64")}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="camera"' }).end();
    } else {
      response.writeHead(200, { "content-type": "video/mp2t" }).end(stream);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const options = without(mediaOptions(`http://127.0.0.1:${port}/cam`, { mode: "live" }), "sound");

  const told = await collect(new MediaSource({ ...options, credentials }, new RememberedTelemetry()), (so_far) => so_far.captures.length >= 3);
  t.equal(told.states[1], "healthy");

  const wrong = { user: credentials.user, password: "guess" };
  const refused = await collect(new MediaSource({ ...options, credentials: wrong }, new RememberedTelemetry()), (so_far) => so_far.states.includes("alarmed"));
  t.match(refused.signals.at(-1), { state: "alarmed", detail: /wrong user or password \(401/ });
  t.notMatch(JSON.stringify(refused.signals), /guess/);
});
