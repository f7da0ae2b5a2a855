// Loading: what comes of a valid file, and what is said of files that cannot be read.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { inspectConfig, loadConfig, loadRules, parseConfig } from "../../config/load.js";
import { configInvalid, formatProblem, problemsOf } from "../../config/problem.js";
import type { CameraConfig } from "../../config/schema/sources.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";

const example = readFileSync(join(packageRoot, "config", "fusiond.example.yaml"), "utf8");

/** A configuration with one camera, and what is added. */
function withBase(more: string): string {
  return `site: plant\nnats: {embedded: true}\n${more.includes("sources:") ? "" : "sources: {cam: {camera: film.mp4}}\n"}${more}\n`;
}

function parse(more: string, env: Record<string, string> = {}) {
  return parseConfig(withBase(more), "/etc/fusiond/fusiond.yaml", env);
}

/** What is thrown, as `line:column: message`. */
function problems(load: () => unknown): string[] {
  try {
    load();
  } catch (thrown) {
    return problemsOf(thrown).map(({ line, column, message }) => `${line}:${column}: ${message}`);
  }
  return [];
}

void t.test("config: fills in every default", (t) => {
  const { config } = parse("rules: {r: {all: [{see: dog}]}}", { STATE_DIRECTORY: "/var/lib/fusiond:/other" });
  t.strictSame(config, {
    site: "plant",
    stateDir: "/var/lib/fusiond",
    log: { level: "info" },
    nats: {
      server: { kind: "embedded", port: 4222 },
      format: "json",
      candidates: false,
      events: false,
      stream: { maxAgeMs: 604_800_000, maxBytes: 2 ** 30, duplicateWindowMs: 3_600_000 },
    },
    outbox: { maxBytes: 256 * 2 ** 20, keepAcknowledgedMs: 600_000 },
    encoders: { pack: "embedded", device: "cpu", threads: 1 },
    perception: { processes: "auto" },
    sources: [
      {
        id: "cam",
        kind: "camera",
        enabled: true,
        input: { kind: "file", location: "/etc/fusiond/film.mp4" },
        fps: 5,
        width: 640,
        audio: false,
        masks: [],
        anomalies: {},
        gate: { regionsMax: 4, regionIntervalMs: 1_000, wholeFrameIntervalMs: 5_000, sensitivity: 0.5, scanRate: 6, settleAfterMs: 600_000 },
        follow: false,
        loop: false,
        startsAt: 0,
      },
    ],
    groups: [
      { id: "cam", sources: ["cam"], allowedLatenessMs: 2_000, sessionGapMs: 4_000, maxDurationMs: 300_000, idleAfterMs: 10_000 },
    ],
    rules: [
      {
        id: "r",
        enabled: true,
        severity: "warning",
        groups: ["cam"],
        withinMs: 5_000,
        sameEvent: false,
        condition: { kind: "all", of: [{ kind: "see", prompt: "dog" }] },
        unless: [],
        confirmations: 2,
        holdForMs: 0,
        resolveAfterMs: 4_000,
        cooldownMs: 0,
        updateEveryMs: 30_000,
        whenBlind: "stay_silent",
      },
    ],
    http: { enabled: true, host: "127.0.0.1", port: 9464, allowedHosts: [] },
  });
  t.end();
});

void t.test("config: the state folder comes from the file, systemd, XDG or home, in this order", (t) => {
  const env = { STATE_DIRECTORY: "/run/a", XDG_STATE_HOME: "/run/b" };
  t.equal(parse("state_dir: state", env).config.stateDir, "/etc/fusiond/state");
  t.equal(parse("", env).config.stateDir, "/run/a");
  t.equal(parse("", { STATE_DIRECTORY: "", XDG_STATE_HOME: "/run/b" }).config.stateDir, "/run/b/fusiond");
  t.equal(parse("", { XDG_STATE_HOME: "" }).config.stateDir, join(homedir(), ".local/state/fusiond"));
  t.equal(parse("").config.stateDir, join(homedir(), ".local/state/fusiond"));
  t.end();
});

void t.test("config: tells URLs, devices and files apart", (t) => {
  const kinds = (key: string, location: string) => {
    const [source] = parse(`sources: {s: {${key}: ${JSON.stringify(location)}}}`).config.sources;
    return source?.kind === "text" ? undefined : [source?.input.kind, source?.input.location];
  };
  t.strictSame(kinds("camera", "RTSP://10.0.0.7/s"), ["url", "rtsp://10.0.0.7/s"]);
  t.strictSame(kinds("camera", "/dev/video0"), ["video_device", "/dev/video0"]);
  t.strictSame(kinds("camera", "film"), ["file", "/etc/fusiond/film"]);
  t.strictSame(kinds("microphone", "https://host/s.mp3"), ["url", "https://host/s.mp3"]);
  for (const device of ["default", "plughw:1,0", "sysdefault:CARD=PCH", "hw:CARD=a.b,DEV=0"]) {
    t.strictSame(kinds("microphone", device), ["sound_device", device]);
  }
  t.strictSame(kinds("microphone", "sound.wav"), ["file", "/etc/fusiond/sound.wav"]);
  t.strictSame(kinds("microphone", "/srv/sound"), ["file", "/srv/sound"]);
  t.end();
});

void t.test("config: a camera's own gate keys go over the global ones", (t) => {
  const { config } = parse("gate: {regions_max: 2, sensitivity: 0.9}\nsources: {c: {camera: f.mp4, gate: {sensitivity: 0.1, region_interval: 3s}}}");
  t.strictSame((config.sources[0] as CameraConfig).gate, {
    regionsMax: 2,
    regionIntervalMs: 3_000,
    wholeFrameIntervalMs: 5_000,
    scanRate: 6,
    settleAfterMs: 600_000,
    sensitivity: 0.1,
  });
  t.end();
});

void t.test("config: conditions, unless and texts come out normalised", (t) => {
  const { config } = parse(`sources:
  cam: {camera: f.mp4, audio: true, starts_at: "2026-01-01T01:00:00+01:00"}
  log: {text: {subject: "doors.*.>", json: true, template: "{who} at {door}"}}
  old: {text: {file: old.log}, enabled: false}
groups: {hall: {sources: [cam, log, old]}}
rules:
  r:
    description: "  a dog  "
    prior: 0.02
    within: 8s
    any:
      - {read: {field: n, equals: 5}, }
      - {read: door open, confidence: 0.5}
      - {hear: dog, at_most: 12/d}
      - all: [{hear: dog}, {not: {any: [{see: cat}, {read: {field: ok, equals: true}}]}}]
    unless: [{see: cat}, {read: {field: ok, equals: "yes"}, within: 30s, after: 2s}]
  q: {all: [{see: dog}], unless: {hear: dog, within: 1m, confidence: 0.9}}`);
  t.strictSame(config.sources.slice(1), [
    { id: "log", kind: "text", enabled: true, feed: { kind: "subject", subject: "doors.*.>" }, json: true, linesPerSecondMax: 50, lineBytesMax: 65_536, template: "{who} at {door}" },
    { id: "old", kind: "text", enabled: false, feed: { kind: "file", path: "/etc/fusiond/old.log" }, json: false, linesPerSecondMax: 50, lineBytesMax: 65_536 },
  ]);
  t.equal((config.sources[0] as CameraConfig).startsAt, Date.UTC(2026, 0, 1));
  t.match(config.rules, [
    {
      description: "a dog",
      prior: 0.02,
      condition: {
        kind: "any",
        of: [
          { kind: "field", field: "n", equals: "5" },
          { kind: "read", prompt: "door open", confidence: 0.5 },
          { kind: "hear", prompt: "dog", atMostPerHour: 0.5 },
          {
            kind: "all",
            of: [
              { kind: "hear", prompt: "dog" },
              { kind: "not", of: { kind: "any", of: [{ kind: "see", prompt: "cat" }, { kind: "field", field: "ok", equals: "true" }] } },
            ],
          },
        ],
      },
      unless: [
        { condition: { kind: "see", prompt: "cat" }, withinMs: 8_000, afterMs: 0 },
        { condition: { kind: "field", field: "ok", equals: "yes" }, withinMs: 30_000, afterMs: 2_000 },
      ],
    },
    { unless: [{ condition: { kind: "hear", prompt: "dog", confidence: 0.9 }, withinMs: 60_000, afterMs: 0 }] },
  ]);
  t.end();
});

void t.test("config: every way to sign in to NATS", (t) => {
  const server = (keys: string, env: Record<string, string> = {}) =>
    parseConfig(`site: s\nsources: {m: {microphone: default}}\nnats: {servers: ["nats://a:4222", "tls://b"], ${keys}}`, "/etc/f.yaml", env);
  const servers = ["nats://a:4222", "tls://b"];
  t.strictSame(server("").config.nats.server, { kind: "remote", servers });
  t.strictSame(server("credentials_file: a.creds").config.nats.server, {
    kind: "remote",
    servers,
    auth: { kind: "credentials", credentialsFile: "/etc/a.creds" },
  });
  t.strictSame(server("nkey_file: a.nk, tls: {}").config.nats.server, {
    kind: "remote",
    servers,
    auth: { kind: "nkey", nkeyFile: "/etc/a.nk" },
    tls: {},
  });
  const full = server("user: u, password_file: /run/p, tls: {ca_file: ca, cert_file: c, key_file: k}");
  t.strictSame(full.config.nats.server, {
    kind: "remote",
    servers,
    auth: { kind: "password", user: "u", passwordFile: "/run/p" },
    tls: { caFile: "/etc/ca", certFile: "/etc/c", keyFile: "/etc/k" },
  });
  t.strictSame(
    full.files.map(({ path, kind }) => `${path.join(".")} ${kind}`),
    ["nats.password_file secret", "nats.tls.ca_file certificate", "nats.tls.cert_file certificate", "nats.tls.key_file secret"],
  );
  t.end();
});

void t.test("config: packs with a slash are paths, listeners can be IPv6", (t) => {
  const { config } = parse('encoders: {pack: ./packs/mine}\nhttp: {listen: "[::1]:0", enabled: false}');
  t.equal(config.encoders.pack, "/etc/fusiond/packs/mine");
  t.strictSame(config.http, { enabled: false, host: "::1", port: 0, allowedHosts: [] });
  t.end();
});

void t.test("config: every prompt of a rule that is not switched off is told with its place", (t) => {
  const { prompts } = parse(`sources: {c: {camera: f.mp4, audio: true}, l: {text: {file: a}}}
groups: {g: {sources: [c, l]}}
rules:
  r:
    enabled: true
    all:
      - {see: " dog "}
      - not: {hear: cat}
      - any: [{read: door open}]
    unless: {see: person}
  off: {enabled: false, all: [{see: nobody knows}]}`);
  t.strictSame(
    prompts.map(({ kind, text, ruleId, line, column }) => `${line}:${column} ${ruleId} ${kind} ${text}`),
    ["9:15 r see dog", "10:21 r hear cat", "11:22 r read door open", "12:19 r see person"],
  );
  t.end();
});

void t.test("config: what is switched off is not asked for", (t) => {
  const { files } = parse(`sources: {a: {camera: a.mp4, credentials_file: a.cred, enabled: false}, b: {camera: b.mp4}}
rules: {r: {enabled: false, groups: [gone], all: [{hear: dog}]}}`);
  t.strictSame(files.map(({ file }) => file), ["/etc/fusiond/b.mp4"]);
  t.end();
});

void t.test("config: ~ and variables in paths are replaced by what the environment says", (t) => {
  const env = { HOME: "/srv/me", CREDENTIALS_DIRECTORY: "/run/credentials/fusiond.service", A: "x", B: "y" };
  const { config, files } = parseConfig(
    `site: s
state_dir: ~/state
encoders: {pack: "\${A}"}
nats: {servers: ["nats://a:4222"], user: u, password_file: "\${CREDENTIALS_DIRECTORY}/p"}
sources:
  cam: {camera: "~/\${A}\${B}.mp4"}
  mic: {microphone: "\${HOME}/s.wav"}
  log: {text: {file: "./~x/$5/a~b"}}`,
    "/etc/f.yaml",
    env,
  );
  t.equal(config.stateDir, "/srv/me/state");
  t.equal(config.encoders.pack, "/etc/x");
  t.strictSame(files.map(({ file }) => file), ["/run/credentials/fusiond.service/p", "/srv/me/xy.mp4", "/srv/me/s.wav"]);
  t.match(config.sources[2], { feed: { path: "/etc/~x/$5/a~b" } });
  t.end();
});

void t.test("config: what looks meant to be replaced but is not is refused, whatever the path", (t) => {
  for (const [path, problem] of [
    ["~bob/x", "starts with ~ and a name: write the path of that user's folder"],
    ["$HOME/x", "holds $HOME: write ${HOME} to have it replaced"],
    ["/srv/$USER", "holds $USER: write ${USER} to have it replaced"],
    ["${NOWHERE}/x", "holds ${NOWHERE}, which is not set in the environment"],
    ["${EMPTY}/x", "holds ${EMPTY}, which is not set in the environment"],
    ["${}/x", "holds ${} without a name"],
    ["%d/x", "starts with %d, which only units of systemd replace: write ${CREDENTIALS_DIRECTORY}, ${STATE_DIRECTORY} or the path"],
  ]) {
    for (const [key, text] of [
      ["state_dir", `state_dir: "${path}"`],
      ["pack", `encoders: {pack: "${path}"}`],
      ["file", `sources: {l: {text: {file: "${path}"}}}`],
      ["credentials_file", `sources: {c: {camera: f.mp4, credentials_file: "${path}"}}`],
    ] as const) {
      t.strictSame(problems(() => parse(text, { EMPTY: "" })).map((found) => found.replace(/^\d+:\d+: /, "")), [`"${key}" ${problem}`], text);
    }
  }
  t.end();
});

void t.test("config: an address with a variable is refused, not taken as it stands", (t) => {
  t.strictSame(
    problems(() =>
      parseConfig(
        'site: s\nnats: {servers: ["nats://${HOST}:4222"]}\nsources: {c: {camera: "rtsp://${CAM}/x"}, l: {text: {subject: "a.${X}"}}}',
        "f.yaml",
        { HOST: "a", CAM: "b", X: "c" },
      ),
    ),
    [
      '2:18: item 1 of "servers" holds a variable, which is replaced in paths only: write the value itself',
      '3:23: "camera" holds a variable, which is replaced in paths only: write the value itself',
      '3:63: "subject" holds a variable, which is replaced in paths only: write the value itself',
    ],
  );
  t.end();
});

void t.test("config: merge keys take maps in, the own keys first, and mistakes are told where they stand", (t) => {
  const loaded = parse(`sources:
  a: &cam {camera: a.mp4, fps: 2, width: 320}
  b: {<<: *cam, fps: 3}
  c:
    <<: [{fps: 7}, *cam]
    camera: c.mp4`);
  t.match(loaded.config.sources, [{ fps: 2, width: 320 }, { fps: 3, width: 320 }, { fps: 7, width: 320, input: { location: "/etc/fusiond/c.mp4" } }]);
  t.strictSame(loaded.positionOf(["sources", "b", "width"]), { line: 4, column: 42 });
  t.strictSame(loaded.positionOf(["sources", "c", "fps"]), { line: 7, column: 16 });
  t.strictSame(problems(() => parse("sources:\n  a: {camera: a.mp4, <<: 5}")), ["4:22: << takes in a map, or a list of maps: name one by an alias, as in <<: *name"]);
  t.equal(problems(() => parse("gate: &g {<<: *g}")).length, 1, "a map that takes in itself is told");
  t.end();
});

void t.test("config: only an address of this machine can be listened on", (t) => {
  const listen = (address: string): string[] => problems(() => parse(`http: {listen: "${address}"}`));
  for (const good of ["127.0.0.1:1", "127.8.8.8:0", "[::1]:9464", "[0:0:0:0:0:0:0:1]:1", "localhost:1", "LOCALHOST:1"]) t.strictSame(listen(good), [], good);
  for (const bad of ["0.0.0.0:1", "[::]:1", "192.168.1.5:1", "example.org:1", "127.1:1"]) {
    t.match(listen(bad), [/"listen" must be this machine's own address, 127\.0\.0\.1, \[::1\] or localhost/], bad);
  }
  for (const bad of [":1", "127.0.0.1", "127.0.0.1:99999"]) t.match(listen(bad), [/"listen" must be an address and a port/], bad);
  t.end();
});

void t.test("config: what does not suit a source's place is told beside any other mistake", (t) => {
  const folder = t.testdir({ "a.mp4": "", folder: {}, "f.yaml": "" });
  const sources: readonly (readonly [source: string, problem: RegExp])[] = [
    ['{camera: "rtsp://h/x", loop: true}', /^"loop" only works with a file/],
    ["{camera: a.mp4, follow: true}", /^"follow" only works with a URL/],
    ["{camera: /dev/video77, audio: true}", /^"audio" needs a URL or a file/],
    ['{microphone: default, starts_at: "2026-01-01T00:00:00Z"}', /^"starts_at" only works with a file/],
    ["{text: {file: folder}}", /folder is a folder: name the file that lines are written to/],
  ];
  const told = (source: string, ...more: readonly string[]): readonly string[] => {
    writeFileSync(join(folder, "f.yaml"), `site: s\nnats: {embedded: true}\nsources:\n  x: ${source}\n${more.join("\n")}\n`);
    return inspectConfig(join(folder, "f.yaml"), {}).problems.map(({ message }) => message);
  };
  for (const [source, problem] of sources) {
    t.match(told(source), [problem], source);
    t.match(told(source, "colour: red"), [problem, /colour/], source);
    t.match(told(source.replace(/\}+$/, ", fbs: 5$&")).join("\n"), problem, "beside one of its own");
    t.same(told(source.replace(/\}$/, ", enabled: false}")), [], "not where it is switched off");
  }
  t.match(told('{camera: "rtsp://h/x", loop: 7, follow: "x", audio: true}'), [/^"loop" must/, /^"follow" must/]);
  t.same(told("{text: {file: none.txt}}"), []);
  t.end();
});

void t.test("config: one mistake hides no other: prompts, files and folders are still known", (t) => {
  const folder = t.testdir({
    "f.yaml": `site: 5 5
colour: red
state_dir: state
nats: {servers: [oops], user: u, password_file: p}
sources: {cam: {camera: a.mp4, fbs: 5}, mic: {microphone: [7]}, other: {camera: b.mp4, credentials_file: c.cred}}
rules: {r: {all: [{see: dgo}], wihtin: 5s}}
`,
  });
  const { problems: found, parts, loaded } = inspectConfig(join(folder, "f.yaml"), {});
  t.equal(loaded, undefined);
  t.match(found.map(({ message }) => message), [/^"site"/, /colour/, /servers/, /fbs/, /microphone/, /wihtin/]);
  t.strictSame(parts?.prompts.map(({ text }) => text), ["dgo"]);
  t.strictSame(parts?.files.map(({ file }) => file), ["a.mp4", "b.mp4", "c.cred"].map((name) => join(folder, name)));
  t.equal(parts?.stateDir, join(folder, "state"));
  for (const text of ["", "- a", "{", "sources: {}"]) {
    writeFileSync(join(folder, "f.yaml"), text);
    t.ok(inspectConfig(join(folder, "f.yaml"), {}).problems.length > 0, JSON.stringify(text));
  }
  t.strictSame(inspectConfig(join(folder, "nowhere.yaml"), {}).problems.length, 1);
  t.end();
});

void t.test("config: tells where a value stands, through aliases and where it does not exist", (t) => {
  const loaded = parse("gate: &g {sensitivity: 0.2}\nsources:\n  a: {camera: a.mp4, gate: *g}\n  b:\n    camera: b.mp4\n    masks: [[[0, 0], [0, 1], [1, 1]]]");
  const at = (...path: (string | number)[]) => {
    const { line, column } = loaded.positionOf(path);
    return `${line}:${column}`;
  };
  t.equal(at("sources", "b", "camera"), "7:13");
  t.equal(at("sources", "b"), "6:3");
  t.equal(at("sources", "b", "masks", 0, 1), "8:22");
  t.equal(at("sources", "b", "masks", 7), "8:5");
  t.equal(at("sources", "a", "gate", "sensitivity"), "3:24");
  t.equal(at("sources", "b", "camera", "x"), "7:5");
  t.equal(at("nowhere", "at", "all"), "1:1");
  t.equal(at(), "1:1");
  t.equal(formatProblem(loaded.problem(["sources", "b", "camera"], "is dark")), "/etc/fusiond/fusiond.yaml:7:13: is dark");
  t.end();
});

void t.test("config: the example loads without a problem, and every key it could have is in it", (t) => {
  const loaded = parseConfig(example, "config/fusiond.example.yaml", {});
  t.equal(loaded.config.rules.length, 2);
  t.equal(loaded.prompts.length, 5);
  const remote = example
    .replace(/^ {2}(embedded: true|port: 4222)$/gm, "")
    .replace(/^ {2}# (servers|credentials_file|tls| {2}(?:ca|cert|key)_file):/gm, "  $1:");
  t.equal(parseConfig(remote, "config/fusiond.example.yaml", {}).config.nats.server.kind, "remote");
  t.end();
});

void t.test("config: a file that cannot be read is told in a sentence", (t) => {
  const folder = t.testdir({ "empty.yaml": "", "latin1.yaml": Buffer.from("site: caf\xe9", "latin1"), "ok.yaml": withBase("") });
  const big = join(folder, "big.yaml");
  writeFileSync(big, `# ${"x".repeat(2 ** 20)}\n`);
  const load = (name: string) => problems(() => loadConfig(join(folder, name), {}));
  t.strictSame(load("nowhere.yaml"), ["1:1: the configuration does not exist: correct the path, or start from config/fusiond.example.yaml"]);
  t.strictSame(load("empty.yaml"), ["1:1: the configuration is empty: start from config/fusiond.example.yaml"]);
  t.strictSame(load("latin1.yaml"), ["1:1: the configuration is not UTF-8: save it in that encoding"]);
  t.strictSame(load("."), ["1:1: the configuration is no file: name the configuration file itself"]);
  t.strictSame(load("big.yaml"), ["1:1: the configuration is larger than 1 MiB: that is no configuration"]);
  t.strictSame(load("ok.yaml/below"), ["1:1: the configuration cannot be read: let fusiond's user read it"]);
  t.equal(loadConfig(join(folder, "ok.yaml")).config.site, "plant");
  t.end();
});

void t.test("config: a file nested without end is told, not run into", (t) => {
  t.strictSame(
    problems(() => parse(`log: ${"[".repeat(100_000)}`)).map((problem) => problem.replace(/^\d+:\d+: /, "")),
    ["nested more than 32 levels deep: no key of a configuration is"],
  );
  t.end();
});

void t.test("config: the error lists problems as editors read them, and at most a hundred", (t) => {
  const folder = t.testdir({});
  mkdirSync(join(folder, "x"));
  const file = join(folder, "bad.yaml");
  writeFileSync(file, withBase("log: {level: loud}"));
  t.throws(() => loadConfig(file, {}), { code: "config_invalid", message: `${file}:4:14: "level" must be debug, info, warn or error, not "loud"` });
  const many = Array.from({ length: 103 }, (_, line) => ({ file: "f", line: line + 1, column: 1, message: "no" }));
  const error = configInvalid(many);
  t.match(error.message, /f:100:1: no\nand 3 more problems$/);
  t.equal(problemsOf(error).length, 103);
  t.strictSame(problemsOf(new FusiondError("config_invalid", "x")), []);
  t.strictSame(problemsOf("x"), []);
  t.end();
});

void t.test("config: whatever is in the file, it loads or says what is wrong", (t) => {
  const words = fc.constantFrom("{", "}", "[", "]", ": ", "- ", "\n", "  ", "*a", "&a ", "null", "5", "sources", "see", "all", "__proto__", '"', "|", "? ", "<<");
  const mutation = fc.record({ at: fc.nat(), cut: fc.nat({ max: 12 }), put: fc.array(words, { maxLength: 4 }) });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const text = mutations.reduce((before, { at, cut, put }) => {
          const start = at % before.length;
          return before.slice(0, start) + put.join("") + before.slice(start + cut);
        }, example);
        try {
          parseConfig(text, "f.yaml", {});
          return true;
        } catch (thrown) {
          return problemsOf(thrown).length > 0 && problemsOf(thrown).every(({ line, column }) => line >= 1 && column >= 1);
        }
      }),
      { numRuns: 60 },
    ),
  );
  t.end();
});

void t.test("config: a value of any kind at any key loads or is told at a place", (t) => {
  const paths = fc.constantFrom(
    ...["site", "nats", "sources", "sources.c", "sources.c.camera", "sources.c.masks", "sources.c.gate", "groups", "groups.g", "groups.g.sources"],
    ...["rules", "rules.r", "rules.r.all", "rules.r.unless", "rules.r.groups", "rules.r.same_event", "http", "http.listen", "outbox.max_bytes"],
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(paths, fc.jsonValue({ maxDepth: 3 }), (path, value) => {
        const config: Record<string, unknown> = {
          site: "s",
          nats: { embedded: true },
          sources: { c: { camera: "f.mp4" } },
          groups: { g: { sources: ["c"] } },
          rules: { r: { all: [{ see: "dog" }] } },
        };
        const keys = path.split(".");
        const parent = keys.slice(0, -1).reduce<Record<string, unknown>>((node, key) => (node[key] ??= {}) as Record<string, unknown>, config);
        parent[keys.at(-1) ?? ""] = value;
        try {
          parseConfig(JSON.stringify(config), "f.yaml", {});
          return true;
        } catch (thrown) {
          return problemsOf(thrown).length > 0;
        }
      }),
      { numRuns: 300 },
    ),
  );
  t.end();
});

void t.test("load: what is normal for a source is no anomaly there", (t) => {
  const sourceOf = (keys: string) => parse(`sources: {cam: {camera: a.mp4, ${keys}}, mic: {microphone: "plughw:1,0", silent: off}}`).config.sources;
  const [cam, mic] = sourceOf("frozen: off, black: 2m, silent: false");
  t.match(cam, { anomalies: { frozen: Infinity, black: 120_000, silent: Infinity } });
  t.match(mic, { anomalies: { silent: Infinity } });
  t.throws(() => sourceOf("frozen: never"), /must be off, or how long it must last/);
  t.throws(() => sourceOf("frozen: true"), /must be off, or how long it must last/);
  t.end();
});

void t.test("config: rules are read without the place that they are for", (t) => {
  const file = join(t.testdir(), "rules.yaml");
  const rulesOf = (text: string): ReturnType<typeof loadRules> => {
    writeFileSync(file, text);
    return loadRules(file);
  };
  const alone = rulesOf("rules: {r: {all: [{hear: dog}, {see: person}, {read: {field: a, equals: b}}]}}").config;
  t.match(alone.rules, [{ id: "r" }]);
  const whole = rulesOf(`${example}\ngate: {regions_max: 7}\nencoders: {threads: 3}`.replace(/^(?:gate|encoders):(?:\n[ #].*)+/gm, "")).config;
  t.ok(whole.rules.length > 0, "the rules of a whole configuration");
  const gated = rulesOf("gate: {regions_max: 7}\nencoders: {threads: 3}\nsources: nonsense\nrules: {r: {any: [{see: dog}], groups: [nowhere]}}").config;
  t.match(gated, { encoders: { threads: 3 }, sources: [{ gate: { regionsMax: 7 } }, {}] });
  t.same(problems(() => rulesOf("rules: {r: {any: [{hear: 3x, sea: 1}]}}")).length > 0, true);
  t.match(problems(() => rulesOf("site: x")), [/has no rule/]);
  t.match(problems(() => rulesOf("rules: {\n  r: {anny: [{hear: dog}]}}")), [/^2:/], "mistakes stand where they are in the file");
  t.end();
});
