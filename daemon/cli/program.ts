// The command line: what can be asked of fusiond, and how it answers.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../../config/units.js";
import { versionOf } from "../compose/version.js";
import { check } from "./check.js";
import { demo } from "./demo.js";
import { explain } from "./explain.js";
import { EXIT, exitCodeOf } from "./exit-codes.js";
import { listWords, scoreModels, verifyModels, type ScoreOptions } from "./models.js";
import { explained, outputFailure, readerLeft, watchOutput } from "./output.js";
import { replayFiles } from "./replay.js";
import { run } from "./run.js";
import { ordinary, type OrdinaryCommand } from "./score-ordinary.js";
import { compose, scenes, type ComposeOptions, type ScenesOptions } from "./score-scenes.js";
import { standing, type StandingCommand } from "./score-standing.js";
import { tail } from "./tail.js";

const DEFAULT_CONFIG = "/etc/fusiond/fusiond.yaml";
const DEFAULT_PACK = "embedded";
const DAY_MS = 86_400_000;

/** Runs one command and resolves with the exit code. `argv` as the process has it. */
export async function runCli(argv: readonly string[]): Promise<number> {
  watchOutput();
  const exitCode = await commandOf(argv);
  const unwritten = await outputFailure();
  if (unwritten === undefined || readerLeft(unwritten) || exitCode !== EXIT.ok) return exitCode;
  process.stderr.write(`${unwritten.message}\n`);
  return EXIT.failure;
}

async function commandOf(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram((code) => (exitCode = code));
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (readerLeft(error)) return EXIT.ok;
    process.stderr.write(`${explained(error)}\n`);
    return exitCodeOf(error);
  }
}

function buildProgram(done: (exitCode: number) => void): Command {
  const program = new Command("fusiond")
    .description("Turns cameras, microphones and text feeds into fused incidents, published over NATS so that none is lost.")
    .version(versionOf())
    .exitOverride()
    .showHelpAfterError()
    .configureHelp({ showGlobalOptions: true });
  const config = (): Option => new Option("-c, --config <file>", "configuration file").default(DEFAULT_CONFIG);

  program
    .command("run")
    .description("run the daemon until it is told to stop")
    .addOption(config())
    .action(async (options: { config: string }) => done(await run(options.config)));

  program
    .command("check")
    .description("check a configuration: every problem at once, with its place")
    .argument("[file]", "configuration file", DEFAULT_CONFIG)
    .action(async (file: string) => done(await check(file)));

  program
    .command("replay")
    .description("run the configuration's files as fast as they can be taken, and print the incidents")
    .addOption(config())
    .option("--json", "one JSON line for each revision of an incident")
    .action(async (options: { config: string; json?: true }) => done(await replayFiles(options.config, options.json ?? false)));

  program
    .command("tail")
    .description("print alerts as they come")
    .addOption(config())
    .option("--json", "print the messages as they are, one a line")
    .action(async (options: { config: string; json?: true }) => done(await tail(options.config, options.json ?? false)));

  program
    .command("explain")
    .description("say how a rule stands in the running daemon, and why it stayed silent")
    .argument("<rule>", "id of the rule")
    .addOption(config())
    .option("--json", "the answer as it is, on one line")
    .action(async (rule: string, options: { config: string; json?: true }) => done(await explain(rule, options.config, options.json ?? false)));

  program
    .command("demo")
    .description("fuse real footage and real sound on this machine and compare what is found with what happened")
    .addOption(new Option("--seed <n>", "which scene").argParser(wholeNumber).default(1))
    .addOption(new Option("--seconds <n>", "how long the scene is").argParser(wholeNumber))
    .option("--loop", "again and again, until Ctrl-C")
    .option("--video <file>", "your own footage instead of the scene's")
    .option("--audio <file>", "your own sound instead of the scene's")
    .option("--silent", "the scene without its sounds: nothing may be fused")
    .option("--blank", "the scene without its pictures: nothing may be fused")
    .option("--keep", "keep the state folder at the end")
    .action(async (options: Parameters<typeof demo>[0]) => done(await demo(options)));

  addModels(program, done);
  addScore(program, done);
  return program;
}

function addModels(program: Command, done: (exitCode: number) => void): void {
  const models = program.command("models").description("look after the packs of encoders");
  models
    .command("score")
    .description("how well a pack recognises labelled recordings of yours")
    .argument("<folder...>", "sub-folders named by prompt, or a labels.csv")
    .option("--pack <name>", "a pack's name or folder", DEFAULT_PACK)
    .addOption(new Option("--ordinary <folder>", "recordings of ordinary hours, to count false alarms in; may be given again").argParser(oneMore).default([], "none"))
    .addOption(new Option("--fps <n>", "pictures a second of ordinary videos; as a camera has it by default if not given").argParser(picturesASecond))
    .option("--json", "the numbers as JSON")
    .action(async (folders: readonly string[], options: ScoreOptions) => done(await scoreModels(folders, options)));
  models
    .command("verify")
    .description("check a pack's files, run its towers against their golden vectors, and say what it is")
    .argument("[pack]", "a pack's name or folder", DEFAULT_PACK)
    .action(async (pack: string) => done(await verifyModels(pack)));
  models
    .command("words")
    .description("list the words that rules can look for, and whether they were taught to be heard and seen")
    .argument("[pack]", "a pack's name or folder", DEFAULT_PACK)
    .option("--json", "one JSON object a line")
    .action(async (pack: string, options: { json?: true }) => done(await listWords(pack, options.json ?? false)));
}

function addScore(program: Command, done: (exitCode: number) => void): void {
  const score = program.command("score").description("how far what rules tell can be believed, on recordings");
  score
    .command("ordinary")
    .description("how often rules tell what is not there, in recordings of ordinary hours")
    .argument("<folder...>", "folders of sounds and videos, with a table of what is truly there if there is one; or single files")
    .requiredOption("--rules <file>", "a configuration, of which only rules, gate and encoders count")
    .addOption(new Option("--warm <times>", "how long each recording is played before it counts").argParser(durations).default([0, 60_000, 2_400_000], "0s,1m,40m"))
    .addOption(new Option("--labels <file>", "a further table of what is truly there; may be given again").argParser(oneMore).default([], "none"))
    .addOption(new Option("--fps <n>", "pictures a second of videos; as a camera has it by default if not given").argParser(picturesASecond))
    .option("--pack <name>", "a pack's name or folder; that of the rules' file if not given")
    .option("--json", "the numbers as JSON")
    .action(async (folders: readonly string[], options: OrdinaryCommand) => done(await ordinary(folders, options)));
  score
    .command("standing")
    .description("whether somebody who stands still is seen, and how often he is taken for nobody")
    .argument("<folder>", "footage of fixed cameras, with a labels.csv (file,start,end,what) that says when a person is in clear view; pictures of things in its things")
    .requiredOption("--rules <file>", "rules that ask: read {field: ask, equals: now}, and rules that just tell")
    .option("--pack <name>", "a pack's name or folder; that of the rules' file if not given")
    .addOption(new Option("--fps <n>", "pictures a second; as a camera has it by default if not given").argParser(picturesASecond))
    .option("--only <text>", "only scenes with this in their name")
    .addOption(new Option("--seconds <n>", "how long somebody stands still").argParser(wholeNumber).default(60))
    .addOption(new Option("--seed <n>", "which scenes").argParser(wholeNumber).default(1))
    .option("--json", "the numbers as JSON")
    .action(async (folder: string, options: StandingCommand) => done(await standing(folder, options)));
  score
    .command("compose")
    .description("compose scenes: a labelled sound over a real background, and real footage with or without people")
    .argument("<out>", "folder for the scenes: new, or empty")
    .requiredOption("--sounds <folder>", "labelled sounds, with a labels.csv (file,what,source_id)")
    .requiredOption("--backgrounds <folder>", "recordings of ordinary places, with a labels.csv (file,what,recording)")
    .requiredOption("--footage <folder>", "footage, with a labels.csv (file,start,end,what,camera) that says where a person is, or, without what, nobody")
    .addOption(new Option("--count <n>", "how many scenes").argParser(wholeNumber).default(15))
    .addOption(new Option("--seed <n>", "which scenes").argParser(wholeNumber).default(1))
    .action(async (out: string, options: ComposeOptions) => done(await compose(out, options)));
  score
    .command("scenes")
    .description("how many of the times in which rules are truly met are found, how soon, and how many incidents are right")
    .argument("<folder>", "a sub-folder for each scene, with the files of its sources and a labels.csv (start,end,what,sources)")
    .requiredOption("--rules <file>", "a configuration, or a file with only rules")
    .option("--pack <name>", "a pack's name or folder; that of the rules' file if not given")
    .addOption(new Option("--fps <n>", "pictures a second; as a camera has it by default if not given").argParser(picturesASecond))
    .option("--json", "the numbers as JSON")
    .action(async (folder: string, options: ScenesOptions) => done(await scenes(folder, options)));
}

function durations(text: string): readonly number[] {
  return text.split(",").map((one) => {
    const ms = parseDurationMs(one);
    if (ms === undefined || ms > DAY_MS) throw new InvalidArgumentError("give durations up to a day, such as 0s,1m,40m");
    return ms;
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("give a whole number");
  return value;
}

function picturesASecond(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 60)) throw new InvalidArgumentError("give a number from 0.1 to 60");
  return value;
}

function oneMore(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
