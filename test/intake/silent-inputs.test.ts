// What silence and losses on the way add to what is reported.
import t from "tap";
import { SilentInputs, type Witnessed } from "../../daemon/intake/silent-inputs.js";

const cam = { sourceId: "cam", modality: "image" } as const;
const mic = { sourceId: "mic", modality: "audio" } as const;
const stranger = { sourceId: "other", modality: "text" } as const;

/** One camera, numbered as it tells; a microphone beside it that says nothing. */
class Feed {
  readonly silent = new SilentInputs({ inputs: [cam, mic], idleAfterMs: 10_000 });
  #seq = 0;

  witness(healthy: boolean, at: number, why?: string): Witnessed | undefined {
    return this.silent.witness({ change: { ...cam, at, healthy }, origin: this.next() }, why);
  }
  progress(time: number, nowMs: number, lagMs = 0): Witnessed | undefined {
    return this.silent.progress(cam, { time, lagMs, origin: this.next() }, nowMs);
  }
  next(): { run: number; seq: number } {
    return { run: 1, seq: this.#seq++ };
  }
}

const change = (at: number, healthy: boolean, seq: number): Witnessed => ({ change: { ...cam, at, healthy }, origin: { run: 1, seq } });

void t.test("silent inputs: one that says nothing is idle after its time, and no witness from just after its last progress on", (t) => {
  const feed = new Feed();
  t.strictSame(feed.silent.look(0), []);
  t.strictSame(feed.witness(true, 1000), change(1000, true, 0));
  t.equal(feed.progress(5000, 5000), undefined);
  t.strictSame(feed.silent.standing(cam), { witnesses: true, blind: undefined });
  t.strictSame(feed.silent.look(10_000), []);
  t.strictSame(feed.silent.look(10_001), [{ input: mic, witnessed: undefined }], "who never said anything has nothing to lose");
  t.strictSame(feed.silent.look(15_001), [{ input: cam, witnessed: change(5001, false, 1) }]);
  t.strictSame(feed.silent.look(99_999), [], "told once");
  t.strictSame(feed.silent.standing(cam), { witnesses: false, blind: "nothing of it gets through" });
  t.equal(feed.progress(5000, 100_000), undefined, "what says nothing new gives nothing back");
  t.strictSame(feed.progress(98_000, 100_000), change(98_000, true, 3), "the next progress gives it back");
  t.strictSame(feed.silent.standing(cam), { witnesses: true, blind: undefined });
  t.end();
});

void t.test("silent inputs: what is reported in a silence counts from its end on, what is bad at once", (t) => {
  const feed = new Feed();
  feed.witness(true, 1000);
  feed.progress(5000, 5000);
  feed.silent.look(15_001);
  t.strictSame(feed.witness(false, 7000, "it is failed"), change(7000, false, 2));
  t.strictSame(feed.silent.standing(cam), { witnesses: false, blind: "it is failed" });
  t.equal(feed.witness(true, 20_000), undefined, "healthy, but it has shown nothing");
  t.strictSame(feed.progress(19_000, 20_000), change(20_000, true, 4));
  t.end();
});

void t.test("silent inputs: what was lost on its way was not seen, until progress is told beyond it", (t) => {
  const feed = new Feed();
  feed.witness(true, 1000);
  feed.progress(5000, 5000);
  t.strictSame(feed.silent.lost(cam, 5200, feed.next(), "it comes too late to count"), change(5200, false, 2));
  t.equal(feed.silent.lost(cam, 5400, feed.next(), "again"), undefined, "it is blind already");
  t.equal(feed.progress(5300, 5400), undefined);
  t.strictSame(feed.silent.lost(cam, 5100, feed.next(), "earlier"), change(5100, false, 5), "it was blind before that");
  t.equal(feed.silent.standing(cam).blind, "earlier");
  t.strictSame(feed.progress(5500, 5600), change(5500, true, 6));
  t.end();
});

void t.test("silent inputs: of what was refused nobody knows what it showed, nor of a witness whether it is one", (t) => {
  const feed = new Feed();
  feed.witness(true, 1000);
  feed.progress(5000, 5000);
  t.strictSame(feed.silent.refused(cam, false, "it is ahead of the clock"), change(5001, false, 1));
  t.strictSame(feed.silent.standing(cam), { witnesses: false, blind: "it is ahead of the clock" });
  t.strictSame(feed.progress(6000, 6000), change(6000, true, 2), "from the next progress on it is one again");
  t.strictSame(feed.silent.refused(cam, true, "it is ahead of the clock"), change(6001, false, 2));
  t.equal(feed.progress(7000, 7000), undefined, "whether it is one was in what was refused");
  t.strictSame(feed.silent.standing(cam), { witnesses: false, blind: "it is ahead of the clock" });
  t.strictSame(feed.witness(true, 8000), change(8000, true, 4));
  t.equal(feed.silent.refused(stranger, false, "x"), undefined);
  t.end();
});

void t.test("silent inputs: an older word does not undo a newer one, in whatever order they come", (t) => {
  const feed = new Feed();
  const [older, newer] = [{ run: 1, seq: 8 }, { run: 1, seq: 9 }];
  feed.silent.witness({ change: { ...cam, at: 2000, healthy: false }, origin: newer }, "covered");
  t.ok(feed.silent.witness({ change: { ...cam, at: 1000, healthy: true }, origin: older }, undefined), "it has its place in the order of steps");
  t.strictSame(feed.silent.standing(cam), { witnesses: false, blind: "covered" });
  t.end();
});

void t.test("silent inputs: who has ended is not silent, and strangers are nobody's", (t) => {
  const feed = new Feed();
  feed.witness(true, 1000);
  feed.progress(5000, 5000);
  t.strictSame(feed.silent.end(cam), change(5001, false, 1), "it watches no more");
  t.equal(feed.progress(9000, 9000), undefined, "for good");
  t.equal(feed.silent.standing(cam).blind, "it has ended");
  feed.silent.look(0);
  t.strictSame(feed.silent.look(99_999).map(({ input }) => input), [mic]);
  t.equal(feed.silent.end(stranger), undefined);
  const origin = feed.next();
  const answers = [
    feed.silent.progress(stranger, { time: 1, lagMs: 0, origin }, 1),
    feed.silent.witness({ change: { ...stranger, at: 1, healthy: true }, origin }, undefined),
    feed.silent.lost(stranger, 1, origin, "lost"),
  ];
  t.strictSame(answers, [undefined, undefined, undefined]);
  t.strictSame(feed.silent.standing(stranger), { witnesses: false, blind: undefined });
  t.end();
});

void t.test("silent inputs: one whose times are far from the clock is named while it is awaited", (t) => {
  const feed = new Feed();
  feed.progress(52_000, 1000, 48_000);
  feed.silent.progress(mic, { time: 99_900, lagMs: 100, origin: { run: 1, seq: 0 } }, 1000);
  t.strictSame(feed.silent.astray, [{ input: cam, lagMs: 48_000 }]);
  feed.silent.progress(mic, { time: 999_900, lagMs: -898_900, origin: { run: 1, seq: 1 } }, 2000);
  t.strictSame(feed.silent.astray.map(({ lagMs }) => lagMs), [48_000, -898_900], "ahead counts as well");
  feed.silent.end(mic);
  feed.silent.look(60_000);
  t.strictSame(feed.silent.astray, [], "nobody waits for who is idle, or has ended");
  t.end();
});
