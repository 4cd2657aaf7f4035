import type { OnnxModel } from "../model.ts";
import { inPlaceOf, rewriteNodes } from "./match.ts";

/** skl2onnx, SGDClassifier: 1 / (exp(-x) + 1). */
export const sigmoid = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.Reciprocal") return undefined;
    const add = match.writer(node.inputs[0], "ai.onnx.Add");
    const exp = match.writer(add?.inputs[0], "ai.onnx.Exp");
    const negated = match.writer(exp?.inputs[0], "ai.onnx.Mul");
    const x = negated?.inputs[0];
    return x !== undefined && match.isNumber(add?.inputs[1], 1) && match.isNumber(negated?.inputs[1], -1)
      ? inPlaceOf(node, "ai.onnx.Sigmoid", [x])
      : undefined;
  });
