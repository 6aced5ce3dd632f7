import { parseArgs } from "node:util";
import { description, version } from "../../package.json";

/** Where a command writes: `process` has both. */
export interface CliStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const HELP = `x402-nano ${version}: ${description}

Usage:
  x402-nano --help       show this text
  x402-nano --version    show the version

This version is a library; it has no commands. Its entry points:
  x402-nano              amounts, addresses, blocks, message signatures, refusal reasons
  x402-nano/client       pay: the scheme for x402 clients, and the purse
  x402-nano/server       charge: the scheme for x402 resource servers
  x402-nano/facilitator  verify and settle: the scheme for x402 facilitators, the engine and its routes
  x402-nano/faremeter    charge and pay through Faremeter
  x402-nano/rpc          the door to a Nano node
  x402-nano/testing      an in-process Nano ledger for tests
`;

const EXIT_OK = 0;
const EXIT_USAGE = 2;

/** Returns the exit code. What was not understood is refused, never ignored. */
export function runCli(args: readonly string[], streams: CliStreams): number {
  const wants = parseOptions(args);
  if (typeof wants === "string") {
    streams.stderr.write(`x402-nano: ${wants}\nTry: x402-nano --help\n`);
    return EXIT_USAGE;
  }
  streams.stdout.write(wants.version ? `${version}\n` : HELP);
  return EXIT_OK;
}

/** The options, or what is wrong with them. */
function parseOptions(args: readonly string[]): { readonly version: boolean } | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
    });
    return { version: values.version === true && values.help !== true };
  } catch (error) {
    return error instanceof Error ? error.message : "the arguments were not understood";
  }
}
