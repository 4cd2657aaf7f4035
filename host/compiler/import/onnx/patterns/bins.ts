import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** x and the edges of ArgMax([x < edge, ..., 1]): the number of the bin that x is in. */
function binned(match: Matcher, argmax: OnnxNode | undefined): readonly string[] | undefined {
  if (argmax?.type !== "ai.onnx.ArgMax") return undefined;
  const concat = match.writer(argmax.inputs[0], "ai.onnx.Concat");
  const less = match.writer(concat?.inputs[0], "ai.onnx.Less");
  const last = match.writer(concat?.inputs[1], "ai.onnx.Add");
  const zero = match.writer(last?.inputs[0], "ai.onnx.Mul");
  const isOne = match.isNumber(last?.inputs[1], 1) && match.isNumber(zero?.inputs[1], 0);
  const edges = match.constant(less?.inputs[1]);
  const isAscending = edges?.numbers.every((edge, i) => i === 0 || edge > edges.numbers[i - 1]!);
  return less && isOne && isAscending && concat?.inputs.length === 2 ? less.inputs : undefined;
}

/** Whether the categories of a OneHotEncoder are all bins in order. */
function isEveryBin(encoder: OnnxNode, match: Matcher, edges: string): boolean {
  const categories = encoder.attributes.find(({ name }) => name === "cats_int64s")?.ints ?? [];
  const count = (match.constant(edges)?.numbers.length ?? 0) + 1;
  return categories.length === count && categories.every((category, i) => Number(category) === i);
}

/** skl2onnx, KBinsDiscretizer with encode "onehot-dense": one number for each bin, 1 where x is in it. */
export const bins = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.ml.OneHotEncoder") return undefined;
    const found = binned(match, match.writer(node.inputs[0], "ai.onnx.ArgMax"));
    return found && isEveryBin(node, match, found[1]!)
      ? inPlaceOf(node, `${PRIVATE}.Bins`, found)
      : undefined;
  });

/** skl2onnx, KBinsDiscretizer with encode "ordinal": the number of the bin. */
export const digitize = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    const found = binned(match, node);
    return found && inPlaceOf(node, `${PRIVATE}.Digitize`, found);
  });
