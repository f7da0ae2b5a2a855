// Pictures off a real pair of sockets: whole, in buffers that are lent again, never while somebody reads them.
import fc from "fast-check";
import t from "tap";
import { PICTURE_SHARES } from "../../daemon/sources/picture-budget.js";
import { PicturePool, type LentPixels } from "../../daemon/sources/picture-pool.js";
import { PictureReader } from "../../daemon/sources/picture-reader.js";
import { socketPair, type SocketPair } from "../../daemon/runtime/socket-pair.js";

interface Rig extends SocketPair {
  readonly pool: PicturePool;
  readonly reader: PictureReader;
  readonly close: () => void;
}

async function rig(): Promise<Rig> {
  const pool = new PicturePool();
  const reader = new PictureReader(pool);
  const pair = await socketPair(reader.onread);
  reader.attach(pair.ours);
  const close = (): void => {
    pair.ours.destroy();
    pair.theirs.destroy();
  };
  return { ...pair, pool, reader, close };
}

/** A picture that no other looks like. */
function picture(sizeBytes: number, index: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, at) => (index * 31 + at * 7 + (at >> 8)) % 251));
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void t.test("pictures: are whole, however they were cut, and stay so until they are released", { timeout: 60_000 }, async (t) => {
  const sizes = fc.integer({ min: 1, max: 200_000 });
  const cuts = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 12 });
  const steps = fc.array(fc.constantFrom("read", "release_oldest", "release_newest", "release_twice"), { minLength: 1, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(sizes, cuts, steps, async (sizeBytes, cutAt, todo) => {
      const { reader, theirs, close } = await rig();
      const count = todo.filter((step) => step === "read").length;
      const all = Buffer.concat(Array.from({ length: count }, (_, i) => picture(sizeBytes, i)));
      for (let from = 0, i = 0; from < all.length; from += cutAt[i++ % cutAt.length] as number) theirs.write(all.subarray(from, from + (cutAt[i % cutAt.length] as number)));
      theirs.end();
      const held: { readonly index: number; readonly lent: LentPixels }[] = [];
      let index = 0;
      for (const step of todo) {
        if (step === "read") {
          const lent = await reader.read(sizeBytes);
          if (lent === undefined) throw new Error(`picture ${index} of ${count} did not come`);
          held.push({ index: index++, lent });
        } else {
          const gone = step === "release_oldest" ? held.shift() : held.pop();
          gone?.lent.release();
          if (step === "release_twice") gone?.lent.release();
        }
        for (const one of held) if (!picture(sizeBytes, one.index).equals(one.lent.pixels)) throw new Error(`picture ${one.index} was overwritten while it was read`);
      }
      const after = await reader.read(sizeBytes);
      close();
      if (after !== undefined) throw new Error("more came than was written");
    }),
    { numRuns: 60 },
  );
  t.pass("60 streams");
});

void t.test("pictures: a buffer is lent to one at a time, whoever gives it back how often", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("lend", "release"), fc.nat({ max: 30 })), { maxLength: 80 }), (steps) => {
      const pool = new PicturePool();
      const held: LentPixels[] = [];
      const ever: LentPixels[] = [];
      for (const [step, which] of steps) {
        if (step === "lend") {
          const lent = pool.lend(pool.take(16));
          if (held.some(({ pixels }) => pixels === lent.pixels)) return false;
          held.push(lent);
          ever.push(lent);
        } else {
          const given = ever[which % Math.max(1, ever.length)];
          given?.release();
          const at = given === undefined ? -1 : held.indexOf(given);
          if (at >= 0) held.splice(at, 1);
        }
      }
      return true;
    }),
  );
  const pool = new PicturePool();
  const small = pool.lend(pool.take(4));
  pool.take(8);
  small.release();
  t.equal(pool.take(8).length, 8, "a buffer of another size is not lent again");
  t.end();
});

void t.test("pictures: in steady state no buffer is made", async (t) => {
  const { reader, theirs, pool, close } = await rig();
  const sizeBytes = 640 * 360 * 3;
  const pictures = [0, 1, 2].map((i) => picture(sizeBytes, i));
  let right = 0;
  for (let i = 0; i < 100; i++) {
    const written = pictures[i % 3] as Buffer;
    theirs.write(written);
    const lent = await reader.read(sizeBytes);
    if (lent !== undefined && written.equals(lent.pixels)) right += 1;
    lent?.release();
  }
  t.equal(right, 100);
  close();
  t.ok(pool.made <= 3, `${pool.made} buffers for 100 pictures`);
});

void t.test("pictures: whoever writes waits where nobody reads, by bytes and not by pictures", async (t) => {
  for (const [name, sizeBytes] of [["640 x 360", 640 * 360 * 3], ["3840 x 2160", 3840 * 2160 * 3]] as const) {
    const { reader, theirs, ours, close } = await rig();
    const chunk = Buffer.alloc(1024 * 1024);
    let isWriting = true;
    let isDrained = (): void => undefined;
    const writing = (async () => {
      while (isWriting) if (!theirs.write(chunk)) await new Promise<void>((resolve) => (isDrained = resolve));
    })();
    for (const event of ["drain", "close"]) theirs.on(event, () => isDrained());
    const first = await reader.read(sizeBytes);
    t.ok(first !== undefined);
    let before = -1;
    while (before !== ours.bytesRead) {
      before = ours.bytesRead;
      for (let i = 0; i < 50; i++) await turn();
    }
    const ahead = ours.bytesRead - sizeBytes;
    t.ok(ahead <= Math.max(PICTURE_SHARES.reading, sizeBytes) + 128 * 1024 && ahead >= sizeBytes, `${name}: ${ahead} bytes ahead`);
    isWriting = false;
    close();
    await writing;
  }
});

void t.test("pictures: before their size is known so much is taken and no more", async (t) => {
  const { theirs, ours, reader, close } = await rig();
  theirs.write(Buffer.alloc(PICTURE_SHARES.unknown + 8 * 1024 * 1024));
  let before = -1;
  while (before !== ours.bytesRead || before < PICTURE_SHARES.unknown) {
    before = ours.bytesRead;
    for (let i = 0; i < 50; i++) await turn();
  }
  t.ok(ours.bytesRead <= PICTURE_SHARES.unknown + 64 * 1024, `${ours.bytesRead} bytes`);
  t.equal((await reader.read(1000))?.pixels.length, 1000);
  await t.rejects(reader.read(1001), RangeError, "a picture of another size has no place");
  close();
});
