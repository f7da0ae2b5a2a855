// What pictures may hold: bytes a camera, whatever its width; and every picture is released, whatever becomes of it.
import fc from "fast-check";
import t from "tap";
import { Perceiver } from "../../daemon/perception/perceiver.js";
import type { PerceptionTelemetry } from "../../daemon/perception/perception-telemetry.js";
import { BoundedQueue } from "../../daemon/runtime/bounded-queue.js";
import { systemClock } from "../../daemon/runtime/clock.js";
import { PICTURE_BYTES_MAX, PICTURE_SHARES } from "../../daemon/sources/picture-budget.js";
import { SignalOutlet } from "../../daemon/sources/signal-outlet.js";
import type { Source, SourceSignal } from "../../daemon/sources/source.js";
import type { Encoder } from "../../encoders/encoder.js";
import { FusiondError } from "../../fusion/model/errors.js";

const silent: PerceptionTelemetry = { dropped: () => undefined, took: () => undefined, failed: () => undefined };

void t.test("budget: a queue holds no more than its weight, and says what went", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), async (weights, weightMax) => {
      const dropped: number[] = [];
      const queue = new BoundedQueue<number>(16, "drop_oldest", (item) => dropped.push(item), (item) => weights[item] as number, weightMax);
      for (const item of weights.keys()) {
        await queue.put(item);
        if (queue.weight > weightMax && queue.size > 1) return false;
      }
      const all = [...dropped, ...queue.drain()];
      return all.length === weights.length && all.every((item, i) => item === i);
    }),
  );
  t.ok(PICTURE_SHARES.reading + PICTURE_SHARES.source + PICTURE_SHARES.tower <= PICTURE_BYTES_MAX && PICTURE_SHARES.unknown <= PICTURE_BYTES_MAX);
});

void t.test("budget: a camera of 3840 px holds no more than its share beside one of 640 px, drops its oldest and counts them", async (t) => {
  const wide = outletOf("wide");
  const narrow = outletOf("narrow");
  const [wideBytes, narrowBytes] = [new Uint8Array(3840 * 2160 * 3), new Uint8Array(640 * 360 * 3)];
  for (let i = 0; i < 10; i++) {
    await wide.outlet.capture(frameOf(3840, 2160, wideBytes, i, wide.released));
    await narrow.outlet.capture(frameOf(640, 360, narrowBytes, i, narrow.released));
  }
  t.same([wide.dropped, narrow.dropped], [["queue_full 1", "queue_full 1", "queue_full 1", "queue_full 1", "queue_full 1", "queue_full 1", "queue_full 1", "queue_full 1", "queue_full 1"], []]);
  t.same(wide.released, [0, 1, 2, 3, 4, 5, 6, 7, 8], "the oldest went, and gave their pixels back");
  wide.outlet.close();
  narrow.outlet.close();
  t.same([(await left(wide.outlet)).length, (await left(narrow.outlet)).length], [1, 10]);
});

void t.test("perception: a picture is released once, whether it is encoded, refused or dropped", async (t) => {
  for (const fate of ["encoded", "refused", "behind"] as const) {
    const released: number[] = [];
    const pixels = new Uint8Array(3);
    const signals = Array.from({ length: 200 }, (_, i): SourceSignal => {
      return { kind: "capture", capture: { ...frameOf(1, 1, pixels, i, released), sourceId: "cam", seq: i } };
    });
    const source: Source = {
      id: "cam",
      modalities: ["image"],
      finite: false,
      async *observe() {
        for (const signal of signals) {
          if (fate !== "behind") await turn();
          yield signal;
        }
      },
    };
    const encoder = {
      encode: async (capture: { readonly seq: number; readonly release?: () => void }) => {
        await turn();
        if (fate === "refused") throw new FusiondError("encode_failed", "not now");
        capture.release?.();
        return { observations: [], encodeMs: 0 };
      },
    } as unknown as Encoder;
    const perceiver = new Perceiver({
      ...{ sources: [source], encoders: new Map([["image", encoder]]), origin: { site: "s", encoders: "e", run: 1 }, clock: systemClock, telemetry: silent },
      queueCapacity: () => 4,
      budget: { itemsMax: 1000, bytesMax: 2 ** 30 },
      report: () => undefined,
    });
    perceiver.start();
    await perceiver.ended();
    t.same([...new Set(released)].length, 200, `${fate}: ${released.length}`);
  }
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function frameOf(width: number, height: number, pixels: Uint8Array, i: number, released: number[]) {
  return { modality: "image" as const, capturedAt: i * 200, durationMs: 0, receivedAtMs: performance.now(), width, height, pixels, release: () => void released.push(i) };
}

function outletOf(sourceId: string): { outlet: SignalOutlet; dropped: string[]; released: number[] } {
  const dropped: string[] = [];
  return { outlet: new SignalOutlet({ sourceId, capacity: 16, whenFull: "drop_oldest", onDropped: (reason, count) => void dropped.push(`${reason} ${count}`) }), dropped, released: [] };
}

async function left(outlet: SignalOutlet): Promise<readonly SourceSignal[]> {
  const signals: SourceSignal[] = [];
  for await (const signal of outlet) if (signal.kind === "capture") signals.push(signal);
  return signals;
}
