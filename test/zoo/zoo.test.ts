/**
 * Classic models as people train and export them (test/models/gen/zoo.py) against ONNX Runtime: the float graph
 * value by value, and the module, built as any other and run in wasm3, by what it decides on rows that neither
 * training nor calibration has seen.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { evaluateGraph } from "../../host/engines/reference.ts";
import { wasm3 } from "../../host/engines/wasm3.ts";
import { importModel, readSource } from "../../host/import/index.ts";
import { type Graph, tensorOf } from "../../host/ir/graph.ts";
import { checkGraph } from "../../host/ir/spec.ts";
import { simplify } from "../../host/passes/index.ts";
import { build } from "../../host/pipeline.ts";
import { argmax } from "../../host/quantize/compare.ts";
import { borderOf, dequantizeBytes, toFloatInputs, toInputBytes } from "../../host/quantize/samples.ts";
import { root } from "../../host/root.ts";

type Kind = "linear" | "svm" | "clusters" | "network" | "regressor";

interface Animal {
  readonly name: string;
  readonly kind: Kind;
  readonly calibration: string;
  readonly data: string;
}

interface Rows {
  readonly features: readonly Float32Array[];
  /** The class, or the number to predict. */
  readonly truth: readonly string[];
}

/** ONNX Runtime's outputs for one row, by name. */
type Outputs = Readonly<Record<string, ArrayLike<number | bigint>>>;

const zoo = join(root, "test", "zoo");
const animals = JSON.parse(readFileSync(join(zoo, "zoo.json"), "utf8")) as readonly Animal[];
const modelFile = ({ name }: Animal): string => join(zoo, "models", `${name}.onnx`);

const MOST_ROWS = 300;
const TOLERANCE = 1e-5;
/** ONNX Runtime adds up logarithms of thousands in float32 before it takes their exponentials. */
const FLOAT32_SUMS: ReadonlyMap<string, number> = new Map([["naive_bayes_multinomial", 1e-4]]);
/** Share of held-out rows decided as by ONNX Runtime. */
const LEAST_EQUAL = 0.995;
/** Of networks, by how much the share of rows decided right may fall. */
const MOST_ACCURACY_LOST = 0.005;
/** Of regressors, the greatest error as a share of the range of predictions; exp is a table of int8 steps. */
const MOST_ERROR = 0.01;
const EXPONENTIAL: ReadonlyMap<string, number> = new Map([["poisson", 0.02]]);

function readRows(name: string): Rows {
  const lines = readFileSync(join(zoo, "data", `${name}.test.csv`), "utf8")
    .trim()
    .split("\n");
  const cells = lines.slice(1, MOST_ROWS + 1).map((line) => line.split(","));
  return {
    features: cells.map((row) => Float32Array.from(row.slice(0, -1), Number)),
    truth: cells.map((row) => row.at(-1)!),
  };
}

const runtime = await import("onnxruntime-node");

/** All outputs that are tensors: the bindings for Node do not read what a ZipMap makes. */
async function oracle(animal: Animal, rows: readonly Float32Array[]): Promise<Outputs[]> {
  const session = await runtime.InferenceSession.create(readFileSync(modelFile(animal)));
  const names = session.outputNames.filter((name) => name !== "output_probability");
  const results: Outputs[] = [];
  for (const row of rows) {
    const found = await session.run({ X: new runtime.Tensor("float32", row, [1, row.length]) }, names);
    results.push(
      Object.fromEntries(names.map((name) => [name, found[name]!.data as ArrayLike<number | bigint>])),
    );
  }
  return results;
}

const LABELS = ["label", "output_label"];
const labelOf = (outputs: Outputs): string | undefined => {
  const name = LABELS.find((label) => label in outputs);
  return name && String(outputs[name]![0]);
};

/** What the values of a graph's outputs decide: the class, the cluster, or the sign of the score. */
function decide(graph: Graph, values: readonly ArrayLike<number>[]): string {
  const named = graph.outputs.findIndex((output) => tensorOf(graph, output).labels);
  if (named >= 0) return tensorOf(graph, graph.outputs[named]!).labels![argmax(values[named]!)]!;
  const index = graph.outputs.findIndex((output) => LABELS.includes(output));
  return index >= 0 ? String(values[index]![0]) : String(Math.sign(values[0]![0]!));
}

const share = <T>(list: readonly T[], holds: (item: T, i: number) => boolean): number =>
  list.filter(holds).length / list.length;

/** The greatest difference of numbers, as a share of the greatest magnitude and of the range that is expected. */
function difference(
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

async function checkFloat(animal: Animal, rows: Rows): Promise<void> {
  const graph = simplify(checkGraph(importModel(readSource(modelFile(animal)), animal.name), "import"));
  const expected = await oracle(animal, rows.features);
  const found = rows.features.map((row) => {
    const trace = evaluateGraph(graph, toFloatInputs(graph, [row]));
    return graph.outputs.map((output) => trace.get(output)!);
  });
  const { relative } = difference(expected, graph, found);
  assert.ok(relative <= (FLOAT32_SUMS.get(animal.name) ?? TOLERANCE), `off by ${relative}`);
  if (animal.kind === "regressor") return;
  expected.forEach((outputs, row) => {
    assert.equal(decide(graph, found[row]!), labelOf(outputs), `row ${row + 1}`);
  });
}

async function checkModule(animal: Animal, rows: Rows): Promise<void> {
  const calibration = join(zoo, "data", `${animal.calibration}.calibration.csv`);
  const { graph, module } = await build({ model: modelFile(animal), calibration, engines: [wasm3] });
  const bytes = await wasm3.run(
    module,
    rows.features.map((row) => toInputBytes(graph, [row])),
  );
  const found = bytes.map((outputs) =>
    outputs.map((output, i) => dequantizeBytes(output, borderOf(tensorOf(graph, graph.outputs[i]!)))),
  );
  const expected = await oracle(animal, rows.features);
  const isSame = (outputs: Outputs, i: number): boolean => decide(graph, found[i]!) === labelOf(outputs);
  if (animal.kind === "regressor") {
    const { ofRange } = difference(expected, graph, found);
    assert.ok(ofRange <= (EXPONENTIAL.get(animal.name) ?? MOST_ERROR), `off by ${ofRange} of the range`);
  } else if (animal.kind === "network") {
    const before = share(expected, (outputs, i) => labelOf(outputs) === rows.truth[i]);
    const after = share(found, (values, i) => decide(graph, values) === rows.truth[i]);
    assert.ok(after >= before - MOST_ACCURACY_LOST, `${after} of rows are right, with floats ${before}`);
  } else {
    const equal = share(expected, isSame);
    assert.ok(equal >= LEAST_EQUAL, `${equal} of decisions are equal`);
  }
}

for (const animal of animals) {
  describe(animal.name, () => {
    const rows = readRows(animal.data);
    test("the float graph is ONNX Runtime's", () => checkFloat(animal, rows));
    test("the module in wasm3 decides as ONNX Runtime does", () => checkModule(animal, rows));
  });
}

test("the zoo has what it should", () => {
  const kinds = new Map<Kind, number>();
  for (const { kind } of animals) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  assert.deepEqual(Object.fromEntries([...kinds].sort()), {
    clusters: 3,
    linear: 25,
    network: 3,
    regressor: 7,
    svm: 12,
  });
});
