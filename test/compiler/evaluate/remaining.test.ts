/** Whatever is lost beyond the limit is told, in whatever way it is lost; what is within the limit is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lossWarnings } from "../../../host/compiler/evaluate/remaining.ts";
import { agreementOf } from "../../../host/compiler/quantize/compare.ts";
import { judgedOf } from "../../../host/compiler/quantize/loss.ts";
import type { Graph, Task } from "../../../host/ir/graph.ts";
import { float, node, graphOf as sketch } from "../../support/graphs.ts";

const TASKS: readonly Task[] = [
  "classification",
  "regression",
  "anomaly",
  "clustering",
  "autoencoder",
  "image",
];

const graphOf = (task: Task): Graph => ({
  ...sketch({
    tensors: [float("x", [1, 3]), float("y", [1, 3])],
    nodes: [node("relu", ["x"], "y", { activation: "none" })],
    inputs: ["x"],
    outputs: ["y"],
  }),
  task,
});

type Rows = readonly (readonly number[])[];
const floats = (rows: Rows): Float32Array[] => rows.map((row) => Float32Array.from(row));
const shares = (rows: Rows): Rows =>
  rows.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((value) => value / sum);
  });

const row = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
const rows = fc.array(row, { minLength: 4, maxLength: 20 });

function warningsFor(task: Task, expected: Float32Array[], found: Float32Array[]) {
  const graph = graphOf(task);
  const agreement = agreementOf(
    judgedOf(graph),
    expected,
    found,
    expected.map((values) => [values]),
  );
  return {
    agreement,
    warnings: lossWarnings({ graph, agreement, layers: undefined, precision: undefined }),
  };
}

for (const task of TASKS) {
  test(`${task}: a line where, and only where, more is lost than may be`, () => {
    fc.assert(
      fc.property(rows, fc.boolean(), fc.double({ min: 0, max: 0.1, noNaN: true }), (values, sums, noise) => {
        const expected = sums ? shares(values) : values;
        const moved = expected.map((each, i) =>
          each.map((value, j) => value + noise * Math.sin(7 * i + 3 * j)),
        );
        const { agreement, warnings } = warningsFor(task, floats(expected), floats(moved));
        assert.equal(warnings.length, agreement.ofLimit > 1 ? 1 : 0);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
}

test("probabilities that are off are told though no decision changed", () => {
  const expected = floats([
    [0.7, 0.2, 0.1],
    [0.1, 0.8, 0.1],
  ]);
  const found = floats([
    [0.68, 0.21, 0.11],
    [0.12, 0.78, 0.1],
  ]);
  const { warnings } = warningsFor("classification", expected, found);
  assert.match(warnings.join(), /^probabilities are off by 0\.02 on average on the calibration samples/);
});
