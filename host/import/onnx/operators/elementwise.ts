import type { Attributes } from "../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** What operators that work on each element have in common. */

export const unary = (type: string, op: string, attributes: Attributes = {}): Translation => ({
  type,
  translate(node) {
    const input = node.tensor(0);
    return [node.label(node.add(op, [input], attributes), input.labels)];
  },
});

/** Two operands that broadcast by the rules of NumPy, in ONNX (since version 7) and here alike. */
export const binary = (type: string, op: string): Translation => ({
  type,
  translate: (node) => [node.add(op, [node.tensor(0), node.tensor(1)], { activation: "none" })],
});
