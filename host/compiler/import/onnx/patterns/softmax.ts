import type { OnnxModel } from "../model.ts";
import { inPlaceOf, rewriteNodes } from "./match.ts";

/** skl2onnx, naive Bayes: exp(x - log(sum of exp(x))) of two axes. */
export const softmax = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.Exp") return undefined;
    const sub = match.writer(node.inputs[0], "ai.onnx.Sub");
    const reshape = match.writer(sub?.inputs[1], "ai.onnx.Reshape");
    const sum = match.writer(reshape?.inputs[0], "ai.onnx.ReduceLogSumExp");
    const [x] = sub?.inputs ?? [];
    return x !== undefined && sum?.inputs[0] === x ? inPlaceOf(node, "ai.onnx.Softmax", [x]) : undefined;
  });
