#!/usr/bin/env node
import { runCli } from "./service/index.js";

process.exitCode = runCli(process.argv.slice(2), process);
