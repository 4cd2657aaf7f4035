import { elements, ModelError, type Shape, type Tensor } from "../ir/graph.ts";
import { mergeLoops } from "./broadcast.ts";
import type { Bound } from "./operator.ts";

/** Parts that operators share that make one value of many: which values those are, and the loops of their kernels. */

export interface Axes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

interface ReductionAttributes {
  /** Ascending. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The input's kept and reduced axes with their element strides. */
export function splitAxes(shape: Shape, axes: readonly number[]): { kept: Axes; reduced: Axes } {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const pick = (wanted: boolean): Axes => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
    return { sizes: chosen.map((axis) => shape[axis]!), strides: chosen.map((axis) => strides[axis]!) };
  };
  return { kept: pick(false), reduced: pick(true) };
}

/** Offsets of all positions of some axes, in order: four bytes each, since a hostile file may reduce millions. */
export const offsets = ({ sizes, strides }: Axes): Int32Array =>
  sizes.reduce<Int32Array>((list, size, axis) => {
    const next = new Int32Array(list.length * size);
    for (let i = 0; i < next.length; i++) next[i] = list[Math.floor(i / size)]! + (i % size) * strides[axis]!;
    return next;
  }, new Int32Array(1));

/** Values that a reduction reads, however few it writes. */
export const reducedValues = ({ inputs }: Pick<Inputs, "inputs">): number => elements(inputs[0]!.shape);

type Inputs = Pick<Bound<ReductionAttributes>, "name" | "attributes" | "inputs">;

export function inferReduction({ name, attributes, inputs }: Inputs): readonly Shape[] {
  const { shape } = inputs[0]!;
  const { axes, keepDims } = attributes;
  if (axes.some((axis, i) => axis < 0 || axis >= shape.length || axis <= (axes[i - 1] ?? -1))) {
    throw new ModelError(`node ${name}: expected ascending axes below ${shape.length}, found ${axes}`);
  }
  const { kept, reduced } = splitAxes(shape, axes);
  if (!mergeLoops(kept.sizes, [kept.strides], 2) || !mergeLoops(reduced.sizes, [reduced.strides], 2)) {
    throw new ModelError(
      `node ${name}: expected at most two separate groups of axes, found ${axes} of [${shape}]`,
    );
  }
  return [
    keepDims
      ? shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
      : shape.filter((_, axis) => !axes.includes(axis)),
  ];
}

/** The kernel arguments for loops over kept and reduced axes; strides are in bytes. */
export function reductionArguments(
  input: Tensor,
  axes: readonly number[],
  bytes = 1,
): Record<string, number> {
  const { kept, reduced } = splitAxes(input.shape, axes);
  const outer = mergeLoops(kept.sizes, [kept.strides], 2)!;
  const inner = mergeLoops(reduced.sizes, [reduced.strides], 2)!;
  return {
    kept0: outer.sizes[0]!,
    kept1: outer.sizes[1]!,
    reduced0: inner.sizes[0]!,
    reduced1: inner.sizes[1]!,
    keptStride0: bytes * outer.strides[0]![0]!,
    keptStride1: bytes * outer.strides[0]![1]!,
    reducedStride0: bytes * inner.strides[0]![0]!,
    reducedStride1: bytes * inner.strides[0]![1]!,
  };
}
