import { BudgetError } from "../budgets.ts";
import { ManagementError } from "../fleet/server/management.ts";
import { StoreError } from "../fleet/server/store_error.ts";
import { ImageError } from "../image/error.ts";
import { ModelError } from "../ir/graph.ts";
import { EngineError } from "../module/engine.ts";
import { plain, plainLines } from "../plain.ts";
import { version } from "../root.ts";
import { DataError } from "../runtime/data/index.ts";
import { type Command, subjectOf, UsageError } from "./options.ts";

/** Commands by name, in the order of the help. Each is imported when it is asked for: all of them take a second. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  build: async () => (await import("./build.ts")).buildCommand,
  run: async () => (await import("./run.ts")).runCommand,
  predict: async () => (await import("./predict.ts")).predictCommand,
  replay: async () => (await import("./replay.ts")).replayCommand,
  page: async () => (await import("./page.ts")).pageCommand,
  features: async () => (await import("./features.ts")).featuresCommand,
  evaluate: async () => (await import("./evaluate.ts")).evaluateCommand,
  inspect: async () => (await import("./inspect.ts")).inspectCommand,
  diff: async () => (await import("./diff.ts")).diffCommand,
  keygen: async () => (await import("./keygen.ts")).keygenCommand,
  sign: async () => (await import("./sign.ts")).signCommand,
  verify: async () => (await import("./verify.ts")).verifyCommand,
  flash: async () => (await import("./flash.ts")).flashCommand,
  simulate: async () => (await import("./simulate.ts")).simulateCommand,
  serve: async () => (await import("./serve.ts")).serveCommand,
  publish: async () => (await import("./publish.ts")).publishCommand,
  samples: async () => (await import("./samples.ts")).samplesCommand,
  accuracy: async () => (await import("./accuracy.ts")).accuracyCommand,
  rollout: async () => (await import("./rollout.ts")).rolloutCommand,
};

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const list = all.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
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
    console.log(await help());
    return name === undefined ? 1 : 0;
  }
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) {
    const names = Object.keys(commands).join(", ");
    console.error(`thimble: expected a command (${names}), found "${plain(name)}"`);
    return 2;
  }
  const command = await load();
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
