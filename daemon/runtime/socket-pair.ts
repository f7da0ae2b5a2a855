// Two ends of a stream of bytes: ours reads into buffers that it is given, the other is for a child.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type OnReadOpts, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { requireDescriptors } from "./child-process.js";

/** Both ends. `theirs` is to be handed to a child as one of its first three descriptors, where it blocks, and to be destroyed here. */
export interface SocketPair {
  readonly ours: Socket;
  readonly theirs: Socket;
}

/**
 * Makes a pair. Node's own pipes to children take a new buffer for each read, which is half of what reading costs; `onread`
 * says instead where bytes go. The place by which the ends meet is a folder of our own, gone when this resolves.
 * Errors: FusiondError "resources_exhausted".
 */
export async function socketPair(onread: OnReadOpts): Promise<SocketPair> {
  requireDescriptors("ffmpeg");
  let folder: string | undefined;
  const server = createServer({ pauseOnConnect: true });
  try {
    folder = mkdtempSync(join(tmpdir(), "fusiond-"));
    return await meet(server, join(folder, "s"), onread);
  } catch (cause) {
    throw new FusiondError("resources_exhausted", `no channel for a child can be made in ${tmpdir()}: let fusiond write there, and raise the limit of open files (${messageOf(cause)})`, { cause });
  } finally {
    server.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function meet(server: Server, path: string, onread: OnReadOpts): Promise<SocketPair> {
  server.listen(path);
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const ours = connect({ path, onread });
  // Without a descriptor for their end the kernel's side of it is closed, and nobody tells the server.
  const closed = once(ours, "close").then(() => Promise.reject(new Error("the other end was closed")));
  try {
    const [[theirs]] = await Promise.race([Promise.all([accepted, once(ours, "connect")]), closed]);
    closed.catch(() => undefined); // from now on its reader hears it
    return { ours, theirs };
  } catch (error) {
    ours.destroy();
    throw error;
  }
}
