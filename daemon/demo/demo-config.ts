// The configuration that the demo runs the real daemon with.
import { RULE_DOG_SEEN_AND_HEARD, RULE_DOG_WITH_PERSON } from "./scene.js";

/** What differs from run to run. Paths are absolute. */
export interface DemoConfigOptions {
  readonly stateFolder: string;
  /** A video file; without it there is no camera. */
  readonly video?: string;
  /** A sound file; without it there is no microphone. */
  readonly audio?: string;
  /** Start the files again at their end. */
  readonly loop: boolean;
}

/** Ids of the demo's two sources. */
export const DEMO_CAMERA = "yard-cam";
/** See `DEMO_CAMERA`. */
export const DEMO_MICROPHONE = "yard-mic";

/** The demo's configuration as text: JSON, which is YAML too, so that it is read and checked like any other file. */
export function demoConfigText(options: DemoConfigOptions): string {
  return `${JSON.stringify(demoConfig(options), undefined, 2)}\n`;
}

function demoConfig({ stateFolder, video, audio, loop }: DemoConfigOptions): Record<string, unknown> {
  const sources = {
    ...(video === undefined ? {} : { [DEMO_CAMERA]: { camera: video, fps: 5, width: 640, loop } }),
    ...(audio === undefined ? {} : { [DEMO_MICROPHONE]: { microphone: audio, loop } }),
  };
  // A bark must be over and forgotten when the next one comes 12 s later.
  const endsSoon = { resolve_after: "2s", cooldown: "0s" };
  // One who is asked to watch for a minute would rather be called once too often an hour than miss a bark.
  const bark = { hear: "dog", at_most: "2/h" };
  return {
    site: "demo",
    state_dir: stateFolder,
    nats: { embedded: true, port: 0 },
    encoders: { pack: "embedded" },
    sources,
    groups: { yard: { sources: Object.keys(sources), session_gap: "4s", allowed_lateness: "1s" } },
    rules: {
      [RULE_DOG_WITH_PERSON]: {
        description: "A dog barks while a person is in view.",
        severity: "warning",
        within: "5s",
        all: [bark, { see: "person" }],
        ...endsSoon,
      },
      [RULE_DOG_SEEN_AND_HEARD]: {
        description: "One dog is seen and heard.",
        severity: "info",
        within: "5s",
        same_event: true,
        all: [bark, { see: "dog" }],
        ...endsSoon,
      },
    },
    http: { listen: "127.0.0.1:0" },
  };
}
