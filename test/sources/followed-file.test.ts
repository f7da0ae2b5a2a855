// Files that are followed through every way of rotating them, and things at a path that are no files.
import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, copyFileSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import fs, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { FollowedFile } from "../../daemon/sources/followed-file.js";
import { isUtf16 } from "../../daemon/sources/text-encoding.js";
import { scratch } from "./support.js";
import { VirtualClock } from "./virtual-clock.js";

/** A followed path in a folder of its own, which holds `old` already; `counts`: what it told beside its lines. */
function following(t: Parameters<typeof scratch>[0], { name = "log", old }: { name?: string; old?: string } = {}) {
  const path = join(scratch(t), name);
  if (old !== undefined) writeFileSync(path, old);
  const clock = new VirtualClock();
  const counts = { oversize: 0, notUtf8: 0, unreadable: 0 };
  const file = new FollowedFile(path, clock, {
    maxBytes: 4096,
    onOversize: () => (counts.oversize += 1),
    onNotUtf8: () => (counts.notUtf8 += 1),
    onUnreadable: () => (counts.unreadable += 1),
  });
  t.teardown(() => file.close());
  return { path, clock, counts, file, lines: async () => (await file.look()).lines, fault: async () => (await file.look()).fault };
}

void t.test("followed file: what is written before the first look is news, what was there before is not", async (t) => {
  const grown = following(t, { old: "old\n" });
  appendFileSync(grown.path, "new\n");
  t.same(await grown.lines(), ["new"]);
  const absent = following(t);
  writeFileSync(absent.path, "new\n");
  t.same(await absent.lines(), ["new"]);
  const cut = following(t, { old: "old old\n" });
  writeFileSync(cut.path, "new\n");
  t.same(await cut.lines(), ["new"]);
  const replaced = following(t, { old: "old\n" });
  renameSync(replaced.path, `${replaced.path}.1`);
  writeFileSync(replaced.path, "new and longer\n");
  t.same(await replaced.lines(), ["new and longer"]);
});

void t.test("followed file: what cannot be read for a moment is not told anew afterwards", async (t) => {
  const { path, lines, fault } = following(t, { old: "old\n" });
  const { open } = fs;
  const failing = (code: string): void => {
    fs.open = () => Promise.reject(Object.assign(new Error(), { code }));
    syncBuiltinESMExports();
  };
  const well = (): void => {
    fs.open = open;
    syncBuiltinESMExports();
  };
  t.teardown(well);
  failing("EMFILE");
  t.match(await fault(), /EMFILE/);
  well();
  t.same(await lines(), [], "not at the first look");
  appendFileSync(path, "one\ntw");
  t.same(await lines(), ["one"]);
  const handle = await open(path);
  const handles = Object.getPrototypeOf(handle) as FileHandle;
  const read = Object.getOwnPropertyDescriptor(handles, "read") as PropertyDescriptor;
  await handle.close();
  handles.read = () => Promise.reject(Object.assign(new Error(), { code: "EIO" }));
  appendFileSync(path, "o\n");
  t.match(await fault(), /EIO/);
  Object.defineProperty(handles, "read", read);
  t.same(await lines(), ["two"], "nor later, and of a line that was begun all");
});

void t.test("followed file: what a writer still says to the file that was renamed is read, then what it says to the new one", async (t) => {
  const { path, clock, lines } = following(t, { old: "old\n" });
  const writer = openSync(path, "a");
  t.same(await lines(), []);
  writeSync(writer, "one\n");
  renameSync(path, `${path}.1`);
  writeFileSync(path, "");
  t.same(await lines(), ["one"]);
  writeSync(writer, "two\nhal");
  appendFileSync(path, "three\n");
  t.same(await lines(), ["two", "three"], "the old file first");
  await clock.advance(500);
  writeSync(writer, "f\nlast");
  t.same(await lines(), ["half"], "a line may end after its file was replaced");
  await clock.advance(1100);
  t.same(await lines(), ["last"], "or never");
  await clock.advance(50_000);
  writeSync(writer, "late\n");
  t.same(await lines(), ["late"]);
  await clock.advance(59_000);
  t.same(await lines(), []);
  await clock.advance(2_000);
  t.same(await lines(), []);
  writeSync(writer, "too late\n");
  t.same(await lines(), [], "let go after a minute without a word");
  closeSync(writer);
});

void t.test("followed file: of many replaced files only the newest are held open", async (t) => {
  const { path, lines } = following(t);
  writeFileSync(path, "");
  await lines();
  const writers: number[] = [];
  for (let i = 0; i < 7; i++) {
    writers.push(openSync(path, "a"));
    renameSync(path, `${path}.${i}`);
    writeFileSync(path, "");
    await lines();
  }
  writers.forEach((writer, i) => writeSync(writer, `${i}\n`));
  t.same(await lines(), ["3", "4", "5", "6"]);
  writers.forEach(closeSync);
});

void t.test("followed file: one that was cut is read from its start, also if it has grown again meanwhile", async (t) => {
  const { path, lines } = following(t, { old: "old old old\n" });
  await lines();
  appendFileSync(path, "one\n");
  t.same(await lines(), ["one"]);
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  appendFileSync(path, "two\n");
  t.same(await lines(), ["two"], "shorter than it was");
  truncateSync(path);
  appendFileSync(path, "a longer line than before\nand one more\n");
  t.same(await lines(), ["a longer line than before", "and one more"], "longer than it was");
  truncateSync(path);
  appendFileSync(path, "A longer line than before\nand one more\n");
  t.same(await lines(), ["A longer line than before", "and one more"], "as long as it was");
  truncateSync(path);
  appendFileSync(path, `A longer line than before\n${"x".repeat(500)}\n`);
  t.same(await lines(), ["A longer line than before", "x".repeat(500)], "with the same beginning");
});

void t.test("followed file: a writer that goes on where it was in a file that was cut leaves a hole, which is no line", async (t) => {
  const { path, lines, counts } = following(t);
  writeFileSync(path, "");
  await lines();
  const writer = openSync(path, "r+");
  writeSync(writer, `${"x".repeat(4000)}\n${"y".repeat(4000)}\n`);
  t.equal((await lines()).length, 2);
  truncateSync(path);
  writeSync(writer, "after the hole\n");
  t.same(await lines(), ["after the hole"]);
  t.same(counts, { oversize: 0, notUtf8: 0, unreadable: 0 });
  closeSync(writer);
});

void t.test("followed file: moved away and back it is not read again; a link that leads elsewhere is followed", async (t) => {
  const { path, lines, fault } = following(t, { old: "old\n" });
  await lines();
  renameSync(path, `${path}.1`);
  t.match(await fault(), "is not there");
  renameSync(`${path}.1`, path);
  appendFileSync(path, "new\n");
  t.same(await lines(), ["new"]);
  writeFileSync(`${path}.2`, "elsewhere\n");
  rmSync(path);
  symlinkSync(`${path}.2`, path);
  t.same(await lines(), ["elsewhere"]);
});

void t.test("followed file: no line is lost or read twice, however it is written and rotated", async (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("say" as const), to: fc.constantFrom("writer" as const, "path" as const) }),
    fc.record({ kind: fc.constant("rotate" as const), reopen: fc.boolean() }),
    fc.record({ kind: fc.constant("cut" as const) }),
    fc.record({ kind: fc.constant("look" as const) }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { path, lines } = following(t, { name: `log${run++}`, old: "old\n" });
      let writer = openSync(path, "a");
      let [n, rotated] = [0, 0];
      const said: string[] = [];
      const read = [...(await lines())];
      for (const one of steps) {
        if (one.kind === "say") {
          said.push(`line ${n++}`);
          if (one.to === "writer") writeSync(writer, `${said.at(-1)}\n`);
          else appendFileSync(path, `${said.at(-1)}\n`);
        } else if (one.kind === "look") {
          read.push(...(await lines()));
        } else {
          read.push(...(await lines())); // what is cut or rotated out of sight between two looks cannot be known
          if (one.kind === "cut") {
            truncateSync(path);
          } else if (rotated++ < 4) {
            renameSync(path, `${path}.${rotated}`);
            writeFileSync(path, "");
            if (one.reopen) closeSync(writer);
            if (one.reopen) writer = openSync(path, "a");
          }
        }
      }
      read.push(...(await lines()));
      closeSync(writer);
      return JSON.stringify([...read].sort()) === JSON.stringify([...said].sort());
    }),
    { numRuns: 60 },
  );
});

void t.test("followed file: a FIFO gives its lines, and never makes anybody wait", async (t) => {
  const { path, lines, fault } = following(t);
  execFileSync("mkfifo", [path]);
  t.equal(await fault(), undefined, "nobody has it open for writing");
  const writer = openSync(path, "w");
  t.same(await lines(), []);
  writeSync(writer, "one\ntw");
  t.same(await lines(), ["one"]);
  writeSync(writer, "o\nno end");
  closeSync(writer);
  t.same(await lines(), ["two", "no end"]);
  const again = openSync(path, "w");
  writeSync(again, "again\n");
  t.same(await lines(), ["again"]);
  closeSync(again);
});

void t.test("followed file: what gives no lines is named for what it is", async (t) => {
  const folder = following(t);
  mkdirSync(folder.path);
  t.match(await folder.fault(), "is a folder");
  rmSync(folder.path, { recursive: true });
  t.match(await folder.fault(), "is not there");
  writeFileSync(folder.path, "one\n");
  t.same(await folder.lines(), ["one"], "a file in its place is read from its start");

  const socket = following(t);
  const server = createServer().listen(socket.path);
  await new Promise((resolve) => server.once("listening", resolve));
  t.match(await socket.fault(), "is a socket");
  server.close();

  const device = new FollowedFile("/dev/null", new VirtualClock(), { maxBytes: 10, onOversize: () => undefined, onNotUtf8: () => undefined, onUnreadable: () => undefined });
  t.same(await device.look(), { lines: [] }, "a device that says nothing");
  await device.close();
  const none = new FollowedFile("/dev/null/x", new VirtualClock(), { maxBytes: 10, onOversize: () => undefined, onNotUtf8: () => undefined, onUnreadable: () => undefined });
  t.match((await none.look()).fault, "no path to a file");
});

void t.test("followed file: a byte-order mark is no part of a line, and UTF-16 is named", async (t) => {
  const { path, lines, fault, counts } = following(t);
  t.match(await fault(), "is not there");
  writeFileSync(path, "\uFEFFone\r\n\0two\0\n");
  t.same(await lines(), ["one", "two"]);
  appendFileSync(path, Buffer.from("caf\xe9\n", "latin1"));
  t.same(await lines(), ["caf\uFFFD"]);
  t.equal(counts.notUtf8, 1);
  rmSync(path);
  await lines();
  writeFileSync(path, Buffer.from("\uFEFFdoor forced\n", "utf16le"));
  t.match(await fault(), "UTF-16");
  appendFileSync(path, Buffer.from("again\n", "utf16le"));
  t.match(await fault(), "UTF-16");
  t.equal(counts.unreadable, 2, "its lines are counted");
  rmSync(path);
  await lines();
  writeFileSync(path, "door\n");
  t.equal(await fault(), undefined);
});

void t.test("text encoding: UTF-16 is told from UTF-8 by its first bytes", (t) => {
  const ascii = fc.string({ minLength: 8, maxLength: 100, unit: fc.constantFrom(..."abc {}\":019\n") });
  const swapped = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();
  fc.assert(fc.property(ascii, (text) => isUtf16(Buffer.from(text, "utf16le")) && isUtf16(swapped(text)) && !isUtf16(Buffer.from(text))));
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => isUtf16(Buffer.from(`\uFEFF${text}`, "utf16le")) && isUtf16(swapped(`\uFEFF${text}`)) && (text.includes("\0") || !isUtf16(Buffer.from(text)))));
  t.notOk(isUtf16(Buffer.alloc(256)), "a hole is no text");
  t.end();
});
