import type { OnnxModel } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** z of exp(z) + 1, either way round. */
function exponent(match: Matcher, value: string | undefined): string | undefined {
  const add = match.writer(value, "ai.onnx.Add");
  const [a, b] = add?.inputs ?? [];
  const exp = match.isNumber(b, 1) ? a : match.isNumber(a, 1) ? b : undefined;
  return match.writer(exp, "ai.onnx.Exp")?.inputs[0];
}

/** skl2onnx, CalibratedClassifierCV with sigmoids: 1 / (1 + exp(z)). */
export const negatedSigmoid = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.Div" || !match.isNumber(node.inputs[0], 1)) return undefined;
    const z = exponent(match, node.inputs[1]);
    return z === undefined ? undefined : inPlaceOf(node, `${PRIVATE}.NegatedSigmoid`, [z]);
  });

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
