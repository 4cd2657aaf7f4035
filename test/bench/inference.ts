/**
 * `npm run bench`: what an inference costs, in instructions on rv32imac in QEMU, beside TensorFlow Lite Micro,
 * and in time on this machine.
 *
 *   MODEL...    only models whose name contains one of these
 *   --json      one array on stdout: [{"model", "kernels", "instructions", "macs", "module_bytes", "ram_bytes"}, ...]
 *   --layers    every layer of each model, measured by itself
 *   --engines   times in V8 and native wasm3 alone
 *   --update    writes test/bench/inference.csv, which a test compares with
 */
import { UsageError } from "../../host/cli/options.ts";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { EngineError } from "../../host/module/engine.ts";
import { table } from "../../host/table.ts";
import { engineTable } from "./inference_engines.ts";
import { collectInference, type InferenceFigures, recordInference } from "./inference_figures.ts";
import { layerTable, perMac } from "./inference_layers.ts";
import {
  type BenchModel,
  benchModel,
  benchModels,
  buildModel,
  isHere,
  whyMissing,
} from "./inference_models.ts";

const OPTIONS = ["--json", "--layers", "--engines", "--update"];

const millions = (n: number): string => `${Number((n / 1e6).toFixed(3))} M`;

/** "met", or by how much the budget is missed. */
const verdict = (found: number, budget: number): string =>
  found <= budget ? "met" : `${Math.ceil(100 * (found / budget - 1))} % over`;

function row({ model, kernels, instructions, macs, module_bytes, ram_bytes }: InferenceFigures) {
  const measured = [model, kernels, instructions, perMac(instructions, macs), module_bytes, ram_bytes];
  const { yardstick } = benchModel(model);
  if (!yardstick) return measured;
  const budget = yardstick[kernels];
  const others = [yardstick.reference, yardstick.espNn, budget].map(millions);
  return [...measured, ...others, verdict(instructions, budget)];
}

const inferenceTable = (figures: readonly InferenceFigures[]): string =>
  table(figures.map(row), {
    head: [
      ...["model", "kernels", "instructions", "per MAC", "module B", "RAM B"],
      ...["TFLM", "TFLM + ESP-NN", "budget", ""],
    ],
    align: ["l", "l", "r", "r", "r", "r", "r", "r", "r", "r"],
  });

async function printLayers(models: readonly BenchModel[]): Promise<void> {
  for (const model of models)
    console.log(`${await layerTable(await buildModel(model, model.name), model.name)}\n`);
}

/** The figures, where a compiler for the firmware is here: its version goes with them. */
async function printInference(models: readonly BenchModel[], flags: ReadonlySet<string>): Promise<void> {
  const availability = await firmwareAvailability();
  if (!availability.available)
    throw new EngineError("qemu", `${availability.reason}; install: ${availability.install}`);
  const figures = await collectInference(models);
  if (flags.has("--update")) recordInference(availability.version, figures);
  console.log(flags.has("--json") ? JSON.stringify(figures) : inferenceTable(figures));
}

function parseArguments(args: readonly string[]): { flags: Set<string>; models: BenchModel[] } {
  const flags = new Set(args.filter((arg) => arg.startsWith("-")));
  const names = args.filter((arg) => !arg.startsWith("-"));
  const usage = (expected: string, found: string): never => {
    throw new UsageError(`bench: expected ${expected}, found ${found}`);
  };
  const unknown = [...flags].find((flag) => !OPTIONS.includes(flag));
  if (unknown !== undefined) usage(`${OPTIONS.join(", ")} or part of a model's name`, unknown);
  // Each of these prints something else.
  const alone = ["--layers", "--engines"].find((flag) => flags.has(flag));
  if (alone !== undefined && flags.size > 1) usage(`${alone} alone`, [...flags].join(" "));
  const models = benchModels.filter(
    (model) => names.length === 0 || names.some((name) => model.name.includes(name)),
  );
  if (models.length === 0) usage("part of a model's name", names.join(" "));
  return { flags, models };
}

async function main(args: readonly string[]): Promise<void> {
  const { flags, models } = parseArguments(args);
  const here = models.filter(isHere);
  if (flags.has("--layers")) await printLayers(here);
  else if (!flags.has("--engines")) await printInference(here, flags);
  for (const model of models.filter((each) => !isHere(each)))
    (flags.has("--json") ? console.error : console.log)(`${model.name}: missing, ${whyMissing(model)}`);
  const times = flags.has("--engines") || flags.size === 0;
  if (times && here.length > 0) console.log(`${flags.size === 0 ? "\n" : ""}${await engineTable(here)}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof EngineError || error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
