import { AttributeReader } from "../attributes.ts";
import type { OnnxModel } from "../model.ts";
import { inPlaceOf, type Matcher, rewriteNodes } from "./match.ts";

/** Whether a value is what that reduction over the second of two axes, which stays as one of 1, makes of another. */
function reduces(match: Matcher, value: string | undefined, type: string, of: string | undefined): boolean {
  const node = match.writer(value, type);
  const reader = node && new AttributeReader(node.attributes);
  const axes = reader?.ints("axes") ?? [];
  const isRow = axes.length > 0 ? axes.join() === "1" : match.isNumber(node?.inputs[1], 1);
  return node !== undefined && isRow && node.inputs[0] === of && reader?.int("keepdims", 1) === 1;
}

/** skl2onnx, quadratic discriminants: exp(x - max) / (sum of exp(x - max)) of two axes. */
export const shiftedSoftmax = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    const exp = node.type === "ai.onnx.Div" ? match.writer(node.inputs[0], "ai.onnx.Exp") : undefined;
    const sub = match.writer(exp?.inputs[0], "ai.onnx.Sub");
    const [x] = sub?.inputs ?? [];
    const isShifted = reduces(match, sub?.inputs[1], "ai.onnx.ReduceMax", x);
    const isWhole = reduces(match, node.inputs[1], "ai.onnx.ReduceSum", exp?.outputs[0]);
    return x !== undefined && isShifted && isWhole ? inPlaceOf(node, "ai.onnx.Softmax", [x]) : undefined;
  });

/** skl2onnx, naive Bayes and mixtures: exp(x - log(sum of exp(x))) of two axes. */
export const softmax = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.Exp") return undefined;
    const sub = match.writer(node.inputs[0], "ai.onnx.Sub");
    const reshape = match.writer(sub?.inputs[1], "ai.onnx.Reshape");
    const sum = match.writer(reshape?.inputs[0], "ai.onnx.ReduceLogSumExp");
    const [x] = sub?.inputs ?? [];
    const isRow = reduces(match, sub?.inputs[1], "ai.onnx.ReduceLogSumExp", x);
    return x !== undefined && (isRow || sum?.inputs[0] === x)
      ? inPlaceOf(node, "ai.onnx.Softmax", [x])
      : undefined;
  });
