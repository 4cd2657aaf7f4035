import { type ParseArgsConfig, parseArgs } from "node:util";
import { type BoardProfile, findBoard } from "../firmware/boards.ts";
import { ModelError } from "../ir/graph.ts";

/** A mistake in how a command was called; one line, and where to read on. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Flags = NonNullable<ParseArgsConfig["options"]>;

type Parsed<F extends Flags> = ReturnType<
  typeof parseArgs<{ readonly options: F; readonly allowPositionals: true; readonly strict: true }>
>;

/** A command of the program: what its `--help` says and what it does. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  /** Returns the exit status, where it is not 0 although nothing went wrong. */
  run(args: readonly string[]): Promise<number | undefined>;
}

/** The file that a message has to name, by a command's arguments. */
const subjects = new WeakMap<readonly string[], string>();

/** The first argument that is neither an option nor the value of one, once `parse` has seen them. */
export const subjectOf = (args: readonly string[]): string | undefined => subjects.get(args);

/** Strict parsing by node:util: unknown options and missing values are refused. A last "..." stands for more of the same. */
export function parse<const F extends Flags>(
  args: readonly string[],
  options: F,
  positionals: readonly string[],
): Parsed<F> {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const isList = positionals.at(-1) === "...";
    const least = positionals.length - (isList ? 1 : 0);
    const { length } = parsed.positionals;
    if (length < least || (!isList && length > least)) {
      throw new UsageError(
        `expected ${positionals.join(" ") || "no arguments"}, found ${parsed.positionals.join(" ") || "none"}`,
      );
    }
    if (parsed.positionals[0] !== undefined) subjects.set(args, parsed.positionals[0]);
    return { values: parsed.values, positionals: parsed.positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { message } = error as Error;
    const name = /use '--([\w-]+)=-XYZ'/.exec(message)?.[1];
    if (name !== undefined) {
      const flags = [`--${name}`, `-${options[name]?.short}`];
      const found = args.find((each, i) => each.startsWith("-") && flags.includes(args[i - 1] ?? ""));
      throw new UsageError(
        `--${name}: expected a value, found "${found}"; one that begins with "-" is given as --${name}=${found}`,
      );
    }
    // parseArgs explains in several sentences; the first says it all.
    throw new UsageError(message.split(/\.\s/)[0]!.replace(/^Unknown/, "unknown"));
  }
}

/** A whole number within bounds, as the value of an option. */
export function wholeNumber(option: string, text: string, least: number): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) < least) {
    throw new UsageError(`${option}: expected a whole number of at least ${least}, found "${text}"`);
  }
  return Number(text);
}

/** One of a few words, as the value of an option. */
export function oneOf<const T extends string>(option: string, text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new UsageError(`${option}: expected ${words.join(" or ")}, found "${text}"`);
  return found;
}

/** A board by its name, or by a file with its profile. */
export function boardOption(nameOrFile: string): BoardProfile {
  try {
    return findBoard(nameOrFile);
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(`--board: ${error.message}`);
    throw error;
  }
}
