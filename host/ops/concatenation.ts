import { allocate, byteSize, elements, ModelError, type Shape, type Tensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";

/** Values of one input that lie together in the output, and how many such runs there are. */
const runs = (shape: Shape, axis: number): { rows: number; length: number } => ({
  rows: elements(shape.slice(0, axis)),
  length: elements(shape.slice(axis)),
});

/** All inputs and the output share one quantisation: values are copied, as TensorFlow Lite Micro does. */
export const concatenation = defineOperator({
  name: "concatenation",
  summary: "joining tensors along an axis",
  arity: [1, 64],
  attributes: { axis: "int" },
  quantization: { output: { kind: "same" } },
  keepsOrder: true,
  types: ["int8", "int16", "int32", "uint32"],

  infer({ name, attributes, inputs }) {
    const { axis } = attributes;
    const shapes = inputs.map((input) => input!.shape);
    const first = shapes[0]!;
    const fits = shapes.every(
      (shape) => shape.length === first.length && shape.every((n, i) => i === axis || n === first[i]),
    );
    if (axis < 0 || axis >= first.length || !fits) {
      throw new ModelError(
        `node ${name}: shapes ${shapes.map((s) => `[${s}]`).join(" ")} do not join along axis ${axis}`,
      );
    }
    return [first.map((n, i) => (i === axis ? shapes.reduce((sum, shape) => sum + shape[axis]!, 0) : n))];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const output = outputs[0]!;
    const result = allocate(output.dtype, elements(output.shape));
    const stride = runs(output.shape, attributes.axis).length;
    let offset = 0;
    inputs.forEach((input, i) => {
      const { rows, length } = runs(input!.shape, attributes.axis);
      for (let row = 0; row < rows; row++) {
        result.set(values[i]!.subarray(row * length, (row + 1) * length), row * stride + offset);
      }
      offset += length;
    });
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const output = outputs[0]!;
    const bytes = byteSize(output) / elements(output.shape);
    const outputStride = bytes * runs(output.shape, attributes.axis).length;
    let offset = 0;
    for (const input of inputs as readonly Tensor[]) {
      const { rows, length: values } = runs(input.shape, attributes.axis);
      const length = bytes * values;
      to.call("copy_s8", {
        input,
        output: to.at(output, offset),
        rows,
        length,
        inputStride: length,
        outputStride,
      });
      offset += length;
    }
  },
});
