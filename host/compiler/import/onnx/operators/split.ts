import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";
import { alongAxis, sliced, wholeSlice } from "./slicing.ts";

/** Given as an attribute before version 13, as an input since; or else equal parts, the last one smaller. */
function sizesOf(node: Context, size: number): number[] {
  const attribute = node.attributes.ints("split");
  const given = node.has(1) ? node.integers(1) : attribute;
  const count = node.attributes.int("num_outputs", node.outputCount);
  const part = Math.ceil(size / count);
  const sizes =
    given.length > 0 ? given : Array.from({ length: count }, (_, i) => Math.min(part, size - i * part));
  if (sizes.includes(0)) throw new ModelError(`a size of 0 in ${sizes}: empty tensors are not supported`);
  if (sizes.some((n) => !(n > 0)) || sizes.reduce((a, b) => a + b, 0) !== size)
    throw new ModelError(`expected positive sizes that add up to ${size}, found ${sizes}`);
  return sizes;
}

export const split: Translation = {
  type: "ai.onnx.Split",
  summary: "into constant sizes or equal parts",
  translate(node) {
    const value = node.value(0);
    const axis = axisWithin(node.attributes.int("axis", 0), value.shape.length);
    let begin = 0;
    return sizesOf(node, value.shape[axis]!).map((size) => {
      const part = alongAxis(wholeSlice(value.shape), axis, begin, begin + size);
      begin += size;
      return sliced(node, value, part);
    });
  },
};
