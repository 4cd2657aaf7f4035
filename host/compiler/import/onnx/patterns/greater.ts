import type { OnnxModel } from "../model.ts";
import { inPlaceOf, PRIVATE, rewriteNodes } from "./match.ts";

/** skl2onnx, BernoulliNB: whether x is above a threshold, as a number. */
export const greater = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type !== "ai.onnx.Cast") return undefined;
    const compared = match.writer(node.inputs[0], "ai.onnx.Greater");
    const threshold = match.constant(compared?.inputs[1]);
    return compared && threshold?.numbers.length === 1
      ? inPlaceOf(node, `${PRIVATE}.Above`, compared.inputs)
      : undefined;
  });
