/**
 * `npm run zoo [PART...]`: all models of the zoo, or those whose family or name has one of these parts, as modules: bytes,
 * predicted instructions of one inference, and held-out rows in wasm3 beside the float model's.
 *
 *   --json   one array on stdout, nothing else
 */

import { UsageError } from "../../host/cli/options.ts";
import type { Tuning } from "../../host/compiler/tune/tune.ts";
import { ModelError, tensorOf } from "../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../host/ops/border.ts";
import { argmax } from "../../host/ops/decision.ts";
import { build } from "../../host/pipeline.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { table } from "../../host/table.ts";
import { type Animal, animals, buildAnimal, decide, labelOf, oracle, readRows, share } from "./classic.ts";
import { type ForestCase, forestCases, runtimeScores } from "./forests.ts";
import { buildNetwork, floatOf, type NetworkCase, networkCases, runtimeOutputs } from "./networks.ts";
import { accuracyOf } from "./networks_checks.ts";
import { measurePipeline, type Pipeline, pipelines } from "./tasks.ts";

interface Line {
  readonly family: string;
  readonly model: string;
  readonly module_bytes: number;
  readonly portable: number;
  readonly native: number;
  /** Shares of rows that are right; of models that give values, and of rows without a known class, none. */
  readonly float_accuracy?: number;
  readonly accuracy?: number;
  /** Share of rows predicted as by the float model: the same class, or each value within 1 % of their range. */
  readonly equal: number;
  /** What is lost as a multiple of what may be, of pipelines and tasks: above 1 the model misses. */
  readonly loss?: number;
  /** Seconds of processor that the build and the rows took. */
  readonly seconds: number;
  /** Why there are no figures. */
  readonly refused?: string;
}

/** A model of any part of the zoo. */
interface Exhibit {
  readonly family: string;
  readonly model: string;
  readonly measure: () => Promise<Omit<Line, "family" | "model" | "seconds">>;
}

type Rows = readonly ArrayLike<number>[];

const VALUE_TOLERANCE = 0.01;

const figures = (module: Uint8Array, { instructions }: Tuning) => ({
  module_bytes: module.length,
  portable: instructions.portable,
  native: instructions.native,
});

const sameClasses = (expected: Rows, found: Rows): number =>
  share(expected, (values, i) => argmax(values) === argmax(found[i]!));

/** Share of rows all of whose values are as they should be. */
function sameValues(expected: Rows, found: Rows): number {
  const [low, high] = expected
    .flatMap((row) => Array.from(row))
    .reduce(([least, most], x) => [Math.min(least, x), Math.max(most, x)] as const, [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ] as const);
  const most = VALUE_TOLERANCE * (high - low);
  return share(expected, (row, i) => Array.from(row).every((x, j) => Math.abs(x - found[i]![j]!) <= most));
}

async function measureNetwork(network: NetworkCase) {
  const { module, tuning, values } = await buildNetwork(network, network.rows);
  const floats = await runtimeOutputs(floatOf(network).path, network.rows);
  if (!network.isClassifier) return { ...figures(module, tuning), equal: sameValues(floats, values) };
  return {
    ...figures(module, tuning),
    float_accuracy: accuracyOf(network, floats),
    accuracy: accuracyOf(network, values),
    equal: sameClasses(floats, values),
  };
}

async function measureAnimal(animal: Animal) {
  const rows = readRows(animal.data);
  const { graph, module, tuning, found } = await buildAnimal(animal, rows);
  const expected = await oracle(animal, rows.features);
  if (animal.kind === "regressor") {
    const values = expected.map((outputs) => Array.from(outputs[graph.outputs[0]!]!, Number));
    return {
      ...figures(module, tuning),
      equal: sameValues(
        values,
        found.map(([first]) => first!),
      ),
    };
  }
  const decided = found.map((values) => decide(graph, values));
  const equal = share(expected, (outputs, i) => labelOf(outputs) === decided[i]);
  // The number of a cluster, or what is taken for an outlier, is nobody's class.
  if (animal.kind === "clusters") return { ...figures(module, tuning), equal };
  return {
    ...figures(module, tuning),
    float_accuracy: share(expected, (outputs, i) => labelOf(outputs) === rows.truth[i]),
    accuracy: share(decided, (label, i) => label === rows.truth[i]),
    equal,
  };
}

/** The score of an outlier is negative. */
const sameSigns = (expected: Rows, found: Rows): number =>
  share(expected, (values, i) => values[0]! < 0 === found[i]![0]! < 0);

async function measureForest(forest: ForestCase) {
  const { path, calibration, rows, kind } = forest;
  const expected = await runtimeScores(forest);
  const { graph, module, tuning } = await build({ model: path, calibration, engines: [wasm3] });
  const outputs = await wasm3.run(
    module,
    rows.map((row) => toInputBytes(graph, [row])),
  );
  const border = borderOf(tensorOf(graph, graph.outputs[0]!));
  const found = outputs.map(([first]) => dequantizeBytes(first!, border));
  const equal = (kind === "class" ? sameClasses : kind === "outlier" ? sameSigns : sameValues)(
    expected,
    found,
  );
  return { ...figures(module, tuning), equal };
}

/** By the module's loss as a multiple of what may be lost; a pipeline that is refused has no line of figures. */
async function measureTask(pipeline: Pipeline) {
  const { built, equal, loss } = await measurePipeline(pipeline);
  return { ...figures(built.module, built.tuning), equal, loss };
}

const exhibits = (): Exhibit[] => [
  ...pipelines.map((pipeline) => ({
    family: pipeline.task,
    model: `${pipeline.name}.onnx`,
    measure: () => measureTask(pipeline),
  })),
  ...networkCases().map((network) => ({
    family: network.family,
    model: network.file,
    measure: () => measureNetwork(network),
  })),
  ...animals.map((animal) => ({
    family: animal.kind,
    model: `${animal.name}.onnx`,
    measure: () => measureAnimal(animal),
  })),
  ...forestCases().map((forest) => ({
    family: "trees",
    model: `${forest.name}.onnx`,
    measure: () => measureForest(forest),
  })),
];

const percent = (part: number | undefined): string => (part === undefined ? "" : (100 * part).toFixed(1));

/** Points of decisions that a module may lose. */
const MOST_LOST = 0.005;

const missed = ({ loss, accuracy, float_accuracy }: Line): boolean =>
  (loss ?? 0) > 1 || (accuracy !== undefined && accuracy < float_accuracy! - MOST_LOST);

/** A line of figures, or why there is none. */
async function lineOf({ family, model, measure }: Exhibit): Promise<Line> {
  const start = process.cpuUsage();
  const seconds = (): number => {
    const { user, system } = process.cpuUsage(start);
    return Math.round((user + system) / 1e5) / 10;
  };
  try {
    return { family, model, ...(await measure()), seconds: seconds() };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return {
      family,
      model,
      module_bytes: 0,
      portable: 0,
      native: 0,
      equal: 0,
      seconds: seconds(),
      refused: error.message,
    };
  }
}

function print(lines: readonly Line[]): void {
  const rows = lines.map((line) => [
    line.family,
    line.model,
    line.module_bytes,
    line.portable,
    line.native,
    percent(line.float_accuracy),
    percent(line.accuracy),
    percent(line.equal),
    line.seconds.toFixed(1),
    line.refused ?? (missed(line) ? "misses" : ""),
  ]);
  const head = ["family", "model", "bytes", "portable", "native", "float %", "module %", "equal %", "s", ""];
  console.log(table(rows, { head, align: ["l", "l", "r", "r", "r", "r", "r", "r", "r", "l"] }));
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--json");
  if (unknown !== undefined) throw new UsageError(`zoo: expected --json or part of a name, found ${unknown}`);
  const parts = args.filter((arg) => arg !== "--json");
  const wanted = exhibits().filter(
    ({ family, model }) => parts.length === 0 || parts.some((part) => `${family} ${model}`.includes(part)),
  );
  const lines: Line[] = [];
  for (const exhibit of wanted) {
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001b[K${lines.length + 1} of ${wanted.length}: ${exhibit.model}`);
    lines.push(await lineOf(exhibit));
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  if (args.includes("--json")) console.log(JSON.stringify(lines));
  else print(lines);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
