import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";
import { alongAxis, joined, slicedTensor, wholeSlice } from "./slicing.ts";

interface Padding {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Attributes before version 11, constant inputs since; with `axes` the others are not padded. */
function readPadding(node: Context, rank: number): Padding {
  const pads = node.opset < 11 ? node.attributes.ints("pads") : node.integers(1);
  const axes = node.has(3) ? node.integers(3).map((axis) => axisWithin(axis, rank)) : undefined;
  const count = axes?.length ?? rank;
  if (pads.length !== 2 * count)
    throw new ModelError(`pads: expected ${2 * count} numbers, found ${pads.length}`);
  const side = (from: number): number[] => {
    const result = Array<number>(rank).fill(0);
    for (let i = 0; i < count; i++) result[axes?.[i] ?? i] = pads[from + i]!;
    return result;
  };
  return { before: side(0), after: side(count) };
}

function fillValue(node: Context): number {
  if (node.opset < 11) return node.attributes.float("value", 0);
  return node.has(2) ? (node.constant(2).numbers[0] ?? 0) : 0;
}

/** The slice that negative paddings cut off. */
function cropped(node: Context, input: Tensor, { before, after }: Padding): Tensor {
  const slice = input.shape.reduce(
    (all, size, axis) => alongAxis(all, axis, Math.max(0, -before[axis]!), size + Math.min(0, after[axis]!)),
    wholeSlice(input.shape),
  );
  return slicedTensor(node, input, slice);
}

/** Indices outside 0..size-1 as those of the values that stand there. */
const MODES: Readonly<Record<string, (i: number, size: number) => number>> = {
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i),
  wrap: (i, size) => (i + size) % size,
};

/** A concatenation takes as many. */
const MOST_COPIES = 63;

/** Values of the tensor itself, joined to it along one axis. */
function extended(
  node: Context,
  tensor: Tensor,
  axis: number,
  mode: string,
  before: number,
  after: number,
): Tensor {
  const size = tensor.shape[axis]!;
  const source = MODES[mode];
  if (!source) throw new ModelError(`mode ${mode}: expected constant, edge, reflect or wrap`);
  if (Math.max(before, after) >= size + (mode === "wrap" ? 1 : 0) && mode !== "edge")
    throw new ModelError(`expected a padding smaller than the axis of ${size}, found ${before} and ${after}`);
  const part = (first: number, count: number): Tensor[] => {
    if (count === 0) return [];
    const [from, to] = [source(first, size), source(first + count - 1, size)];
    const step = from <= to ? 1 : -1;
    const copies = from === to ? count : 1;
    if (copies > MOST_COPIES)
      throw new ModelError(`expected a padding of at most ${MOST_COPIES}, found ${copies}`);
    const piece = alongAxis(wholeSlice(tensor.shape), axis, from, to + step, step);
    return Array<Tensor>(copies).fill(slicedTensor(node, tensor, piece));
  };
  return joined(node, [...part(-before, before), tensor, ...part(size, after)], axis);
}

export const pad: Translation = {
  type: "ai.onnx.Pad",
  summary: "constant, edge, reflect and wrap, by constants",
  translate(node) {
    const mode = node.attributes.string("mode", "constant");
    const input = node.tensor(0);
    const padding = readPadding(node, input.shape.length);
    const [before, after] = [padding.before, padding.after].map((list) =>
      list.map((n) => Math.max(0, n)),
    ) as [number[], number[]];
    const value = fillValue(node);
    const rest = cropped(node, input, padding);
    if (before.every((n, i) => n === 0 && after[i] === 0)) return [rest];
    if (mode === "constant") return [node.add("pad", [rest], { before, after, value })];
    return [
      rest.shape.reduce(
        (tensor, _, axis) => extended(node, tensor, axis, mode, before[axis]!, after[axis]!),
        rest,
      ),
    ];
  },
};
