import { allocate, byteSize, type DType, elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { OWN_TYPES } from "./signal.ts";

const TYPES: readonly DType[] = ["int8", "uint8", "int16", "int32", "uint32"];

/** Whole numbers in another type; what does not fit loses its upper bits (TensorFlow Lite Micro, CAST). */
export const cast = defineOperator({
  name: "cast",
  summary: "whole numbers in another type of integers",
  arity: [1, 1],
  attributes: {},
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: ({ inputs, outputs }) => {
    const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
    return TYPES.includes(from) && TYPES.includes(to)
      ? undefined
      : `cast from ${from} to ${to} is not supported`;
  },
  infer: ({ inputs }) => [inputs[0]!.shape],

  evaluate({ outputs }, values) {
    const result = allocate(outputs[0]!.dtype, values[0]!.length);
    result.set(values[0]!);
    return [result];
  },

  lower({ inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const [from, into] = [input, output].map(({ dtype }) => byteSize({ dtype, shape: [] })) as [
      number,
      number,
    ];
    if (from === into) {
      to.alias(output, input);
      return;
    }
    const inputBytes = input.dtype.startsWith("u") ? -from : from;
    to.call("cast", { input, output, length: elements(input.shape), inputBytes, outputBytes: into });
  },
});
