/** Kernels and whole modules on a few hundred random graphs each: see lowering/sweep.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { operators } from "../../host/ops/index.ts";
import { graphs } from "./lowering/graphs.ts";
import { int16Graphs } from "./lowering/int16_graphs.ts";
import { sweep } from "./lowering/sweep.ts";

/** Operators that become no kernel: one of a model's border, and one that ends inferences (import/frontend.test.ts). */
const BORDER = ["dequantize", "stride"];
/** Operators whose graphs are of either width: they have no separate ones of 16 bits. */
const BOTH = [
  "impute",
  "intervals",
  "layer_norm",
  "neighbours",
  "normalize",
  "select",
  "slide",
  "subtract_max",
  "svm_votes",
  "tree_ensemble",
];

sweep(300, 3);

test("every operator has its graphs", () => {
  const expected = [...operators.keys()].filter((op) => !BORDER.includes(op)).sort();
  assert.deepEqual(Object.keys(graphs).sort(), expected);
  const wide = expected.filter((op) => operators.get(op)!.types.includes("int16") && !BOTH.includes(op));
  assert.deepEqual(Object.keys(int16Graphs).sort(), wide);
});
