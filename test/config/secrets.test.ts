// Secrets: read from files, found where systemd puts them, never shown.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import t from "tap";
import { checkFiles } from "../../config/files.js";
import { loadConfig } from "../../config/load.js";
import { problemsOf } from "../../config/problem.js";
import { readCredentials, readSecret, Secret } from "../../config/secrets.js";
import { holds } from "../support/property.js";

void t.test("secrets: trimmed when read, and a file that everybody can read is warned of", (t) => {
  const folder = t.testdir({ open: " hunter2\n", closed: "hunter2" });
  chmodSync(join(folder, "open"), 0o644);
  chmodSync(join(folder, "closed"), 0o600);
  const open = readSecret(join(folder, "open"));
  t.equal(open.secret.reveal(), "hunter2");
  t.equal(open.warning, `everybody can read secret file ${join(folder, "open")}: run chmod 600 on it`);
  t.equal(readSecret(join(folder, "closed")).warning, undefined);
  t.end();
});

void t.test("secrets: never shown by printing, logging or serialising", (t) => {
  const secret = new Secret("hunter2");
  const shown = `${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret }, { showHidden: true })}`;
  t.notMatch(shown, /hunter2/);
  t.match(shown, /\[secret\].*\[secret\].*\[secret\]/);
  t.end();
});

void t.test("secrets: a file that gives none is told in a sentence", (t) => {
  const folder = t.testdir({ empty: " \n" });
  writeFileSync(join(folder, "big"), Buffer.alloc(2 ** 20 + 1, 65));
  const says = (name: string, predicate: string) =>
    t.throws(() => readSecret(join(folder, name)), { code: "config_invalid", message: `secret file ${join(folder, name)} ${predicate}` });
  says("nowhere", "does not exist: create it and let only fusiond read it");
  says("empty", "is empty: write the secret into it");
  says("big", "is larger than 1 MiB: name a file that holds only the secret");
  says(".", "is no file: name a file that holds only the secret");
  says("empty/below", "cannot be read: let fusiond's user read it");
  t.end();
});

void t.test("secrets: credentials are one user:password, and the password may hold colons", (t) => {
  const folder = t.testdir({ good: "admin:a:b\n", empty: "admin:\n", a: "admin", b: ":x", c: ":", d: "admin:x\nmore" });
  const { user, password } = readCredentials(join(folder, "good"));
  t.strictSame([user, password.reveal()], ["admin", "a:b"]);
  t.equal(readCredentials(join(folder, "empty")).password.reveal(), "", "many cameras leave the factory with an empty password");
  for (const name of ["a", "b", "c", "d"]) {
    t.throws(() => readCredentials(join(folder, name)), {
      code: "config_invalid",
      message: `secret file ${join(folder, name)} must hold user:password on one line, and nothing else`,
    });
  }
  t.end();
});

void t.test("secrets: systemd's credentials folder goes before the configuration's", (t) => {
  const folder = t.testdir({
    "f.yaml": "site: s\nnats: {embedded: true}\nsources:\n  a: {camera: 'rtsp://h/s', credentials_file: a.cred}\n  b: {microphone: 'rtsp://h/s', credentials_file: b.cred}\n",
    creds: { "a.cred": "u:p" },
  });
  const { config } = loadConfig(join(folder, "f.yaml"), { CREDENTIALS_DIRECTORY: join(folder, "creds") });
  t.match(config.sources, [{ credentialsFile: join(folder, "creds", "a.cred") }, { credentialsFile: join(folder, "b.cred") }]);
  t.end();
});

void t.test("files: a password in the place of a file, or in a mistyped URL, is not repeated", (t) => {
  const folder = t.testdir({});
  const password = fc.stringMatching(/^[A-Za-z0-9!$%&()+,;=~:/.-]{6,20}$/).map((text) => `hunter2${text}`);
  const beginning = fc.constantFrom("", "rtsp//", "rtsp:/", "rtsp:", "rtsp;//", "//", "rtsp:\\\\", "rtsp:// ", "rstp:/", "http//", "rtsp://", "rtps://");
  const url = fc.tuple(beginning, password).map(([scheme, secret]) => `${scheme}admin:${secret}@10.0.0.7/stream`);
  const sourceOf = fc.oneof(
    url.map((camera) => ({ camera })),
    url.map((camera) => ({ camera, audio: true })),
    password.map((secret) => ({ camera: "rtsp://10.0.0.7/stream", credentials_file: secret })),
    password.map((secret) => ({ camera: "rtsp://10.0.0.7/stream", credentials_file: `admin:${secret}` })),
    password.map((secret) => ({ camera: "rtsp://10.0.0.7/stream", password: secret })),
  );
  holds(
    t,
    "nothing told holds the password",
    fc.property(sourceOf, (source) => {
      writeFileSync(join(folder, "f.yaml"), JSON.stringify({ site: "s", nats: { embedded: true }, sources: { cam: source } }));
      const told = ((): string => {
        try {
          return JSON.stringify(checkFiles(loadConfig(join(folder, "f.yaml"), { STATE_DIRECTORY: folder })));
        } catch (error) {
          return JSON.stringify(problemsOf(error));
        }
      })();
      return told.includes('"message"') && !told.includes("hunter2");
    }),
  );
  t.end();
});

void t.test("files: what a configuration names is looked at, and told at its place", (t) => {
  const folder = t.testdir({
    "f.yaml": `site: s
nats: {servers: ["tls://h"], user: u, password_file: open, tls: {ca_file: ca, cert_file: nowhere, key_file: open}}
sources:
  a: {camera: nowhere.mp4, credentials_file: open}
  b: {camera: ca/film.mp4}
  d: {microphone: ./ca, credentials_file: good}
`,
    open: "hunter2",
    good: "user:hunter2",
    ca: "certificate",
  });
  chmodSync(join(folder, "open"), 0o644);
  chmodSync(join(folder, "good"), 0o600);
  const { problems, warnings } = checkFiles(loadConfig(join(folder, "f.yaml"), {}));
  const told = (list: readonly { line: number; column: number; message: string }[]) =>
    list.map(({ line, column, message }) => `${line}:${column}: ${message.replaceAll(folder, "…")}`);
  t.strictSame(told(problems), [
    "2:90: …/nowhere does not exist: correct the path",
    "4:15: …/nowhere.mp4 does not exist: correct the path",
    "4:46: secret file …/open must hold user:password on one line, and nothing else",
    "5:15: …/ca/film.mp4 cannot be read: let fusiond's user read it",
  ]);
  t.strictSame(told(warnings), [
    "2:54: everybody can read secret file …/open: run chmod 600 on it",
    "2:109: everybody can read secret file …/open: run chmod 600 on it",
  ]);
  t.end();
});
