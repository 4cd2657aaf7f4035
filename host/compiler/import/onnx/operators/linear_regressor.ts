import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { dense } from "./dense.ts";
import { readLinear } from "./linear.ts";

export const linearRegressor: Translation = {
  type: "ai.onnx.ml.LinearRegressor",
  summary: "all targets; no post_transform",
  translate(node) {
    const { input, rows, coefficients, intercepts } = readLinear(node);
    const transform = node.attributes.string("post_transform", "NONE");
    if (transform !== "NONE") throw new ModelError(`post_transform ${transform}: expected NONE`);
    const targets = node.attributes.int("targets", 1);
    if (targets !== rows)
      throw new ModelError(`expected coefficients for ${targets} targets, found ${rows} rows`);
    const weights = { name: node.nameOf("coefficients"), values: coefficients };
    return [dense(node, input, rows, weights, { name: node.nameOf("intercepts"), values: intercepts })];
  },
};
