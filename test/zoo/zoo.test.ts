/**
 * Classic models against ONNX Runtime: the float graph
 * value by value, and the module, built as any other and run in wasm3, by what it decides on rows that neither
 * training nor calibration has seen.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importModel, readSource } from "../../host/compiler/import/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { toFloatInputs } from "../../host/ops/border.ts";
import { checkGraph } from "../../host/ops/spec.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import {
  type Animal,
  animals,
  buildAnimal,
  decide,
  difference,
  type Kind,
  labelOf,
  modelFile,
  type Outputs,
  oracle,
  type Rows,
  readRows,
  share,
} from "./classic.ts";

const TOLERANCE = 1e-5;
/** ONNX Runtime adds up logarithms of thousands in float32 before it takes their exponentials. */
const FLOAT32_SUMS: ReadonlyMap<string, number> = new Map([["naive_bayes_multinomial", 1e-4]]);
/** Share of held-out rows decided as by ONNX Runtime. */
const LEAST_EQUAL = 0.995;
/** Of networks, by how much the share of rows decided right may fall. */
const MOST_ACCURACY_LOST = 0.005;
/** The greatest error of a regressor, as a share of the range of predictions. */
const MOST_ERROR = 0.01;

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
  const { graph, found } = await buildAnimal(animal, rows);
  const expected = await oracle(animal, rows.features);
  const isSame = (outputs: Outputs, i: number): boolean => decide(graph, found[i]!) === labelOf(outputs);
  if (animal.kind === "regressor") {
    const { ofRange } = difference(expected, graph, found);
    assert.ok(ofRange <= MOST_ERROR, `off by ${ofRange} of the range`);
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
