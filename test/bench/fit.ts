/**
 * `npm run bench:fit`: what the techniques of `build --fit` make of networks, each alone and by the search: bytes, loss and
 * instructions. Nothing is measured on samples that it was fitted to.
 *
 *   --json      one array on stdout: [{"model", "technique", "module_bytes", "loss_points", "native", "portable", "seconds"}]
 *   --update    writes fit.csv
 *   MODEL...    only these: digits, kws, ic, ad
 *
 * `loss_points` are points of accuracy against the model's file, or percent of the range of values; `native` and
 * `portable` are predicted instructions of one inference, `seconds` those of the processor that the build took.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../host/cli/options.ts";
import { fittableLayers } from "../../host/compiler/compress/fit.ts";
import { type Build, type BuildOptions, build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { table } from "../../host/table.ts";
import { type FitModel, fitModels } from "./fit_models.ts";

export interface FitFigure {
  readonly model: string;
  readonly technique: string;
  readonly module_bytes: number;
  readonly loss_points: number;
  readonly native: number;
  readonly portable: number;
  readonly seconds: number;
}

/** As large as it comes: most of these do not fit before. */
const ANY_SIZE = 2 ** 20;

const optionsOf = ({ model, calibration, evaluate }: FitModel): BuildOptions => ({
  model,
  calibration,
  ...(evaluate !== undefined && { evaluate }),
  engines: [],
  maxSize: ANY_SIZE,
  timeLimit: 3600,
});

async function figureOf(
  { name }: FitModel,
  technique: string,
  options: BuildOptions,
): Promise<{ figure: FitFigure; found: Build }> {
  const began = process.cpuUsage();
  const found = await build(options);
  const { user, system } = process.cpuUsage(began);
  const { native, portable } = found.tuning.instructions;
  const figure = {
    model: name,
    technique,
    module_bytes: found.module.length,
    loss_points: Number((found.evaluation?.loss ?? found.agreement?.loss ?? 0).toFixed(2)),
    native,
    portable,
    seconds: Math.round((user + system) / 1e6),
  };
  return { figure, found };
}

async function figuresOf(model: FitModel): Promise<FitFigure[]> {
  const options = optionsOf(model);
  const plain = await figureOf(model, "8 bits", options);
  const bits = new Map(fittableLayers(plain.found.graph).map((layer) => [layer, 4]));
  const figures = [plain.figure, (await figureOf(model, "4 bits", { ...options, bits })).figure];
  for (const limit of model.limits)
    figures.push((await figureOf(model, `--fit ${limit}`, { ...options, fit: limit })).figure);
  return figures;
}

const HEAD = ["model", "technique", "module_bytes", "loss_points", "native", "portable", "seconds"] as const;
const cellsOf = (figure: FitFigure): (string | number)[] => HEAD.map((name) => figure[name]);

async function main(args: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "thimble-bench-"));
  try {
    const models = fitModels(folder);
    const names = args.filter((arg) => !arg.startsWith("--"));
    const wrong = args.find(
      (arg) => !["--json", "--update"].includes(arg) && !models.some(({ name }) => name === arg),
    );
    if (wrong !== undefined)
      throw new UsageError(
        `bench:fit: expected --json, --update or ${models.map(({ name }) => name).join(", ")}, found ${wrong}`,
      );
    const figures: FitFigure[] = [];
    for (const model of models)
      if (names.length === 0 || names.includes(model.name)) figures.push(...(await figuresOf(model)));
    if (args.includes("--update")) {
      const lines = [HEAD.join(), ...figures.map((figure) => cellsOf(figure).join())];
      writeFileSync(join(root, "test", "bench", "fit.csv"), `${lines.join("\n")}\n`);
    }
    if (args.includes("--json")) console.log(JSON.stringify(figures));
    else console.log(table(figures.map(cellsOf), { head: [...HEAD] }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
