/** Trees made node by node: every mode and post-transform against ONNX Runtime, and files that are wrong. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { importOnnx } from "../../../../../host/compiler/import/onnx/index.ts";
import { ModelError } from "../../../../../host/ir/graph.ts";
import { evaluateGraph } from "../../../../../host/runtime/engines/reference.ts";
import { type Attributes, treeModel as model } from "../../../../support/tree_models.ts";

/** Two levels: feature 0 by one mode, feature 1 by another; leaves 1, 2, 4, 8. */
const nodes = (first: string, second: string, missing = [0, 0, 0]): Attributes => ({
  nodes_treeids: [0, 0, 0, 0, 0, 0, 0],
  nodes_nodeids: [0, 1, 2, 3, 4, 5, 6],
  nodes_featureids: [0, 1, 1, 0, 0, 0, 0],
  nodes_modes: [first, second, second, "LEAF", "LEAF", "LEAF", "LEAF"],
  nodes_values: { floats: [0.1, 2, -1, 0, 0, 0, 0] },
  nodes_truenodeids: [1, 3, 5, 0, 0, 0, 0],
  nodes_falsenodeids: [2, 4, 6, 0, 0, 0, 0],
  nodes_missing_value_tracks_true: [...missing, 0, 0, 0, 0],
});

const targets = (prefix: string, ids: readonly number[], weights: readonly number[]): Attributes => ({
  [`${prefix}_treeids`]: [0, 0, 0, 0],
  [`${prefix}_nodeids`]: [3, 4, 5, 6],
  [`${prefix}_ids`]: ids,
  [`${prefix}_weights`]: { floats: weights },
});

const regressor = (attributes: Attributes): Uint8Array =>
  model("TreeEnsembleRegressor", 1, {
    n_targets: 1,
    ...targets("target", [0, 0, 0, 0], [1, 2, 4, 8]),
    ...attributes,
  });

const tenth = Math.fround(0.1);
/** On thresholds, next to them, far from them, and missing. */
const column = [
  tenth,
  tenth - 2 ** -27,
  tenth + 2 ** -27,
  2,
  2 - 2 ** -23,
  2 + 2 ** -22,
  -1,
  -1 + 2 ** -24,
  0,
  5,
];
const pairs = (values: readonly number[]): Float32Array[] =>
  values.flatMap((a) => values.map((b) => Float32Array.of(a, b)));

async function expectRuntime(bytes: Uint8Array, rows: readonly Float32Array[]): Promise<void> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const graph = importOnnx(bytes, "trees");
  for (const row of rows) {
    const { y } = await session.run({ x: new Tensor("float32", row, [1, 2]) }, ["y"]);
    const found = evaluateGraph(graph, [row]).get("y")!;
    (y!.data as Float32Array).forEach((value, i) => {
      assert.ok(Math.abs(value - found[i]!) < 1e-5, `[${row}]: expected ${y!.data}, found ${found}`);
    });
  }
}

describe("every mode decides as in ONNX Runtime, thresholds and missing values included", () => {
  for (const mode of ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ"]) {
    for (const missing of [
      [0, 0, 0],
      [1, 1, 0],
    ]) {
      test(`BRANCH_${mode}, missing values ${missing}`, () =>
        expectRuntime(
          regressor(nodes(`BRANCH_${mode}`, `BRANCH_${mode}`, missing)),
          pairs([...column, Number.NaN]),
        ));
    }
  }
});

describe("TreeEnsemble, of version 5", () => {
  const two: Attributes = {
    nodes_featureids: [0, 1, 1],
    nodes_modes: { bytes: [0, 3, 2] },
    nodes_splits: { reals: [0.1, 2, -1] },
    nodes_truenodeids: [1, 0, 2],
    nodes_trueleafs: [0, 1, 1],
    nodes_falsenodeids: [2, 1, 3],
    nodes_falseleafs: [0, 1, 1],
    tree_roots: [0],
    leaf_targetids: [0, 1, 2, 0],
    leaf_weights: { reals: [1, -2, 3, 4] },
    n_targets: 3,
  };
  test("computes what ONNX Runtime does", () => expectRuntime(model("TreeEnsemble", 3, two), pairs(column)));

  test("a transform is refused, of which ONNX and its runtime say different things", () => {
    const softmax = model("TreeEnsemble", 3, { ...two, post_transform: 1 });
    assert.throws(() => importOnnx(softmax, "trees"), /post_transform 1: expected 0 \(NONE\)/);
  });

  test("a ring is refused", () => {
    const ring = { ...two, nodes_falsenodeids: [0, 1, 3] };
    assert.throws(
      () => importOnnx(model("TreeEnsemble", 3, ring), "trees"),
      /node 0: expected trees, found a ring of nodes/,
    );
  });
});

describe("scores become what ONNX Runtime makes of them", () => {
  const two = { classlabels_int64s: [0, 1] };
  const bothClasses = {
    class_treeids: [0, 0, 0, 0, 0, 0, 0, 0],
    class_nodeids: [3, 3, 4, 4, 5, 5, 6, 6],
    class_ids: [0, 1, 0, 1, 0, 1, 0, 1],
    class_weights: { floats: [0.25, 0.75, 0.5, 0.5, 1, 0, 0, 1] },
  };
  const cases: readonly [string, string, Attributes, number][] = [
    ["votes of one class", "NONE", { ...two, ...targets("class", [0, 0, 0, 0], [0.1, 0.4, 0.6, 1]) }, 2],
    ["one column of both signs", "NONE", { ...two, ...targets("class", [0, 0, 0, 0], [-1, 0.4, 0.6, 2]) }, 2],
    ["one column", "LOGISTIC", { ...two, ...targets("class", [0, 0, 0, 0], [-1, 0.4, 0.6, 2]) }, 2],
    ["the second column", "LOGISTIC", { ...two, ...targets("class", [1, 1, 1, 1], [-1, 0.4, 0.6, 2]) }, 2],
    ["two columns", "NONE", { ...two, ...bothClasses }, 2],
    [
      "three classes",
      "SOFTMAX",
      {
        classlabels_int64s: [0, 1, 2],
        ...targets("class", [0, 1, 2, 1], [-1, 0.4, 0.6, 2]),
        base_values: { floats: [0.5, -0.5, 1] },
      },
      3,
    ],
    [
      "three classes",
      "LOGISTIC",
      { classlabels_int64s: [0, 1, 2], ...targets("class", [0, 1, 2, 1], [-1, 0.4, 0.6, 2]) },
      3,
    ],
  ];
  for (const [name, post_transform, attributes, columns] of cases) {
    test(`${name}, ${post_transform}`, () =>
      expectRuntime(
        model("TreeEnsembleClassifier", columns, {
          ...nodes("BRANCH_LEQ", "BRANCH_LEQ"),
          ...attributes,
          post_transform,
        }),
        pairs([-2, 0, 3]),
      ));
  }

  test("a regressor's base value and average", () =>
    expectRuntime(
      regressor({
        ...nodes("BRANCH_LEQ", "BRANCH_LEQ"),
        aggregate_function: "AVERAGE",
        base_values: { floats: [3] },
      }),
      pairs([-2, 0, 3]),
    ));
});

describe("missing values at equalities that lead to one node", () => {
  /** x = 1 or x = 2 leads to one leaf, anything else to another. */
  const chain = (numbers: readonly number[], missing: readonly number[]): Uint8Array =>
    model("TreeEnsembleRegressor", 1, {
      n_targets: 1,
      nodes_treeids: [0, 0, 0, 0],
      nodes_nodeids: [0, 1, 2, 3],
      nodes_featureids: [0, 0, 0, 0],
      nodes_modes: ["BRANCH_EQ", "BRANCH_EQ", "LEAF", "LEAF"],
      nodes_values: { floats: [...numbers, 0, 0] },
      nodes_truenodeids: [2, 2, 0, 0],
      nodes_falsenodeids: [1, 3, 0, 0],
      nodes_missing_value_tracks_true: [...missing, 0, 0],
      target_treeids: [0, 0],
      target_nodeids: [2, 3],
      target_ids: [0, 0],
      target_weights: { floats: [1, 2] },
    });
  const values = [1, 2, 2.5, 40, 9, Number.NaN];
  const cases: readonly [readonly number[], readonly number[]][] = [
    [
      [1, 2],
      [0, 0],
    ],
    [
      [1, 2],
      [1, 0],
    ],
    [
      [1, 2],
      [1, 1],
    ],
    // Not numbers that ONNX Runtime makes a set of.
    [
      [1, 2.5],
      [0, 1],
    ],
    [
      [40, 2],
      [0, 1],
    ],
  ];
  for (const [numbers, missing] of cases)
    test(`${numbers} with ${missing}`, () => expectRuntime(chain(numbers, missing), pairs(values)));

  test("are refused where ONNX and its runtime decide differently", () => {
    assert.throws(
      () => importOnnx(chain([1, 2], [0, 1]), "trees"),
      /node 1 of tree 0: expected missing values to go where they do at node 0 of tree 0/,
    );
  });
});

describe("what is refused says why", () => {
  const good = nodes("BRANCH_LEQ", "BRANCH_LEQ");
  const cases: readonly [string, Attributes, RegExp][] = [
    ["PROBIT", { ...good, post_transform: "PROBIT" }, /post_transform PROBIT: expected one of NONE/],
    ["MIN", { ...good, aggregate_function: "MIN" }, /aggregate_function MIN: expected SUM or AVERAGE/],
    [
      "a ring",
      { ...good, nodes_truenodeids: [1, 0, 5, 0, 0, 0, 0] },
      /node 0 of tree 0: expected trees, found a ring of nodes/,
    ],
    [
      "no such child",
      { ...good, nodes_falsenodeids: [9, 4, 6, 0, 0, 0, 0] },
      /leads to node 9, which does not exist/,
    ],
    [
      "an unknown mode",
      { ...good, ...{ nodes_modes: ["BRANCH_MEMBER", "LEAF", "LEAF", "LEAF", "LEAF", "LEAF", "LEAF"] } },
      /mode BRANCH_MEMBER/,
    ],
    [
      "a feature too many",
      { ...good, nodes_featureids: [2, 1, 1, 0, 0, 0, 0] },
      /feature 2: expected one of 2/,
    ],
    [
      "a target too many",
      { ...good, ...targets("target", [0, 0, 1, 0], [1, 2, 4, 8]) },
      /target 1: expected one of 1/,
    ],
    ["lists of other lengths", { ...good, nodes_modes: ["LEAF"] }, /modes: expected 7 values, found 1/],
  ];
  for (const [name, attributes, message] of cases) {
    test(name, () => {
      assert.throws(
        () => importOnnx(regressor(attributes), "trees"),
        (error) => error instanceof ModelError && message.test(error.message),
      );
    });
  }
});
