// npm run bench -- NAME: measures fusiond on this machine and prints plain-text tables.
import { parseArgs } from "node:util";
import { messageOf } from "../fusion/model/errors.js";
import { benchPipeline } from "./pipeline/bench-pipeline.js";

const USAGE = `npm run bench -- pipeline [options]

  --n LIST         how many cameras and microphones, one step each (1,4,8,16)
  --seconds N      how long each step is measured (30)
  --warm-up N      how long each step runs before that, once every source is healthy (10)
  --one-group      all sources in one group instead of a group for each pair
  --cpu-prof DIR   write a CPU profile of each step's daemon into this folder
`;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      n: { type: "string", default: "1,4,8,16" },
      seconds: { type: "string", default: "30" },
      "warm-up": { type: "string", default: "10" },
      "one-group": { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || positionals.length !== 1 || positionals[0] !== "pipeline") {
    process.stderr.write(USAGE);
    return values.help ? 0 : 64;
  }
  const profileFolder = values["cpu-prof"];
  await benchPipeline(
    {
      counts: values.n.split(",").map((text) => wholeNumber("--n", text, 1)),
      measureMs: wholeNumber("--seconds", values.seconds, 1) * 1_000,
      warmUpMs: wholeNumber("--warm-up", values["warm-up"], 0) * 1_000,
      oneGroup: values["one-group"],
      ...(profileFolder === undefined ? {} : { profileFolder }),
    },
    { print: (text) => void process.stdout.write(`${text}\n`), note: (text) => void process.stderr.write(`${text}\n`) },
  );
  return 0;
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
