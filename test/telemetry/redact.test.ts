// No secret in any line.
import * as fc from "fast-check";
import t from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import { createLogger } from "../../daemon/telemetry/logger.js";
import { Redactor } from "../../daemon/telemetry/redact.js";

void t.test("redaction: takes out what looks like a secret and leaves the rest", (t) => {
  const redactor = new Redactor();
  const table: readonly (readonly [string, string])[] = [
    ["rtsp://admin:hunter2@10.0.0.7/stream", "rtsp://***@10.0.0.7/stream"],
    ["cannot open 'rtsp://admin:hunter2@10.0.0.7/stream': refused", "cannot open 'rtsp://***@10.0.0.7/stream': refused"],
    ["rtsp://admin:p@ss/w:rd?@10.0.0.7/stream", "rtsp://***@10.0.0.7/stream"],
    ["rtsp://admin:a<b>\"c'd@10.0.0.7/", "rtsp://***@10.0.0.7/"],
    ["nats://token@broker:4222", "nats://***@broker:4222"],
    ["admin:hunter2@10.0.0.7", "***@10.0.0.7"],
    ["rtsp%3A%2F%2Fadmin%3Ahunter2%4010.0.0.7%2Fs", "rtsp%3A%2F%2F***%4010.0.0.7%2Fs"],
    ["u=rtsp%253a%252f%252fadmin%253ahunter2%254010.0.0.7", "u=rtsp%253a%252f%252f***%254010.0.0.7"],
    ["admin%3Ahunter2%40host", "***%40host"],
    ["http://cam/cgi?user=admin&password=hunter2&x=1", "http://cam/cgi?user=admin&password=***&x=1"],
    ["http://cam/cgi?next=%2F%3Ftoken%3Dhunter2", "http://cam/cgi?next=%2F%3Ftoken%3D***"],
    ["Authorization: Basic YWRtaW46aHVudGVyMg==", "Authorization: ***"],
    ["rtsp://10.0.0.7:554/stream", "rtsp://10.0.0.7:554/stream"],
    ["mail someone@example.org at 12:30", "mail someone@example.org at 12:30"],
    ["credentials_file: dock-cam.cred was not found", "credentials_file: dock-cam.cred was not found"],
  ];
  for (const [text, clean] of table) t.equal(redactor.text(text), clean, text);
  t.end();
});

void t.test("redaction: keys of secrets hide their values at any depth, whatever these are", (t) => {
  const redactor = new Redactor();
  const clean = redactor.fields({ camera: { password: "x1", userToken: 7, credentials: { a: 1 }, credentials_file: "a.cred" }, list: [{ api_key: "k" }] });
  t.strictSame(clean, { camera: { password: "***", userToken: "***", credentials: "***", credentials_file: "a.cred" }, list: [{ api_key: "***" }] });
  t.end();
});

void t.test("redaction: values stay within bounds and become JSON", (t) => {
  const redactor = new Redactor();
  const endless: Record<string, unknown> = {};
  endless["again"] = endless;
  t.ok(JSON.stringify(redactor.value(endless)).length < 200);
  t.equal((redactor.value(new Array(1000).fill(0)) as unknown[]).length, 64);
  t.equal((redactor.value("x".repeat(10_000)) as string).length, 4097);
  t.equal(redactor.value(new Float32Array(512)), "2048 bytes");
  t.equal(redactor.value(12n), "12");
  t.equal(redactor.value(new URL("nats://a:b@c")), "nats://***@c");
  t.equal(redactor.value(() => 1), undefined);
  t.end();
});

void t.test("redaction: an error is told with its causes; a stack only if it is a programmer's", (t) => {
  const redactor = new Redactor();
  const cause = new Error("connect rtsp://a:hunter2@c");
  const clean = redactor.value(new FusiondError("source_unavailable", "the camera does not answer", { cause })) as Record<string, unknown>;
  t.match(clean, { code: "source_unavailable", message: "the camera does not answer", cause: { message: "connect rtsp://***@c" } });
  t.notOk("stack" in clean);
  t.type((clean["cause"] as Record<string, unknown>)["stack"], "string");
  t.end();
});

void t.test("redaction: a short secret is left to the patterns, many are bounded", (t) => {
  const redactor = new Redactor();
  redactor.addSecret("a");
  t.equal(redactor.text("a camera"), "a camera");
  for (let i = 0; i < 1000; i++) redactor.addSecret(`secret-${String(i).padStart(4, "0")}`);
  t.equal(redactor.text("secret-0001"), "***");
  t.end();
});

/** One line for a message and fields, as the log would have it. */
function logged(redactor: Redactor, message: string, fields: Record<string, unknown>): string {
  let text = "";
  const logger = createLogger({ redactor, destination: { write: (line) => (text += line), lost: 0, flush: () => Promise.resolve() } });
  logger.info(message, fields);
  return text;
}

const password = fc.string({ minLength: 6, maxLength: 20, unit: fc.constantFrom(..."abcXYZ019@:/?#%&=+'\"<>\\{}[]é!$*,;".split("")) });

void t.test("redaction: a password in a URL appears in no line, raw or encoded, in message, field, key or cause", (t) => {
  fc.assert(
    fc.property(password, (body) => {
      const secret = `Q7${body}7Q`;
      const forms = [secret, encodeURIComponent(secret)];
      const urls = forms.map((form) => `rtsp://admin:${form}@10.0.0.7/stream`);
      for (const url of [...urls, encodeURIComponent(urls[1] ?? ""), encodeURIComponent(urls[0] ?? "")]) {
        const line = logged(new Redactor(), `cannot open ${url}: refused`, {
          url,
          nested: { list: [`input ${url}`] },
          [url]: 1,
          error: new Error("failed", { cause: new Error(url) }),
        });
        if (/Q7.*7Q/.test(line)) throw new Error(line);
      }
    }),
    { numRuns: 200 },
  );
  t.pass("held");
  t.end();
});

void t.test("redaction: a secret that was told appears in no line, whatever it is made of", (t) => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }), fc.string(), (body, around) => {
      const secret = `Q7${body}7Q`;
      const redactor = new Redactor();
      redactor.addSecret(secret);
      const line = logged(redactor, `${around}${secret}${around}`, { a: { b: [`${around}${secret}`] }, [secret]: encodeURIComponent(secret) });
      const parsed = JSON.stringify(JSON.parse(line));
      if (parsed.includes(JSON.stringify(secret).slice(1, -1)) || parsed.includes(encodeURIComponent(secret))) throw new Error(line);
    }),
    { numRuns: 200 },
  );
  t.pass("held");
  t.end();
});
