import { type ParseArgsConfig, parseArgs } from "node:util";

/** A mistake in how a command was called; one line, and where to read on. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Flags = NonNullable<ParseArgsConfig["options"]>;

/** A command of the program: what its `--help` says and what it does. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[]): Promise<void>;
}

/** Strict parsing by node:util: unknown options and missing values are refused. */
export function parse<const F extends Flags>(
  args: readonly string[],
  options: F,
  positionals: readonly string[],
) {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (parsed.positionals.length !== positionals.length) {
      throw new UsageError(
        `expected ${positionals.join(" ") || "no arguments"}, found ${parsed.positionals.join(" ") || "none"}`,
      );
    }
    return { values: parsed.values, positionals: parsed.positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // parseArgs explains in several sentences; the first says it all.
    throw new UsageError((error as Error).message.split(". ")[0]!.replace(/^Unknown/, "unknown"));
  }
}

/** A whole number within bounds, as the value of an option. */
export function wholeNumber(option: string, text: string, least: number): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) < least) {
    throw new UsageError(`${option}: expected a whole number of at least ${least}, found "${text}"`);
  }
  return Number(text);
}
