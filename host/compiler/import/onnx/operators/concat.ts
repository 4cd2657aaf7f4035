import { elements, ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { makeConstant } from "../fold.ts";
import { axisWithin } from "./axis.ts";

/** Constants side by side: mostly the sizes of a shape. */
function joinConstants(name: string, constants: readonly Constant[], axis: number): Constant {
  const [first] = constants as [Constant];
  const fits = constants.every(
    ({ type, shape }) =>
      type === first.type &&
      shape.length === first.shape.length &&
      shape.every((n, i) => i === axis || n === first.shape[i]),
  );
  if (!fits || first.type === "STRING")
    throw new ModelError(`constants ${constants.map(({ shape }) => `[${shape}]`).join(" ")} do not join`);
  const shape = first.shape.with(
    axis,
    constants.reduce((sum, constant) => sum + constant.shape[axis]!, 0),
  );
  const numbers = Array.from({ length: elements(first.shape.slice(0, axis)) }, (_, row) =>
    constants.map((constant) => {
      const length = elements(constant.shape.slice(axis));
      return [...constant.numbers.subarray(row * length, (row + 1) * length)];
    }),
  ).flat(2);
  return makeConstant(name, first.type, shape, numbers);
}

export const concat: Translation = {
  type: "ai.onnx.Concat",
  summary: "all",
  translate(node) {
    const axis = axisWithin(node.attributes.int("axis"), node.value(0).shape.length);
    const constants = node.constants();
    if (constants) return [joinConstants(node.outputName(0), constants, axis)];
    const inputs = Array.from({ length: node.inputCount }, (_, i) => node.tensor(i));
    return [node.add("concatenation", inputs, { axis })];
  },
};
