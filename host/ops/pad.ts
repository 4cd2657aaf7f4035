import { spreadAxes } from "../ir/axes.ts";
import { allocate, byteSize, elements, ModelError, perTensor, type Shape, type Tensor } from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { mergeLoops } from "./broadcast.ts";
import { defineOperator } from "./operator.ts";

/** Element strides of a dense tensor. */
function denseStrides(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

interface PadAttributes {
  /** Values added in front of each axis, then behind it. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** The real padding value in the tensor's own terms; the zero point stands for zero. */
function padValue({ value }: PadAttributes, output: Tensor): number {
  if (output.dtype === "float32") return value;
  const { scale, zeroPoint } = perTensor(output);
  // Rounded apart from the zero point, the end of a calibrated range may come out one too far.
  return clampTo(Math.round(value / scale) + zeroPoint, typeRange(output));
}

/** Where the input lies in the output: offset of its first element, and loops over runs of it. */
function placement(before: readonly number[], input: Shape, output: Shape) {
  const strides = denseStrides(output);
  const offset = before.reduce((sum, n, axis) => sum + n * strides[axis]!, 0);
  return { offset, strides, loops: runLoops(input, [denseStrides(input), strides]) };
}

/** Three loops over runs of neighbouring elements; the runs are single ones where the last axis has one. */
function runLoops(sizes: Shape, strides: readonly (readonly number[])[]) {
  const merged = mergeLoops(sizes, strides, 4);
  if (!merged || merged.sizes[3] === 1 || merged.strides[1]![3] === 1) return merged;
  const outer = mergeLoops(sizes, strides, 3);
  return outer && { sizes: [...outer.sizes, 1], strides: outer.strides.map((list) => [...list, 1]) };
}

const padded = (shape: Shape, { before, after }: PadAttributes): Shape =>
  shape.map((n, axis) => n + before[axis]! + after[axis]!);

export const pad = defineOperator({
  name: "pad",
  summary: "padding with a constant",
  arity: [1, 1],
  attributes: { before: "ints", after: "ints", value: "number" },
  quantization: { output: { kind: "same" } },
  keepsOrder: true,
  permute({ attributes }, axes, rank) {
    const before = spreadAxes(attributes.before, axes, rank, 0);
    const after = spreadAxes(attributes.after, axes, rank, 0);
    return before && after && { ...attributes, before, after };
  },
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    const { before, after } = attributes;
    if (
      before.length !== shape.length ||
      after.length !== shape.length ||
      [...before, ...after].some((n) => n < 0)
    ) {
      throw new ModelError(
        `node ${name}: expected ${shape.length} paddings >= 0 on each side, found ${before} and ${after}`,
      );
    }
    const output = padded(shape, attributes);
    if (!placement(before, shape, output).loops) {
      throw new ModelError(
        `node ${name}: expected padding on at most 4 separate axes, found ${before} and ${after}`,
      );
    }
    return [output];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const result = allocate(output.dtype, elements(output.shape)).fill(padValue(attributes, output));
    const { offset, strides } = placement(attributes.before, input.shape, output.shape);
    const inputStrides = denseStrides(input.shape);
    values[0]!.forEach((value, i) => {
      const to = inputStrides.reduce((sum, stride, axis) => {
        return sum + (Math.floor(i / stride) % input.shape[axis]!) * strides[axis]!;
      }, offset);
      result[to] = value;
    });
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const { offset, loops } = placement(attributes.before, input.shape, output.shape);
    const [size0, size1, size2, size3] = loops!.sizes as [number, number, number, number];
    const [stride0, stride1, stride2] = loops!.strides[1]! as [number, number, number];
    const shared = { input, output, value: padValue(attributes, output), size0, size1, size2, size3 };
    if (output.dtype === "int16") {
      to.call("pad_s16", {
        ...shared,
        length: elements(output.shape),
        offset: 2 * offset,
        stride0: 2 * stride0,
        stride1: 2 * stride1,
        stride2: 2 * stride2,
      });
    } else {
      to.call("pad_s8", { ...shared, outputBytes: byteSize(output), offset, stride0, stride1, stride2 });
    }
  },
});
