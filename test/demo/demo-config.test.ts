// The demo's configuration.
import t from "tap";
import { demoConfigText } from "../../daemon/demo/demo-config.js";
import { RULE_DOG_SEEN_AND_HEARD, RULE_DOG_WITH_PERSON } from "../../daemon/demo/scene.js";

interface Text {
  readonly sources: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly groups: { readonly yard: { readonly sources: readonly string[] } };
  readonly rules: Readonly<Record<string, unknown>>;
}

const read = (options: Parameters<typeof demoConfigText>[0]): Text => JSON.parse(demoConfigText(options)) as Text;

void t.test("demo config: has a camera, a microphone and the two rules that the scene's rows name", (t) => {
  const config = read({ stateFolder: "/s", video: "/v.mp4", audio: "/a.wav", loop: true });
  t.same(config.sources, {
    "yard-cam": { camera: "/v.mp4", fps: 5, width: 640, loop: true },
    "yard-mic": { microphone: "/a.wav", loop: true },
  });
  t.same(config.groups.yard.sources, ["yard-cam", "yard-mic"]);
  t.same(Object.keys(config.rules), [RULE_DOG_WITH_PERSON, RULE_DOG_SEEN_AND_HEARD]);
  t.end();
});

void t.test("demo config: has only the sources for which there are files", (t) => {
  t.same(read({ stateFolder: "/s", video: "/v.mp4", loop: false }).groups.yard.sources, ["yard-cam"]);
  t.same(read({ stateFolder: "/s", audio: "/a.wav", loop: false }).groups.yard.sources, ["yard-mic"]);
  t.end();
});
