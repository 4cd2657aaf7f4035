import { identity } from "../../../../ir/axes.ts";
import { ModelError } from "../../../../ir/graph.ts";
import { isConstantValue, type Translation } from "../builder.ts";
import { isFloat } from "../constant.ts";
import { pickElements } from "../fold.ts";
import { axisWithin } from "./axis.ts";
import { embedding } from "./embedding.ts";
import { reshaped } from "./shaping.ts";
import { alongAxis, gridIndices, joined, slicedTensor, wholeSlice } from "./slicing.ts";

/** Neighbouring indices with equal distances, which are one slice. */
function runs(indices: readonly number[]): { begin: number; count: number; stride: number }[] {
  const list: { begin: number; count: number; stride: number }[] = [];
  for (const index of indices) {
    const last = list.at(-1);
    const step = last ? index - (last.begin + (last.count - 1) * last.stride) : 0;
    if (last && step !== 0 && (last.count === 1 || step === last.stride)) {
      last.stride = step;
      last.count++;
    } else list.push({ begin: index, count: 1, stride: 1 });
  }
  return list;
}

/** Indices are constants; of a computed tensor their parts are slices that are joined. Rows of a table are an embedding. */
export const gather: Translation = {
  type: "ai.onnx.Gather",
  summary: "with constant indices; rows of a constant table by integers from 0 on",
  translate(node) {
    const value = node.value(0);
    const { shape } = value;
    const axis = axisWithin(node.attributes.int("axis", 0), shape.length);
    const ids = node.value(1);
    if (isConstantValue(value) && isFloat(value.type) && axis === 0 && !isConstantValue(ids))
      return [embedding(node, value, ids)];
    const size = shape[axis]!;
    const indices = node.integers(1).map((i) => (i < 0 ? i + size : i));
    if (indices.length === 0 || indices.some((i) => i < 0 || i >= size))
      throw new ModelError(`expected indices within an axis of ${size}, found ${indices}`);
    const result = [...shape.slice(0, axis), ...node.constant(1).shape, ...shape.slice(axis + 1)];
    if (isConstantValue(value)) {
      const taken = shape.map((n, i) => (i === axis ? indices : identity(n)));
      return [pickElements(node.outputName(0), value, result, gridIndices(shape, taken))];
    }
    const parts = runs(indices).map(({ begin, count, stride }) => {
      const end = Math.max(-1, begin + count * stride);
      return slicedTensor(
        node,
        value,
        alongAxis(wholeSlice(shape), axis, begin, Math.min(end, size), stride),
      );
    });
    return [reshaped(node, joined(node, parts, axis), result)];
  },
};
