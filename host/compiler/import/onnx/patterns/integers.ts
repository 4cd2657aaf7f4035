import type { OnnxModel } from "../model.ts";
import { rewriteNodes } from "./match.ts";

/**
 * Operators that take a number for the integer which Cast makes of it, and a Cast of their results to float:
 * both change nothing, and integers are floats here.
 */
const OF_INTEGERS = ["ai.onnx.ml.OneHotEncoder"];

export const integers = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (!OF_INTEGERS.includes(node.type)) return undefined;
    const cast = match.model.nodes.find(
      ({ type, outputs }) => type === "ai.onnx.Cast" && outputs.includes(node.inputs[0] ?? ""),
    );
    return cast && { ...node, inputs: cast.inputs };
  });
