import { allocate, elements, ModelError, quantized, type TensorData } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";

function floatRow(x: TensorData): number[] {
  const greatest = Math.max(...x);
  const sum = Array.from(x, (value) => Math.exp(value - greatest)).reduce((a, b) => a + b, 0);
  return Array.from(x, (value) => value - greatest - Math.log(sum));
}

/** Over the last axis. */
export const logSoftmax = defineOperator({
  name: "log_softmax",
  summary: "logarithm of the softmax over the last axis",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "fixed", quantization: quantized(16 / 256, 127) } },

  infer({ name, inputs }) {
    const { shape } = inputs[0]!;
    if (shape.length < 1) throw new ModelError(`node ${name}: expected at least one axis, found a scalar`);
    return [shape];
  },

  evaluate({ name, inputs, outputs }, values) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    if (output.dtype !== "float32")
      throw new ModelError(`node ${name}: log_softmax of int8 is not supported`);
    const depth = input.shape.at(-1)!;
    const result = allocate(output.dtype, elements(output.shape));
    for (let row = 0; row < result.length; row += depth)
      result.set(floatRow(values[0]!.subarray(row, row + depth)), row);
    return [result];
  },

  lower({ name }) {
    throw new ModelError(`node ${name}: log_softmax of int8 is not supported`);
  },
});
