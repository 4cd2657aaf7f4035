import { ModelError, type Shape } from "../ir/graph.ts";
import { denseStrides, evaluateMovement, isMovable, lowerMovement, type Movement } from "./movement.ts";
import { defineOperator } from "./operator.ts";

function movement(shape: Shape, permutation: readonly number[]): Movement {
  const strides = denseStrides(shape);
  return {
    offset: 0,
    sizes: permutation.map((axis) => shape[axis]!),
    strides: permutation.map((axis) => strides[axis]!),
  };
}

/** Axis i of the output is axis `permutation[i]` of the input. */
export const transpose = defineOperator({
  name: "transpose",
  summary: "axes in another order",
  arity: [1, 1],
  attributes: { permutation: "ints" },
  quantization: { output: { kind: "same" } },
  moves: true,
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    const { permutation } = attributes;
    if (permutation.length !== shape.length || !shape.every((_, axis) => permutation.includes(axis)))
      throw new ModelError(`node ${name}: expected an order of ${shape.length} axes, found ${permutation}`);
    const moved = movement(shape, permutation);
    if (!isMovable(moved))
      throw new ModelError(`node ${name}: expected at most 5 separate groups of axes, found ${permutation}`);
    return [moved.sizes];
  },

  evaluate: ({ attributes, inputs, outputs }, values) => [
    evaluateMovement(movement(inputs[0]!.shape, attributes.permutation), values[0]!, outputs[0]!),
  ],

  lower: ({ attributes, inputs, outputs }, to) =>
    lowerMovement(movement(inputs[0]!.shape, attributes.permutation), inputs[0]!, outputs[0]!, to),
});
