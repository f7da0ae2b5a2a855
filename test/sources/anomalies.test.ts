// What is taken for an anomaly and what is not, on pictures and sounds that ffmpeg made.
import { createHash } from "node:crypto";
import t from "tap";
import { defaultAnomalies, type AnomalyOptions } from "../../daemon/sources/anomalies.js";
import type { AnomalyKind } from "../../daemon/sources/source.js";
import type { Link } from "../../daemon/sources/connection.js";
import { LiveWatcher } from "../../daemon/sources/live-watcher.js";
import { MediaSource } from "../../daemon/sources/media-source.js";
import { media } from "../support/debian.js";
import { collect, makeMedia, mediaOptions, RememberedTelemetry, scratch, toTheEnd, without } from "./support.js";

const folder = scratch(t);
const footage = media.pedestrians();
const SECONDS = 36;
const live = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "20", "-pix_fmt", "yuv420p"] as const;

/** What came of a file that is watched as if it were live. */
interface Watched {
  readonly anomalies: readonly string[];
  readonly restarts: readonly string[];
  readonly isBlind: boolean;
  /** Event time, ms. */
  readonly since?: number;
}

async function watchPicture(file: string, options: Partial<AnomalyOptions> = {}): Promise<Watched> {
  const told = await collect(new MediaSource(without(mediaOptions(file, { picture: { fps: 5, widthPx: 320 } }), "sound"), new RememberedTelemetry()), toTheEnd);
  return watched(options, async (watcher, link) => {
    const watch = watcher.watch(link);
    for (const frame of told.captures) {
      if (frame.modality !== "image") continue;
      const checksum = createHash("md5").update(frame.pixels).digest("hex");
      await watch.frame({ checksum, width: frame.width, height: frame.height, pixels: frame.pixels }, frame.capturedAt, frame.capturedAt);
    }
  });
}

async function watchSound(file: string, options: Partial<AnomalyOptions> = {}): Promise<Watched> {
  const sound = { sampleRateHz: 16000, windowMs: 100, hopMs: 100 };
  const told = await collect(new MediaSource({ ...without(mediaOptions(file), "picture"), sound }, new RememberedTelemetry()), toTheEnd);
  return watched(options, async (watcher, link) => {
    const watch = watcher.watch(link);
    for (const piece of told.captures) {
      if (piece.modality !== "audio") continue;
      const end = piece.capturedAt + piece.durationMs;
      await watch.sound({ samples: new Float32Array(piece.samples), isOutOfPhase: false }, end, end, piece.capturedAt);
    }
  });
}

async function watched(options: Partial<AnomalyOptions>, play: (watcher: LiveWatcher, link: Link) => Promise<void>): Promise<Watched> {
  const telemetry = new RememberedTelemetry();
  const restarts: string[] = [];
  let blind: number | undefined;
  const link: Link = {
    signal: new AbortController().signal,
    shown: () => Promise.resolve(void (blind = undefined)),
    blind: (_modality, _why, since) => Promise.resolve(void (blind = since)),
    absent: () => Promise.resolve(),
    end: (reason) => void restarts.push(reason),
  };
  await play(new LiveWatcher("cam", { ...defaultAnomalies, ...options }, telemetry), link);
  return { anomalies: telemetry.anomalies, restarts, isBlind: blind !== undefined, ...(blind === undefined ? {} : { since: blind }) };
}

void t.test("anomalies: a frozen picture is one however the camera's encoder writes it again", async (t) => {
  const frozen = makeMedia(folder, "frozen.mkv", "-ss", "10", "-t", "4", "-i", footage, "-vf", `scale=320:180,fps=10,tpad=stop_mode=clone:stop_duration=80`, "-an", "-c:v", "ffv1");
  const encodings = { "at a constant quality": ["-crf", "28"], "at a constant rate": ["-b:v", "600k", "-maxrate", "600k", "-bufsize", "600k"] };
  for (const [name, rate] of Object.entries(encodings)) {
    const result = await watchPicture(makeMedia(folder, "again.mp4", "-i", frozen, ...live, ...rate));
    t.same(result.anomalies, ["frozen true"], name);
    t.ok(result.isBlind && (result.since ?? 0) >= 2000 && (result.since ?? Infinity) < 50_000, `since ${result.since} ms`);
  }
  const off = await watchPicture(frozen, { frozen: Infinity });
  t.same(off, { anomalies: [], restarts: [], isBlind: false }, "off: it is normal here");
});

void t.test("anomalies: a still scene that a sensor sees is not frozen, nor is a scene with people", async (t) => {
  const noisy = ["-loop", "1", "-r", "10", "-i", makeMedia(folder, "still.png", "-ss", "10", "-i", footage, "-frames:v", "1"), "-t", String(SECONDS), "-vf"];
  for (const strength of [3]) {
    const file = makeMedia(folder, "noisy.mp4", ...noisy, `scale=320:180,noise=alls=${strength}:allf=t`, ...live, "-crf", "28");
    t.same(await watchPicture(file), { anomalies: [], restarts: [], isBlind: false }, `noise of ${strength}`);
  }
  const people = makeMedia(folder, "people.mp4", "-i", footage, "-t", String(SECONDS), "-an", "-vf", "scale=320:180", ...live, "-crf", "28");
  t.same(await watchPicture(people), { anomalies: [], restarts: [], isBlind: false });
});

void t.test("anomalies: black and covered pictures have their names and blind, and are over once something shows", async (t) => {
  const noise = "noise=alls=8:allf=t";
  const shapes: readonly (readonly [AnomalyKind, string])[] = [
    ["black", "color=black:s=320x180:r=2"],
    ["covered", "color=gray:s=320x180:r=2"],
    ["covered", "color=white:s=320x180:r=2"],
    ["covered", "color=gray:s=320x180:r=2,format=yuv420p,geq=lum=50+60*X/W:cb=120:cr=140"],
  ];
  for (const [kind, source] of shapes) {
    const hidden = makeMedia(folder, "hidden.mkv", "-f", "lavfi", "-i", `${source},${noise}`, "-t", "34", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p");
    t.match(await watchPicture(hidden), { anomalies: [`${kind} true`], isBlind: true, since: 0 }, source);
    if (kind !== "black" && !source.includes("gray")) continue;
    t.same((await watchPicture(hidden, { [kind]: Infinity })).anomalies, [], `${kind}: off`);
    const list = makeMedia(folder, "again.mkv", "-i", hidden, "-i", footage, "-filter_complex", "[0:v]scale=320:180,setsar=1,fps=2[a];[1:v]trim=end=6,scale=320:180,setsar=1,fps=2[b];[a][b]concat=n=2", "-c:v", "ffv1");
    t.match(await watchPicture(list), { anomalies: [`${kind} true`, `${kind} false`], isBlind: false });
  }
});

void t.test("anomalies: sound that is none has its name", async (t) => {
  const noise = "anoisesrc=a=0.001:r=16000";
  const shapes: readonly (readonly [string, readonly string[], string, readonly string[], boolean])[] = [
    ["digital silence", ["-c:a", "pcm_s16le"], "anullsrc=r=16000:cl=mono", ["silent true"], true],
    ["A-law's silence, which is no zero", ["-c:a", "pcm_alaw", "-ar", "8000"], "anullsrc=r=8000:cl=mono", ["silent true"], true],
    ["silence through a codec", ["-c:a", "libopus"], "anullsrc=r=16000:cl=mono", ["silent true"], true],
    ["a constant", ["-c:a", "pcm_s16le"], "aevalsrc=0.4:s=16000", ["dc true"], true],
    ["a constant with a little noise", ["-c:a", "pcm_s16le"], "aevalsrc=0.4+0.003*random(0):s=16000", ["dc true"], true],
    ["a quiet room", ["-c:a", "pcm_s16le"], noise, [], false],
    ["a quiet room behind a cheap converter", ["-c:a", "pcm_s16le"], "aevalsrc=0.02+0.0005*(random(0)-0.5):s=16000", [], false],
    ["a loud tone", ["-c:a", "pcm_s16le"], "aevalsrc=0.98*sin(2*PI*440*t):s=16000", [], false],
    ["a tone that is cut off", ["-c:a", "pcm_s16le"], "aevalsrc=clip(3*sin(2*PI*440*t)\\,-1\\,1):s=16000", ["clipping true"], false],
    ["a tone that is cut off, and resampled", ["-c:a", "pcm_s16le"], "aevalsrc=clip(3*sin(2*PI*440*t)\\,-1\\,1):s=44100", ["clipping true"], false],
  ];
  for (const [name, coding, source, anomalies, isBlind] of shapes) {
    const file = makeMedia(folder, "sound.mkv", "-f", "lavfi", "-i", source, "-t", "63", ...coding);
    const result = await watchSound(file);
    t.same([result.anomalies, result.isBlind], [anomalies, isBlind], name);
  }
  const gated = makeMedia(folder, "gated.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "63");
  t.same((await watchSound(gated, { silent: Infinity })).isBlind, false, "silent: off");
});

