#!/usr/bin/env node
// The process: the one place that ends it.
import { runCli } from "./cli/program.js";

process.exitCode = await runCli(process.argv);
process.exit();
