import { BudgetError } from "../budgets.ts";
import { ManagementError } from "../fleet/server/management.ts";
import { StoreError } from "../fleet/server/store_error.ts";
import { ImageError } from "../image/error.ts";
import { ModelError } from "../ir/graph.ts";
import { EngineError } from "../module/engine.ts";
import { plain, plainLines } from "../plain.ts";
import { version } from "../root.ts";
import { DataError } from "../runtime/data/index.ts";
import { buildCommand } from "./build.ts";
import { diffCommand } from "./diff.ts";
import { flashCommand } from "./flash.ts";
import { inspectCommand } from "./inspect.ts";
import { keygenCommand } from "./keygen.ts";
import { type Command, subjectOf, UsageError } from "./options.ts";
import { publishCommand } from "./publish.ts";
import { rolloutCommand } from "./rollout.ts";
import { runCommand } from "./run.ts";
import { serveCommand } from "./serve.ts";
import { signCommand } from "./sign.ts";
import { simulateCommand } from "./simulate.ts";
import { verifyCommand } from "./verify.ts";

const commands: readonly Command[] = [
  buildCommand,
  runCommand,
  inspectCommand,
  diffCommand,
  keygenCommand,
  signCommand,
  verifyCommand,
  flashCommand,
  simulateCommand,
  serveCommand,
  publishCommand,
  rolloutCommand,
];

function help(): string {
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return [
    `thimble ${version}: a trained model as one verified WebAssembly file`,
    "",
    ...list,
    "",
    "thimble COMMAND --help explains one command.",
  ].join("\n");
}

/** Errors that are the user's to mend get one line; anything else is a fault of ours and keeps its stack. */
function describe(error: unknown): string {
  if (
    error instanceof ModelError ||
    error instanceof BudgetError ||
    error instanceof DataError ||
    error instanceof EngineError ||
    error instanceof ImageError ||
    error instanceof StoreError ||
    error instanceof ManagementError ||
    error instanceof UsageError
  ) {
    return error.message;
  }
  const { code, path, message, stack } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `${path}: no such file`;
  if (code === "EISDIR") return "expected a file, found a folder";
  if (code && path) return `${path}: ${message.split(",")[0]}`;
  if (code === "EADDRINUSE") return "--port: expected a free port, found it in use";
  if (code === "ENOSPC") return "no space left on the disk";
  return process.env["THIMBLE_DEBUG"]
    ? (stack ?? message)
    : `internal error (THIMBLE_DEBUG=1 shows where): ${message}`;
}

export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(help());
    return name === undefined ? 1 : 0;
  }
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    console.error(
      `thimble: expected a command (${commands.map((c) => c.name).join(", ")}), found "${plain(name)}"`,
    );
    return 2;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(command.usage);
    return 0;
  }
  try {
    return (await command.run(rest)) ?? 0;
  } catch (error) {
    const message = describe(error);
    const file = error instanceof UsageError ? undefined : subjectOf(rest);
    const line = file === undefined || message.includes(file) ? message : `${file}: ${message}`;
    // A name from a hostile file must not break the one line, nor reach the terminal as a command.
    console.error(`thimble ${name}: ${plain(line, "?")}`);
    if (error instanceof ModelError && error.details) console.error(plainLines(error.details));
    return error instanceof UsageError ? 2 : 1;
  }
}
