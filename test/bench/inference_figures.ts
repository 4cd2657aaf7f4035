/** What an inference of each model costs on the emulated rv32imac microcontroller, with either kind of kernels. */

import { type Kernels, measureBoth } from "../../host/compiler/tune/measure.ts";
import type { Build } from "../../host/pipeline.ts";
import { findGrowth, readRecorded, writeRecorded } from "./figures_csv.ts";
import { type BenchModel, benchModels, buildModel, modelSubject } from "./inference_models.ts";

/** As `--json` prints it. */
export interface InferenceFigures {
  readonly model: string;
  readonly kernels: Kernels;
  readonly instructions: number;
  readonly macs: number;
  readonly module_bytes: number;
  /** Linear memory, wasm3's heap and stack, the C stack and static data. */
  readonly ram_bytes: number;
}

export const FILE = "inference.csv";

/** Native figures, then portable ones. Throws EngineError where tools are missing. */
export async function measureBuild(built: Build, name: string): Promise<InferenceFigures[]> {
  const macs = built.metadata.layers.reduce((sum, layer) => sum + layer.macs, 0);
  const { native, portable } = await measureBoth(await modelSubject(built));
  return [native, portable].map(({ kernels, instructions, moduleBytes, ram }) => ({
    model: name,
    kernels,
    instructions: instructions[0]!,
    macs,
    module_bytes: moduleBytes,
    ram_bytes: ram.total,
  }));
}

/** The figures of each model in turn. Throws EngineError where tools are missing. */
export async function collectInference(models: readonly BenchModel[]): Promise<InferenceFigures[]> {
  const figures: InferenceFigures[] = [];
  for (const model of models)
    figures.push(...(await measureBuild(await buildModel(model, model.name), model.name)));
  return figures;
}

/** Figures by name, as inference.csv holds them. */
export const flattenInference = (figures: readonly InferenceFigures[]): Map<string, number> =>
  new Map(
    figures.flatMap(({ model, kernels, instructions, module_bytes, ram_bytes }) => [
      ...(kernels === "native" ? [[`module ${model}`, module_bytes] as const] : []),
      [`instructions ${model} ${kernels}`, instructions] as const,
      [`ram ${model} ${kernels}`, ram_bytes] as const,
    ]),
  );

/** One line for each figure of the model that has grown by more than 2 % over what is recorded. */
export async function inferenceGrowth(model: BenchModel): Promise<string[]> {
  return findGrowth(FILE, readRecorded(FILE).figures, flattenInference(await collectInference([model])));
}

/**
 * Writes what was measured over what is recorded. Models that were left out or are not on this machine keep
 * their figures, as long as those are of the same compiler.
 */
export function recordInference(compiler: string, figures: readonly InferenceFigures[]): void {
  const before = readRecorded(FILE);
  const kept = before.compiler === compiler ? before.figures : new Map<string, number>();
  const all = new Map([...kept, ...flattenInference(figures)]);
  const ordered = benchModels.flatMap(({ name }) => [...all].filter(([key]) => key.split(" ")[1] === name));
  writeRecorded(FILE, { compiler, figures: new Map(ordered) });
}
