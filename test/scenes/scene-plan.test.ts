import t from "tap";
import type { Material } from "../../daemon/scenes/material.js";
import { requireMaterial } from "../../daemon/scenes/material.js";
import { planScenes, SNRS_DB } from "../../daemon/scenes/scene-plan.js";
import { pictureArgs } from "../../daemon/scenes/picture-args.js";
import { labelsText } from "../../daemon/scenes/scene-labels.js";

const file = (name: string): { file: string; path: string } => ({ file: name, path: `/media/${name}` });

const material: Material = {
  sounds: ["dog", "cat", "siren"].flatMap((what) => [1, 2].map((n) => ({ ...file(`${what}-${n}`), what, recording: `${what}-${n}` }))),
  backgrounds: [
    { ...file("rain"), kind: "rain", recording: "rain" },
    { ...file("yard-1"), kind: "dog", recording: "yard" },
    { ...file("yard-2"), kind: "dog", recording: "dog-1" },
    { ...file("hum"), kind: "room tone", recording: "cat-2" },
    { ...file("hum-2"), kind: "room tone", recording: "hum" },
  ],
  footage: [
    { ...file("hall"), camera: "hall", fromMs: 0, toMs: Infinity, what: ["person"] },
    { ...file("yard"), camera: "yard", fromMs: 1_000, toMs: 91_000, what: ["person"] },
    { ...file("road"), camera: "road", fromMs: 0, toMs: Infinity, what: [] },
  ],
};

void t.test("scene plan: the same seed gives the same plan, another another", (t) => {
  t.same(planScenes(material, { seed: 1, count: 30 }), planScenes(material, { seed: 1, count: 30 }));
  t.notSame(planScenes(material, { seed: 1, count: 30 }), planScenes(material, { seed: 2, count: 30 }));
  t.same(planScenes(material, { seed: 1, count: 30 }).slice(0, 7), planScenes(material, { seed: 1, count: 7 }), "more scenes begin as fewer");
  t.end();
});

void t.test("scene plan: three of five scenes hold all, and each control each level", (t) => {
  const plans = planScenes(material, { seed: 3, count: 15 });
  const count = (control: string, snrDb?: number): number => plans.filter((plan) => plan.control === control && plan.sound?.snrDb === snrDb).length;
  t.same(SNRS_DB.map((snrDb) => [count("none", snrDb), count("without_person", snrDb)]), [[3, 1], [3, 1], [3, 1]]);
  t.equal(count("without_sound"), 3);
  for (const { control, footage, durationMs } of plans) {
    t.same(footage.what, control === "without_person" ? [] : ["person"]);
    t.ok(durationMs >= 20_000 && durationMs <= 30_000 && durationMs % 100 === 0);
  }
  t.end();
});

void t.test("scene plan: no recording is on both sides, and no background is of the sound's kind", (t) => {
  for (const { sound, backgrounds } of planScenes(material, { seed: 5, count: 100 })) {
    t.ok(backgrounds.length > 0);
    t.equal(new Set(backgrounds.map(({ kind }) => kind)).size, 1, "of one kind of place");
    if (sound === undefined) continue;
    if (backgrounds.some(({ recording, kind }) => recording === sound.clip.recording || kind === sound.clip.what)) t.fail(sound.clip.file);
  }
  const itself: Material = { ...material, sounds: material.sounds.slice(0, 1), backgrounds: material.backgrounds.slice(2, 3) };
  t.throws(() => planScenes(itself, { seed: 1, count: 1 }), { code: "media_invalid", message: /dog-1 has no background but itself/ });
  t.end();
});

void t.test("scene plan: what is missing is said in one sentence", (t) => {
  t.doesNotThrow(() => requireMaterial(material, "person"));
  for (const [missing, sentence] of [
    [{ sounds: [] }, /without a labelled sound/],
    [{ backgrounds: [] }, /without a background/],
    [{ footage: material.footage.slice(2) }, /without footage of a person/],
    [{ footage: material.footage.slice(0, 2) }, /without footage of nothing/],
  ] as const) {
    t.throws(() => requireMaterial({ ...material, ...missing }, "person"), { code: "media_invalid", message: sentence });
  }
  t.end();
});

void t.test("scene picture: a part with an end is entered where the seed says, another at its start", (t) => {
  const [hall, yard] = material.footage as [Material["footage"][number], Material["footage"][number]];
  const at = (args: readonly string[], option: string): string | undefined => args[args.indexOf(option) + 1];
  const within = pictureArgs({ footage: yard, footageAt: 0.5, durationMs: 20_000 });
  t.same([at(within, "-ss"), at(within, "-t"), at(within, "-i")], ["36.000", "20.000", "/media/yard"]);
  const short = pictureArgs({ footage: { ...yard, toMs: 4_000 }, footageAt: 0.5, durationMs: 20_000 });
  t.same([at(short, "-ss"), at(short, "-t")], ["1.000", "3.000"]);
  const open = pictureArgs({ footage: hall, footageAt: 0.5, durationMs: 20_000 });
  t.same([at(open, "-ss"), at(open, "-t")], ["0.000", "20.000"]);
  t.match(at(open, "-filter_complex"), /trim=end_frame=200,/);
  t.end();
});

void t.test("scene labels: what is there all the time, and the sound where it sounds", (t) => {
  const [{ sound, footage, backgrounds }] = planScenes(material, { seed: 1, count: 1 }) as [ReturnType<typeof planScenes>[number]];
  const clip = { ...(sound as NonNullable<typeof sound>), clip: { ...material.sounds[0], what: 'dog, "big"' } as (typeof material.sounds)[number] };
  const mixed = { samples: new Float32Array(0), backgroundDb: -40, sound: { fromMs: 9_050, toMs: 10_400, gainDb: 3 } };
  t.equal(labelsText({ footage, backgrounds: backgrounds.map((one) => ({ ...one, kind: "rain" })), sound: clip }, mixed), 'start,end,what,sources\n,,person,camera\n,,rain,microphone\n9.050,10.400,"dog, ""big""",microphone\n');
  t.equal(labelsText({ footage: material.footage[2] as (typeof material.footage)[number], backgrounds: backgrounds.map((one) => ({ ...one, kind: "" })) }, { samples: mixed.samples, backgroundDb: -40 }), "start,end,what,sources\n");
  t.end();
});
