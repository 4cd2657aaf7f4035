/**
 * `npm run bench:trees`: ten trees of depth 8 on scikit-learn's digits, as a module of ours and as C by emlearn and by
 * m2cgen, in bytes of flash and in instructions of one prediction on rv32imac in QEMU: the mean of 100 test rows.
 *
 *   --json      one array on stdout: [{"by", "build", "flash_bytes", "instructions", "agrees"}, ...]
 *   --update    writes test/bench/trees.csv, which holds what the others need where they are not installed
 *
 * The others need Python with what test/models/gen/trees_rivals.py lists: TREES_PYTHON, else build/trees-python/bin/python.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../host/cli/options.ts";
import { measureBoth } from "../../host/compiler/tune/measure.ts";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { tensorOf } from "../../host/ir/graph.ts";
import { EngineError } from "../../host/module/engine.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../host/ops/border.ts";
import { argmax } from "../../host/ops/decision.ts";
import { build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { table } from "../../host/table.ts";
import { modelPath } from "../support/models.ts";
import { readRecorded, writeRecorded } from "./figures_csv.ts";
import { measureRivals, type TreeFigures } from "./trees_rivals.ts";

const FILE = "trees.csv";
const ROWS = 100;
const FEATURES = 64;
const COMMAND =
  "build/trees-python/bin/python test/models/gen/trees_rivals.py (its head says how to install it)";

const mean = (values: readonly number[]): number =>
  Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);

/** The module as a user builds it, with native kernels and without. */
async function measureOurs(expected: readonly number[]): Promise<TreeFigures[]> {
  const forest = modelPath("trees/digits_forest");
  const built = await build({
    model: `${forest}.onnx`,
    calibration: `${forest}.calibration.csv`,
    engines: [],
  });
  const rows = readDataset(`${forest}.test.csv`, FEATURES).rows.slice(0, ROWS);
  const inputs = rows.map((row) => toInputBytes(built.graph, [row]));
  const outputs = runReference(built.graph, inputs);
  const border = borderOf(tensorOf(built.graph, built.graph.outputs[0]!));
  const classes = outputs.map((output) => argmax(dequantizeBytes(output[0]!, border)));
  const agrees = classes.filter((label, i) => label === expected[i]).length;
  const { native, portable } = await measureBoth({
    name: "digits_forest",
    module: built.module,
    inputs,
    outputs,
  });
  return [native, portable].map(({ kernels, instructions, moduleBytes }) => ({
    by: "thimble",
    build: `${kernels} kernels`,
    flash_bytes: moduleBytes,
    instructions: mean(instructions),
    agrees,
  }));
}

/** What the estimator itself says of the rows. */
const expectedClasses = (): number[] =>
  readDataset(modelPath("trees/digits_forest.classes.csv"), 1)
    .rows.slice(0, ROWS)
    .map((row) => row[0]!);

const KEYS = ["flash_bytes", "instructions", "agrees"] as const;

const flatten = (figures: readonly TreeFigures[]): Map<string, number> =>
  new Map(
    figures.flatMap((figure) =>
      KEYS.map((key) => [`${figure.by} ${figure.build} ${key}`, figure[key]] as const),
    ),
  );

/** The figures of others that are recorded. */
function recordedRivals(): TreeFigures[] {
  const { figures } = readRecorded(FILE);
  const names = new Set([...figures.keys()].map((name) => name.replace(/ \w+$/, "")));
  return [...names]
    .filter((name) => !name.startsWith("thimble"))
    .map((name) => {
      const [by, ...rest] = name.split(" ");
      const of = (key: string): number => figures.get(`${name} ${key}`)!;
      return {
        by: by!,
        build: rest.join(" "),
        flash_bytes: of("flash_bytes"),
        instructions: of("instructions"),
        agrees: of("agrees"),
      };
    });
}

function findPython(): string | undefined {
  const python = process.env["TREES_PYTHON"] ?? join(root, "build", "trees-python", "bin", "python");
  return existsSync(python) ? python : undefined;
}

function print(figures: readonly TreeFigures[], flags: ReadonlySet<string>, note: string): void {
  if (flags.has("--json")) {
    console.log(JSON.stringify(figures));
    return;
  }
  const rows = figures.map(({ by, build: how, flash_bytes, instructions, agrees }) => [
    by,
    how,
    flash_bytes,
    instructions,
    `${agrees} of ${ROWS}`,
  ]);
  const head = ["", "", "flash B", "instructions", "as scikit-learn"];
  console.log(table(rows, { head, align: ["l", "l", "r", "r", "r"] }));
  if (note) console.log(note);
}

async function main(args: readonly string[]): Promise<void> {
  const flags = new Set(args);
  const unknown = args.find((arg) => arg !== "--json" && arg !== "--update");
  if (unknown !== undefined)
    throw new UsageError(`bench:trees: expected --json or --update, found ${unknown}`);
  const availability = await firmwareAvailability();
  if (!availability.available)
    throw new EngineError("qemu", `${availability.reason}; install: ${availability.install}`);
  const python = findPython();
  const expected = expectedClasses();
  const rivals = python ? await measureRivals(python, expected) : recordedRivals();
  const figures = [...(await measureOurs(expected)), ...rivals];
  if (flags.has("--update") && python)
    writeRecorded(FILE, { compiler: availability.version, figures: flatten(figures) });
  print(figures, flags, python ? "" : `Figures of others are recorded; to measure them: ${COMMAND}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof EngineError || error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
