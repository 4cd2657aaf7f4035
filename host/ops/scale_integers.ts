import { allocate, byteSize, type DType, elements } from "../ir/graph.ts";
import { clamp } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { OWN_TYPES, require } from "./signal.ts";

const TYPES: readonly DType[] = ["int8", "uint8", "int16", "int32", "uint32"];

/**
 * (x * factor + addend) / divisor + offset of whole numbers, clamped, in int32, and then of the output's type: what casts
 * and arithmetic with constants come to. Quotients lose their fraction; all else wraps.
 */
export const scaleIntegers = defineOperator({
  name: "scale_integers",
  summary: "whole numbers times a factor, by a divisor, clamped",
  arity: [1, 1],
  attributes: { factor: "int", addend: "int", divisor: "int", offset: "int", min: "int", max: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: ({ inputs, outputs }) => {
    const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
    return TYPES.includes(from) && TYPES.includes(to)
      ? undefined
      : `scaling of ${from} to ${to} is not supported`;
  },

  infer({ name, attributes, inputs }) {
    const { divisor } = attributes;
    require(name, divisor !== 0 && divisor !== -1, "a divisor other than 0 and -1", divisor);
    return [inputs[0]!.shape];
  },

  evaluate({ attributes: a, outputs }, values) {
    const result = allocate(outputs[0]!.dtype, values[0]!.length);
    values[0]!.forEach((x, i) => {
      const quotient = (((Math.imul(x, a.factor) + a.addend) | 0) / a.divisor) | 0;
      result[i] = clamp((quotient + a.offset) | 0, a.min, a.max);
    });
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const [from, into] = [input, output].map(({ dtype }) => byteSize({ dtype, shape: [] })) as [
      number,
      number,
    ];
    if (into <= from) to.overwrite(output, input);
    to.call("scale_integers", {
      input,
      output,
      length: elements(input.shape),
      ...attributes,
      inputBytes: input.dtype.startsWith("u") ? -from : from,
      outputBytes: into,
    });
  },
});
