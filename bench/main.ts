// npm run bench -- NAME: measures fusiond on this machine and prints plain-text tables.
import { parseArgs } from "node:util";
import { messageOf } from "../fusion/model/errors.js";
import { benchCamera } from "./camera/bench-camera.js";
import { benchHttp } from "./http/bench-http.js";
import { LOADS } from "./http/hostile-clients.js";
import { benchIntake } from "./intake/bench-intake.js";
import { benchOverload } from "./overload/bench-overload.js";
import { benchPipeline } from "./pipeline/bench-pipeline.js";
import { benchReturn } from "./return/bench-return.js";
import { benchStart } from "./start/bench-start.js";

const USAGE = `npm run bench -- pipeline [options]

  --n LIST         how many cameras and microphones, one step each (1,4,8,16)
  --seconds N      how long each step is measured (30)
  --warm-up N      how long each step runs before that, once every source is healthy (10)
  --scan LIST      whether whole pictures are looked at in turn, each N with each: on, off or off,on (on)
  --one-group      all sources in one group instead of a group for each pair
  --cpu-prof DIR   write a CPU profile of each step's daemon into this folder
  --json           print one line of JSON a step instead of tables

npm run bench -- overload [options]

  --n N            how many text sources (100)
  --rate LIST      lines a second of each source, one step each (10,100,450)
  --seconds N      for how long lines come (30)
  --cpu-prof DIR   write a CPU profile of each step's daemon into this folder
  --quiet          no line is an incident; otherwise every line is
  --json           print JSON instead of tables

npm run bench -- camera [options]: from connecting to the first picture, and from the camera to a capture

  --n N            connections to each kind of camera (10)

npm run bench -- http [options]: alerts and memory while clients misuse the pages

  --seconds N      how long each load lasts (30)
  --json           print JSON instead of the table

npm run bench -- start [options]: the start after a long outage

  --n LIST         how many alerts wait, one step each (1000,10000,73018)
  --json           print JSON instead of the table

npm run bench -- intake [options]: reports that are read, judged and taken once, into a group that does nothing

  --n N            how many reports (200000)
  --json           print one line of JSON instead of the table

npm run bench -- return [options]: how soon a camera that was away is seen again

  --rounds N       how many outages (20)
  --outage LIST    how long they last, in turn, in seconds (2,5,12,25)
  --json           print JSON instead of the table
`;

const output = { print: (text: string) => void process.stdout.write(`${text}\n`), note: (text: string) => void process.stderr.write(`${text}\n`) };

const BENCHES = ["pipeline", "overload", "http", "start", "camera", "return", "intake"];

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      n: { type: "string" },
      seconds: { type: "string", default: "30" },
      "warm-up": { type: "string", default: "10" },
      scan: { type: "string", default: "on" },
      "one-group": { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
      rate: { type: "string", default: "10,100,450" },
      quiet: { type: "boolean", default: false },
      rounds: { type: "string", default: "20" },
      outage: { type: "string", default: "2,5,12,25" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [name, ...more] = positionals;
  if (values.help || more.length > 0 || name === undefined || !BENCHES.includes(name)) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 64;
  }
  const measureMs = wholeNumber("--seconds", values.seconds, 1) * 1_000;
  const profile = values["cpu-prof"] === undefined ? {} : { profileFolder: values["cpu-prof"] };
  if (name === "camera") {
    await benchCamera({ connections: wholeNumber("--n", values.n ?? "10", 1), pictures: 50 }, output);
    return 0;
  }
  if (name === "return") {
    const outagesMs = values.outage.split(",").map((text) => wholeNumber("--outage", text, 1) * 1_000);
    await benchReturn({ rounds: wholeNumber("--rounds", values.rounds, 1), outagesMs, json: values.json }, output);
    return 0;
  }
  if (name === "intake") {
    benchIntake({ reports: wholeNumber("--n", values.n ?? "200000", 1000), times: 5, json: values.json }, output);
    return 0;
  }
  if (name === "http") {
    await benchHttp({ loads: LOADS, measureMs, json: values.json }, output);
    return 0;
  }
  if (name === "start") {
    const rows = (values.n ?? "1000,10000,73018").split(",").map((text) => wholeNumber("--n", text, 1));
    await benchStart({ rows, times: 5, json: values.json }, output);
    return 0;
  }
  if (name === "overload") {
    const sources = wholeNumber("--n", values.n ?? "100", 1);
    const rates = values.rate.split(",").map((text) => wholeNumber("--rate", text, 1));
    await benchOverload({ sources, rates, durationMs: measureMs, fires: !values.quiet, ...profile }, output, values.json);
    return 0;
  }
  await benchPipeline(
    {
      counts: (values.n ?? "1,4,8,16").split(",").map((text) => wholeNumber("--n", text, 1)),
      measureMs,
      warmUpMs: wholeNumber("--warm-up", values["warm-up"], 0) * 1_000,
      oneGroup: values["one-group"],
      scans: values.scan.split(",").map(isOn),
      json: values.json,
      ...profile,
    },
    output,
  );
  return 0;
}

function isOn(text: string): boolean {
  if (text === "on" || text === "off") return text === "on";
  throw new RangeError(`--scan is "${text}": give on, off or off,on`);
}

function wholeNumber(name: string, text: string, atLeast: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= atLeast) return value;
  throw new RangeError(`${name} is "${text}": give a whole number of at least ${atLeast}`);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
