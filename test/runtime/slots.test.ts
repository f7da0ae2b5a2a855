import t from "tap";
import { Slots } from "../../daemon/runtime/slots.js";

void t.test("slots: so many go on at once, the others in the order of the calls, whatever fails", async (t) => {
  const slots = new Slots(2);
  const began: number[] = [];
  const ends: ((fails: boolean) => void)[] = [];
  const work = (i: number): Promise<number> =>
    slots.use(() => {
      began.push(i);
      return new Promise((resolve, reject) => ends.push((fails) => (fails ? reject(new Error(`${i}`)) : resolve(i))));
    });
  const all = [0, 1, 2, 3].map(work);
  await Promise.resolve();
  t.same(began, [0, 1]);
  ends[1]?.(true);
  await t.rejects(all[1] as Promise<number>, { message: "1" });
  t.same(began, [0, 1, 2]);
  ends[0]?.(false);
  ends[2]?.(false);
  t.same(await Promise.all([all[0], all[2]]), [0, 2]);
  ends[3]?.(false);
  t.equal(await all[3], 3);
  t.throws(() => new Slots(0), RangeError);
});
