import { placeAxes } from "../ir/axes.ts";
import { ModelError, type Shape } from "../ir/graph.ts";
import { denseStrides, evaluateMovement, isMovable, lowerMovement, type Movement } from "./movement.ts";
import { defineOperator } from "./operator.ts";

interface Slice {
  /** For each axis: the first index, the one that is not reached any more, and the step between. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
}

function movement(shape: Shape, { begin, end, strides }: Slice): Movement {
  const dense = denseStrides(shape);
  return {
    offset: dense.reduce((sum, stride, axis) => sum + begin[axis]! * stride, 0),
    sizes: shape.map((_, axis) => Math.ceil((end[axis]! - begin[axis]!) / strides[axis]!)),
    strides: dense.map((stride, axis) => stride * strides[axis]!),
  };
}

/** Whether begin and end lie in an axis of `size`, the way that the step goes. */
const isWithin = (size: number, begin: number, end: number, stride: number): boolean =>
  stride > 0
    ? 0 <= begin && begin < end && end <= size
    : stride < 0 && size > begin && begin > end && end >= -1;

/** Every stride-th value from `begin` to before `end` of each axis; with a negative stride, -1 is before the first. */
export const stridedSlice = defineOperator({
  name: "strided_slice",
  summary: "a part of a tensor, or every n-th value (also SLICE, SPLIT, Gather of one index)",
  arity: [1, 1],
  attributes: { begin: "ints", end: "ints", strides: "ints" },
  quantization: { output: { kind: "same" } },
  permute({ attributes }, axes, rank) {
    // An axis that is not there holds one value: it begins at 0 and ends at 1.
    const { begin, end, strides } = attributes;
    return {
      begin: placeAxes(begin, axes, rank, 0),
      end: placeAxes(end, axes, rank, 1),
      strides: placeAxes(strides, axes, rank, 1),
    };
  },
  types: ["int8", "int16", "int32", "uint32"],

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    const { begin, end, strides } = attributes;
    const lengths = [begin.length, end.length, strides.length];
    const fits =
      lengths.every((length) => length === shape.length) &&
      shape.every((size, axis) => isWithin(size, begin[axis]!, end[axis]!, strides[axis]!));
    if (!fits) {
      throw new ModelError(
        `node ${name}: expected a slice within [${shape}], found ${begin} to ${end} in steps of ${strides}`,
      );
    }
    const moved = movement(shape, attributes);
    if (!isMovable(moved))
      throw new ModelError(
        `node ${name}: expected a slice of at most 5 separate axes, found [${moved.sizes}]`,
      );
    return [moved.sizes];
  },

  evaluate: ({ attributes, inputs, outputs }, values) => [
    evaluateMovement(movement(inputs[0]!.shape, attributes), values[0]!, outputs[0]!),
  ],

  lower: ({ attributes, inputs, outputs }, to) =>
    lowerMovement(movement(inputs[0]!.shape, attributes), inputs[0]!, outputs[0]!, to),
});
