import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** x, means and variances of the sum over features of (x - mean)^2 / variance, halved. */
function halfDistance(match: Matcher, value: string | undefined): readonly string[] | undefined {
  const half = match.writer(value, "ai.onnx.Mul");
  const sum = match.writer(half?.inputs[0], "ai.onnx.ReduceSum");
  const div = match.writer(sum?.inputs[0], "ai.onnx.Div");
  const pow = match.writer(div?.inputs[0], "ai.onnx.Pow");
  const sub = match.writer(pow?.inputs[0], "ai.onnx.Sub");
  const reshape = match.writer(sub?.inputs[0], "ai.onnx.Reshape");
  const isSquare = match.isNumber(pow?.inputs[1], 2) && match.isNumber(half?.inputs[1], 0.5);
  const inputs = [reshape?.inputs[0], sub?.inputs[1], div?.inputs[1]];
  const isConstant = inputs.slice(1).every((name) => match.constant(name)?.shape.length === 3);
  const found = inputs.filter((name) => name !== undefined);
  return isSquare && isConstant && found.length === 3 ? found : undefined;
}

function rewrite(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  if (node.type !== "ai.onnx.Add" || !match.constant(node.inputs[0])) return undefined;
  const likelihood = match.writer(node.inputs[1], "ai.onnx.Sub");
  if (!likelihood || !match.constant(likelihood.inputs[0])) return undefined;
  const found = halfDistance(match, likelihood.inputs[1]);
  if (!found) return undefined;
  return inPlaceOf(node, `${PRIVATE}.Gaussian`, [...found, node.inputs[0]!, likelihood.inputs[0]!]);
}

/** skl2onnx, GaussianNB: the logarithm of each class's likelihood and prior. */
export const gaussian = (model: OnnxModel): OnnxModel => rewriteNodes(model, rewrite);
