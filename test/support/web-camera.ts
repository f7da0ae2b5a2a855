// A test camera over HTTP.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a camera answers a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A camera on a free port; it counts what it is asked. */
export async function webCamera(t: { teardown(fn: () => void): unknown }, answer: Answer): Promise<{ url: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

/** Motion JPEG as cameras send it, until nobody reads it. */
export function motionJpeg(jpegs: readonly Buffer[], fps: number, type = "multipart/x-mixed-replace; boundary=cam"): Answer {
  return (_request, response) => {
    response.writeHead(200, type === "" ? {} : { "content-type": type });
    let n = 0;
    const timer = setInterval(() => {
      const jpeg = jpegs[n++ % jpegs.length] as Buffer;
      response.write(Buffer.concat([Buffer.from(`--cam\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`), jpeg, Buffer.from("\r\n")]));
    }, 1000 / fps);
    response.on("close", () => clearInterval(timer));
  };
}
