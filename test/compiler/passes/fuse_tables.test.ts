/** What a file computes in float between two scales becomes one table, with the same bytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseTables } from "../../../host/compiler/passes/fuse_tables.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { float, floatConstant, graphOf, int8, NONE, node, ops } from "../../support/graphs.ts";

const elu = (from: string, to: string) =>
  node("unary_function", [from], to, { function: "elu", alpha: 1, beta: 0 });

const every = [Uint8Array.from({ length: 256 }, (_, i) => i)];

test("functions and sums with a constant in between", () => {
  const graph = graphOf({
    tensors: [
      int8("x", [256], 0.03, -5),
      ...["a", "b", "c"].map((name) => float(name, [256])),
      floatConstant("half", [1], [0.5]),
      int8("y", [256], 0.011, 20),
    ],
    nodes: [
      node("dequantize", ["x"], "a"),
      node("add", ["half", "a"], "b", NONE),
      elu("b", "c"),
      node("quantize", ["c"], "y"),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  const simple = checkQuantized(simplify(graph), "simplify");
  assert.deepEqual(ops(simple), ["lookup"]);
  assert.deepEqual(runReference(simple, [every]), runReference(graph, [every]));
});

test("a sum with another tensor is no function of one value", () => {
  const graph = graphOf({
    tensors: [int8("x", [256]), float("z", [256]), float("a", [256]), float("b", [256]), int8("y", [256])],
    nodes: [node("dequantize", ["x"], "a"), node("add", ["a", "z"], "b", NONE), node("quantize", ["b"], "y")],
    inputs: ["x", "z"],
    outputs: ["y"],
  });
  assert.deepEqual(ops(simplify(graph)), ["dequantize", "add", "quantize"]);
});

test("nor is what reads its neighbours, or a constant of several values", () => {
  const between = [node("softmax", ["a"], "b", { beta: 1 }), node("mul", ["a", "many"], "b", NONE)];
  for (const middle of between) {
    const graph = graphOf({
      tensors: [
        int8("x", [2]),
        float("a", [2]),
        float("b", [2]),
        floatConstant("many", [2], [1, 2]),
        int8("y", [2]),
      ],
      nodes: [node("dequantize", ["x"], "a"), middle, node("quantize", ["b"], "y")],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(ops(fuseTables(graph)), ["dequantize", middle.op, "quantize"]);
  }
});
