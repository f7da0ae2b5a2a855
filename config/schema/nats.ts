// nats: where alerts go.
import { z } from "zod";
import { duration, kinds, present, size, strict, text, whole } from "./common.js";
import { hasCredentials } from "./sources.js";

/** How fusiond proves who it is to a broker. Paths are absolute. */
export type NatsAuthConfig =
  | { readonly kind: "credentials"; readonly credentialsFile: string }
  | { readonly kind: "nkey"; readonly nkeyFile: string }
  | { readonly kind: "password"; readonly user: string; readonly passwordFile: string };

/** Certificates of a TLS connection. Paths are absolute. */
export interface NatsTlsConfig {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** The broker: one that fusiond runs itself, or others. */
export type NatsServerConfig =
  /** Port 0: any free port. */
  | { readonly kind: "embedded"; readonly port: number }
  | { readonly kind: "remote"; readonly servers: readonly string[]; readonly auth?: NatsAuthConfig; readonly tls?: NatsTlsConfig };

/** Where alerts go, and how. */
export interface NatsConfig {
  readonly server: NatsServerConfig;
  readonly format: "json" | "msgpack";
  /** Publish pending incidents on core NATS. */
  readonly candidates: boolean;
  /** Publish event revisions on core NATS. */
  readonly events: boolean;
  readonly stream: { readonly maxAgeMs: number; readonly maxBytes: number; readonly duplicateWindowMs: number };
}

const stream = strict({
  max_age: duration("1m").prefault("7d").describe("alerts older than this leave the stream"),
  max_bytes: size("1MiB").prefault("1GiB").describe("the oldest alerts leave a stream that is larger"),
  duplicate_window: duration("1s").prefault("1h").describe("how long the stream remembers message ids"),
}).superRefine((value, context) => {
  if (value.duplicate_window <= value.max_age) return;
  context.addIssue({ code: "custom", path: ["duplicate_window"], message: "must not be longer than max_age: JetStream refuses such a stream" });
});

const common = {
  format: z.enum(["json", "msgpack"]).default("json").describe("how alerts are written"),
  candidates: z.boolean().default(false).describe("true: also publish pending incidents, to look at"),
  events: z.boolean().default(false).describe("true: also publish every revision of every event"),
  stream: stream.prefault({}).describe("limits of the JetStream stream that keeps alerts"),
};

const embedded = strict({
  embedded: z
    .boolean()
    .refine((value) => value, { error: "must be true: leave it out to name servers" })
    .meta({ const: true, description: "true: run the machine's own nats-server" }),
  port: whole(0, 65535).default(4222).describe("port of the embedded broker on 127.0.0.1; 0: any free port"),
  ...common,
}).transform(({ port, ...rest }): NatsConfig => ({ server: { kind: "embedded", port }, ...sharedOf(rest) }));

const server = text.superRefine((url, context) => {
  if (!/^(nats|tls):\/\/[^\s/]+$/.test(url) || !URL.canParse(url)) {
    context.addIssue({ code: "custom", message: "must be a URL such as nats://host:4222 or tls://host:4222" });
  } else if (hasCredentials(url)) {
    context.addIssue({ code: "custom", message: "must not hold a user or password: use credentials_file, nkey_file, or user and password_file" });
  }
});

const tls = strict({
  ca_file: text.optional().describe("certificates of the authority that signed the server's"),
  cert_file: text.optional().describe("fusiond's own certificate"),
  key_file: text.optional().describe("the key of fusiond's own certificate"),
})
  .superRefine((value, context) => together(value, "cert_file", "key_file", context))
  .transform((value): NatsTlsConfig => present({ caFile: value.ca_file, certFile: value.cert_file, keyFile: value.key_file }));

const remote = strict({
  servers: z.array(server).min(1).describe("addresses of the NATS servers, tried in turn"),
  credentials_file: text.optional().describe("NATS .creds file"),
  nkey_file: text.optional().describe("file with an nkey seed"),
  user: text.optional().describe("user name; its password is in password_file"),
  password_file: text.optional().describe("file with the user's password"),
  tls: tls.optional().describe("certificates of the connection"),
  ...common,
})
  .superRefine((value, context) => {
    together(value, "user", "password_file", context);
    const ways = ["credentials_file", "nkey_file", "user"].filter((key) => key in value);
    if (ways.length > 1) context.addIssue({ code: "custom", path: [ways[1] ?? ""], message: `cannot be combined with ${ways[0] ?? ""}: keep one` });
  })
  .transform(({ servers, tls: certificates, ...rest }): NatsConfig => ({
    server: { kind: "remote", servers, ...present({ auth: authOf(rest), tls: certificates }) },
    ...sharedOf(rest),
  }));

/** A check that of two keys none or both are there. */
function together<K extends string>(value: Partial<Record<K, unknown>>, a: K, b: K, context: z.RefinementCtx): void {
  for (const [key, other] of [[a, b], [b, a]] as const) {
    if (value[key] !== undefined && value[other] === undefined) context.addIssue({ code: "custom", path: [key], message: `also needs ${other}` });
  }
}

interface AuthKeys {
  readonly credentials_file?: string | undefined;
  readonly nkey_file?: string | undefined;
  readonly user?: string | undefined;
  readonly password_file?: string | undefined;
}

function authOf(keys: AuthKeys): NatsAuthConfig | undefined {
  if (keys.credentials_file !== undefined) return { kind: "credentials", credentialsFile: keys.credentials_file };
  if (keys.nkey_file !== undefined) return { kind: "nkey", nkeyFile: keys.nkey_file };
  if (keys.user === undefined || keys.password_file === undefined) return undefined;
  return { kind: "password", user: keys.user, passwordFile: keys.password_file };
}

function sharedOf(value: { format: "json" | "msgpack"; candidates: boolean; events: boolean; stream: z.output<typeof stream> }): Omit<NatsConfig, "server"> {
  return {
    format: value.format,
    candidates: value.candidates,
    events: value.events,
    stream: { maxAgeMs: value.stream.max_age, maxBytes: value.stream.max_bytes, duplicateWindowMs: value.stream.duplicate_window },
  };
}

/** The nats section. */
export const natsSchema = z.union([embedded, remote], { error: kinds(["embedded", "servers"]) });
