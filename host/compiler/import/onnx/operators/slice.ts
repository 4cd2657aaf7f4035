import { ModelError, type Shape } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";
import { alongAxis, type Slice, sliced, wholeSlice } from "./slicing.ts";

interface Bounds {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

/** Attributes before version 10, constant inputs since. */
function readBounds(node: Context): Bounds {
  const lists =
    node.opset < 10
      ? ["starts", "ends", "axes", "steps"].map((name) => node.attributes.ints(name))
      : [1, 2, 3, 4].map((i) => (node.has(i) ? node.integers(i) : []));
  const [starts, ends, axes, steps] = lists as [number[], number[], number[], number[]];
  return {
    starts,
    ends,
    axes: axes.length > 0 ? axes : starts.map((_, i) => i),
    steps: steps.length > 0 ? steps : starts.map(() => 1),
  };
}

/** Negative positions count from the end; those beyond the axis stand for its ends. */
function resolve(shape: Shape, { starts, ends, axes, steps }: Bounds): Slice {
  if ([ends, axes, steps].some(({ length }) => length !== starts.length))
    throw new ModelError(
      `expected starts, ends, axes and steps of one length, found ${starts.length} starts`,
    );
  return axes.reduce((slice, given, i) => {
    const axis = axisWithin(given, shape.length);
    const [size, step] = [shape[axis]!, steps[i]!];
    if (step === 0) throw new ModelError("expected steps other than 0");
    const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
    const within = (n: number): number => Math.min(Math.max(n < 0 ? n + size : n, least), most);
    return alongAxis(slice, axis, within(starts[i]!), within(ends[i]!), step);
  }, wholeSlice(shape));
}

export const slice: Translation = {
  type: "ai.onnx.Slice",
  summary: "with constant bounds, forwards and backwards",
  translate(node) {
    const value = node.value(0);
    return [sliced(node, value, resolve(value.shape, readBounds(node)))];
  },
};
