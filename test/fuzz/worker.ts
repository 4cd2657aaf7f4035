/**
 * Runs cases in a process of its own, which may run out of memory without taking the test along:
 * `node worker.js models|modules FROM TO`, or with an id in place of the numbers.
 * Prints "> ID" before each case, "! JSON" for a fault, "= JSON" with all counts at the end.
 */
import { mkdtempSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectCommand } from "../../host/cli/inspect.ts";
import { runCommand } from "../../host/cli/run.ts";
import { ModelError } from "../../host/ir/graph.ts";
import { EngineError } from "../../host/module/engine.ts";
import { DataError } from "../../host/runtime/data/index.ts";
import { modelCases } from "./model_cases.ts";
import { moduleCases } from "./module_cases.ts";
import { modelOutcome, type Outcome, outcomeOf } from "./outcome.ts";

/** The most that the process may ever have held; a third of it is the program itself. */
const MAX_RSS_MB = 600;
const MAX_FAULTS = 20;

interface Cases {
  readonly idOf: (index: number) => string;
  /** The outcome, its result beginning with the kind of file. */
  readonly run: (id: string) => Promise<Outcome>;
}

const say = (mark: string, text: string): unknown => writeSync(1, `${mark} ${text}\n`);

function models(): Cases {
  const { idOf, mutant } = modelCases();
  return {
    idOf,
    run: async (id) => {
      const { bytes, format } = mutant(id);
      const outcome = await modelOutcome(bytes, format);
      return { ...outcome, result: `${format} ${outcome.result}` };
    },
  };
}

/** Both commands print what they find, which is of no interest here. */
async function silently(work: () => Promise<unknown>): Promise<void> {
  const { log, error } = console;
  console.log = console.error = () => {};
  try {
    await work();
  } finally {
    Object.assign(console, { log, error });
  }
}

async function modules(folder: string): Promise<Cases> {
  const { idOf, mutant } = await moduleCases();
  const [file, input] = [join(folder, "model.wasm"), join(folder, "input.bin")];
  writeFileSync(input, new Float32Array(256));
  const run = async (id: string): Promise<Outcome> => {
    const { bytes, isRunnable } = mutant(id);
    writeFileSync(file, bytes);
    return outcomeOf(async () => {
      await silently(() => inspectCommand.run([file]));
      await silently(() => inspectCommand.run([file, "--json"]));
      if (isRunnable) await silently(() => runCommand.run([file, "--input", input]));
      return isRunnable ? "ran" : "inspected";
    }, [ModelError, DataError, EngineError]);
  };
  return { idOf, run };
}

async function runAll({ run }: Cases, ids: Iterable<string>): Promise<void> {
  const counts: Record<string, number> = {};
  let faults = 0;
  for (const id of ids) {
    say(">", id);
    const { result, fault } = await run(id);
    counts[result] = (counts[result] ?? 0) + 1;
    if (fault !== undefined) {
      say("!", JSON.stringify({ id, fault }));
      if (++faults === MAX_FAULTS) break;
    }
    const megabytes = process.resourceUsage().maxRSS / 1024;
    if (megabytes > MAX_RSS_MB) {
      say(
        "!",
        JSON.stringify({ id, fault: `expected at most ${MAX_RSS_MB} MB, found ${Math.round(megabytes)}` }),
      );
      break;
    }
  }
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  say("=", JSON.stringify({ counts, megabytes }));
}

function* numbered({ idOf }: Cases, from: number, to: number): Generator<string> {
  for (let i = from; i < to; i++) yield idOf(i);
}

const [kind, first, last] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "thimble-fuzz-"));
try {
  const cases = kind === "modules" ? await modules(folder) : models();
  await runAll(cases, last === undefined ? [first!] : numbered(cases, Number(first), Number(last)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
