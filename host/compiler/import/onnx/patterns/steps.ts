import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** The node of that type that writes a value, behind nodes that change its shape only. */
function writerBehindShapes(match: Matcher, value: string | undefined, type: string): OnnxNode | undefined {
  let name = value;
  for (let steps = 0; steps < match.model.nodes.length; steps++) {
    const reshape = match.writer(name, "ai.onnx.Reshape");
    if (!reshape) break;
    [name] = reshape.inputs;
  }
  return match.writer(name, type);
}

/** x, places and heights: the height at the place that is nearest to x. */
function nearest(node: OnnxNode, match: Matcher): readonly string[] | undefined {
  const heights = match.constant(node.inputs[0]);
  const argmin = heights && writerBehindShapes(match, node.inputs[1], "ai.onnx.ArgMin");
  const abs = match.writer(argmin?.inputs[0], "ai.onnx.Abs");
  const sub = match.writer(abs?.inputs[0], "ai.onnx.Sub");
  const places = match.constant(sub?.inputs[1]);
  if (!sub || !places || places.shape.length !== 1 || heights?.shape.length !== 1) return undefined;
  const isAscending = places.numbers.every((place, i) => i === 0 || place > places.numbers[i - 1]!);
  const isWhole = places.numbers.length === heights.numbers.length && places.numbers.length > 1;
  return isAscending && isWhole ? [sub.inputs[0]!, sub.inputs[1]!, node.inputs[0]!] : undefined;
}

/** skl2onnx, isotonic regression in CalibratedClassifierCV: the value at the nearest of the training's scores. */
export const steps = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.ml.ArrayFeatureExtractor") return undefined;
    const found = nearest(node, match);
    return found && inPlaceOf(node, `${PRIVATE}.Steps`, found);
  });
