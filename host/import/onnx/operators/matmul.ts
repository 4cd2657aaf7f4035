import { ModelError } from "../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { dense, transpose } from "./dense.ts";

/** Only with weights: a constant [depth, outputs] on the right. */
export const matmul: Translation = {
  type: "ai.onnx.MatMul",
  translate(node) {
    const { name, shape, numbers } = node.floats(1);
    const [depth, outputs] = shape;
    if (shape.length !== 2 || !depth || !outputs) {
      throw new ModelError(`input ${name}: expected a matrix [depth, outputs], found [${shape}]`);
    }
    return [dense(node, node.tensor(0), outputs, { name, values: transpose(numbers, depth, outputs) })];
  },
};
