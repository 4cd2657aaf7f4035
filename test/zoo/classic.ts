/** Classic models as people train and export them (test/models/gen/zoo.py), and what ONNX Runtime makes of their rows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Graph, tensorOf } from "../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../host/ops/border.ts";
import { decide as decideReal } from "../../host/ops/decision.ts";
import { type Build, build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";

export type Kind = "linear" | "svm" | "clusters" | "network" | "regressor";

export interface Animal {
  readonly name: string;
  readonly kind: Kind;
  readonly calibration: string;
  readonly data: string;
}

export interface Rows {
  readonly features: readonly Float32Array[];
  /** The class, or the number to predict. */
  readonly truth: readonly string[];
}

/** ONNX Runtime's outputs for one row, by name. */
export type Outputs = Readonly<Record<string, ArrayLike<number | bigint>>>;

const zoo = join(root, "test", "zoo");
export const animals = JSON.parse(readFileSync(join(zoo, "zoo.json"), "utf8")) as readonly Animal[];
export const modelFile = ({ name }: Animal): string => join(zoo, "models", `${name}.onnx`);

const MOST_ROWS = 300;

export function readRows(name: string): Rows {
  const lines = readFileSync(join(zoo, "data", `${name}.test.csv`), "utf8")
    .trim()
    .split("\n");
  const cells = lines.slice(1, MOST_ROWS + 1).map((line) => line.split(","));
  return {
    features: cells.map((row) => Float32Array.from(row.slice(0, -1), Number)),
    truth: cells.map((row) => row.at(-1)!),
  };
}

/** All outputs that are tensors: the bindings for Node do not read what a ZipMap makes. */
export async function oracle(animal: Animal, rows: readonly Float32Array[]): Promise<Outputs[]> {
  const session = await InferenceSession.create(readFileSync(modelFile(animal)));
  const names = session.outputNames.filter((name) => name !== "output_probability");
  const results: Outputs[] = [];
  for (const row of rows) {
    const found = await session.run({ X: new Tensor("float32", row, [1, row.length]) }, names);
    results.push(
      Object.fromEntries(names.map((name) => [name, found[name]!.data as ArrayLike<number | bigint>])),
    );
  }
  return results;
}

export const LABELS = ["label", "output_label"];
export const labelOf = (outputs: Outputs): string | undefined => {
  const name = LABELS.find((label) => label in outputs);
  return name && String(outputs[name]![0]);
};

/** What the values of a graph's outputs decide: the class, the cluster, or the sign of the score. */
export function decide(graph: Graph, values: readonly ArrayLike<number>[]): string {
  const named = graph.outputs.findIndex((output) => tensorOf(graph, output).labels);
  if (named >= 0) {
    const output = tensorOf(graph, graph.outputs[named]!);
    // Of a detector the score alone; nothing else of its values is integers here.
    return output.labels![decideReal(values[named]!, { ...output, dtype: "float32" })]!;
  }
  const index = graph.outputs.findIndex((output) => LABELS.includes(output));
  return index >= 0 ? String(values[index]![0]) : String(Math.sign(values[0]![0]!));
}

export const share = <T>(list: readonly T[], holds: (item: T, i: number) => boolean): number =>
  list.filter(holds).length / list.length;

/** The greatest difference of numbers, as a share of the greatest magnitude and of the range that is expected. */
export function difference(
  expected: readonly Outputs[],
  graph: Graph,
  found: readonly (readonly ArrayLike<number>[])[],
) {
  let [worst, magnitude, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  graph.outputs.forEach((output, at) => {
    if (LABELS.includes(output) || !expected[0]![output]) return;
    expected.forEach((outputs, row) => {
      Array.from(outputs[output]!, Number).forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - found[row]![at]![i]!));
        magnitude = Math.max(magnitude, Math.abs(value));
        [low, high] = [Math.min(low, value), Math.max(high, value)];
      });
    });
  });
  return { relative: worst / (magnitude || 1), ofRange: worst / (high - low || 1) };
}

export interface BuiltAnimal extends Pick<Build, "graph" | "module" | "tuning"> {
  /** For each row, the outputs of the module in wasm3 as real values. */
  readonly found: readonly (readonly Float32Array[])[];
}

/** Builds the module as a user would, and runs it on these rows. */
export async function buildAnimal(animal: Animal, rows: Rows): Promise<BuiltAnimal> {
  const calibration = join(zoo, "data", `${animal.calibration}.calibration.csv`);
  const { graph, module, tuning } = await build({ model: modelFile(animal), calibration, engines: [wasm3] });
  const bytes = await wasm3.run(
    module,
    rows.features.map((row) => toInputBytes(graph, [row])),
  );
  const found = bytes.map((outputs) =>
    outputs.map((output, i) => dequantizeBytes(output, borderOf(tensorOf(graph, graph.outputs[i]!)))),
  );
  return { graph, module, tuning, found };
}
