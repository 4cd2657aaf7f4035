import type { Attributes } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** An operator of one value that is one of ours; class labels stay with their scores. */
export const unary = (type: string, op: string, attributes: Attributes = {}): Translation => ({
  type,
  summary: "all",
  translate(node) {
    const input = node.tensor(0);
    return [node.label(node.add(op, [input], attributes), input.labels)];
  },
});

export const activations: readonly Translation[] = [
  unary("ai.onnx.Relu", "relu", { activation: "relu" }),
  unary("ai.onnx.Sigmoid", "logistic"),
  unary("ai.onnx.Tanh", "tanh"),
];
