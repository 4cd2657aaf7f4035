import { elements, ModelError, type Shape } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { permuteAxis } from "./traits.ts";

/** The tensor as [outer, size, inner] around the axis. */
const around = (shape: Shape, axis: number) => ({
  outer: elements(shape.slice(0, axis)),
  size: shape[axis]!,
  inner: elements(shape.slice(axis + 1)),
});

const TYPES: readonly string[] = ["float32", "int8", "int16", "int32"];

/** An index along an axis, as int32: the first one where several values are equal. */
function argument(name: "arg_max" | "arg_min", sign: 1 | -1, summary: string) {
  return defineOperator({
    name,
    summary,
    arity: [1, 1],
    attributes: { axis: "int", keepDims: "boolean" },
    quantization: { output: { kind: "own" } },
    permute: permuteAxis,
    types: ["int32"],
    checkTypes: ({ inputs, outputs }) => {
      const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
      return TYPES.includes(from) && to === "int32"
        ? undefined
        : `${name} from ${from} to ${to} is not supported, only from ${TYPES.join(" and ")} to int32`;
    },
    outputType: () => ({ dtype: "int32" }),

    infer({ name: node, attributes, inputs }) {
      const { axis, keepDims } = attributes;
      const { shape } = inputs[0]!;
      if (axis < 0 || axis >= shape.length)
        throw new ModelError(`node ${node}: expected an axis below ${shape.length}, found ${axis}`);
      return [keepDims ? shape.with(axis, 1) : shape.filter((_, i) => i !== axis)];
    },

    evaluate({ attributes, inputs, outputs }, values) {
      const { size, inner } = around(inputs[0]!.shape, attributes.axis);
      const result = Int32Array.from({ length: elements(outputs[0]!.shape) }, (_, i) => {
        const first = Math.floor(i / inner) * size * inner + (i % inner);
        const row = Array.from({ length: size }, (_, k) => sign * values[0]![first + k * inner]!);
        return row.reduce((best, value, k) => (value > row[best]! ? k : best), 0);
      });
      return [result];
    },

    lower({ attributes, inputs, outputs }, to) {
      const [input, output] = [inputs[0]!, outputs[0]!];
      const flip = sign === 1 ? 0 : -1;
      const shared = { input, output, ...around(input.shape, attributes.axis) };
      if (input.dtype === "int8") return to.call("arg_max_s8", { ...shared, flip });
      to.call("arg_max_wide", { ...shared, bytes: input.dtype === "int16" ? 2 : 4, sign });
    },
  });
}

export const argMax = argument("arg_max", 1, "index of the greatest value along an axis, as int32");
export const argMin = argument("arg_min", -1, "index of the least value along an axis, as int32");
