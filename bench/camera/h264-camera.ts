// An RTSP camera on loopback that sends pictures of its own at their time: one keyframe when it is asked to play.
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Pictures of H.264, in order, each with the units that belong to it; the first holds SPS and PPS. */
export type Pictures = readonly (readonly Buffer[])[];

const CLOCK_HZ = 90_000;
const PACKET_BYTES = 1400;

/** Cuts an annex B stream of one slice a picture into pictures. */
export function picturesOf(stream: Buffer): Pictures {
  const pictures: Buffer[][] = [];
  let units: Buffer[] = [];
  const mark = Buffer.from([0, 0, 1]);
  for (let at = stream.indexOf(mark); at >= 0; ) {
    const next = stream.indexOf(mark, at + 3);
    let end = next < 0 ? stream.length : next;
    while (end > at + 3 && stream[end - 1] === 0) end -= 1;
    units.push(stream.subarray(at + 3, end));
    const type = (stream[at + 3] ?? 0) & 31;
    if (type === 1 || type === 5) {
      pictures.push(units);
      units = [];
    }
    at = next;
  }
  return pictures;
}

/** A camera that plays to each client from the first picture on; `sent` is told each picture's number as it leaves. */
export class H264Camera {
  readonly #server: Server;

  constructor(pictures: Pictures, fps: number, sent: (picture: number) => void) {
    this.#server = createServer((socket) => serve(socket, pictures, fps, sent));
  }

  /** Resolves with its URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `rtsp://127.0.0.1:${(this.#server.address() as AddressInfo).port}/cam`;
  }

  stop(): void {
    this.#server.close();
  }
}

function serve(socket: Socket, pictures: Pictures, fps: number, sent: (picture: number) => void): void {
  let asked = "";
  let timer: NodeJS.Timeout | undefined;
  socket.setNoDelay(true);
  socket.on("error", () => undefined).on("close", () => clearInterval(timer));
  socket.on("data", (bytes) => {
    asked += bytes.toString("latin1");
    for (let end = asked.indexOf("\r\n\r\n"); end >= 0; end = asked.indexOf("\r\n\r\n")) {
      const request = asked.slice(0, end);
      asked = asked.slice(end + 4);
      const method = /([A-Z_]+) rtsp:/.exec(request)?.[1] ?? "";
      socket.write(reply(method, request, pictures));
      if (method === "PLAY") timer ??= play(socket, pictures, fps, sent);
    }
  });
}

function reply(method: string, request: string, pictures: Pictures): string {
  const head = `RTSP/1.0 200 OK\r\nCSeq: ${/CSeq: (\d+)/i.exec(request)?.[1] ?? "0"}\r\nSession: 1\r\n`;
  if (method === "OPTIONS") return `${head}Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n`;
  if (method === "SETUP") return `${head}Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`;
  if (method !== "DESCRIBE") return `${head}\r\n`;
  const sets = (pictures[0] ?? []).filter((unit) => [7, 8].includes((unit[0] ?? 0) & 31)).map((unit) => unit.toString("base64"));
  const sdp = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=cam", "t=0 0", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sets.join(",")}`, "a=control:track", ""].join("\r\n");
  return `${head}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`;
}

function play(socket: Socket, pictures: Pictures, fps: number, sent: (picture: number) => void): NodeJS.Timeout {
  let picture = 0;
  let sequence = 0;
  const packet = (payload: Buffer, last: boolean): void => {
    const header = Buffer.alloc(16);
    header.write("$");
    header.writeUInt16BE(payload.length + 12, 2);
    header[4] = 0x80;
    header[5] = (last ? 0x80 : 0) | 96;
    header.writeUInt16BE(sequence++ & 0xffff, 6);
    header.writeUInt32BE(Math.round((picture * CLOCK_HZ) / fps) % 2 ** 32, 8);
    socket.write(Buffer.concat([header, payload]));
  };
  const send = (): void => {
    const units = pictures[picture % pictures.length] ?? [];
    for (const [i, unit] of units.entries()) {
      const last = i === units.length - 1;
      if (unit.length <= PACKET_BYTES) {
        packet(unit, last);
        continue;
      }
      const [type = 0] = unit;
      for (let at = 1; at < unit.length; at += PACKET_BYTES) {
        const ends = at + PACKET_BYTES >= unit.length;
        packet(Buffer.concat([Buffer.from([(type & 0xe0) | 28, (at === 1 ? 0x80 : 0) | (ends ? 0x40 : 0) | (type & 31)]), unit.subarray(at, at + PACKET_BYTES)]), last && ends);
      }
    }
    sent(picture++);
  };
  send();
  return setInterval(send, 1000 / fps);
}
