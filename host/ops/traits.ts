/**
 * Traits: what passes and the quantiser ask an operator, so that none of them lists operators by name. A new operator
 * that leaves all of them out is computed correctly; each one that it states lets the compiler do more with it.
 */
import type { AxisMap } from "../ir/axes.ts";
import type { Attributes, Limits, Shape } from "../ir/graph.ts";
import type { Bound } from "./operator.ts";

/** The constant weights of a layer as a matrix for each kernel position: outputs x inputs. */
export interface WeightMatrix {
  readonly outputs: number;
  /** Input channels that one output channel reads. */
  readonly inputs: number;
  /** Places of the kernel's window; 1 where there is no window. */
  readonly positions: number;
  /** Whether an output channel reads one input channel only; then `inputs` is 1. */
  readonly channelwise: boolean;
  /** Index of the weight of an output channel, a position and an input channel. */
  at(output: number, position: number, input: number): number;
  /** Channel of the layer's input that the weight at `index` is multiplied with. */
  inputChannel(index: number): number;
  readonly shape: Shape;
  /** The matrix of weights with other numbers of channels. */
  resized(outputs: number, inputs: number): WeightMatrix;
}

export interface Traits<A> {
  /** Each output value depends on the values at its own place only: of one tensor, or of two that broadcast. */
  readonly elementwise?: "unary" | "binary";
  /** The output has the input's values in their order, perhaps with others among them. */
  readonly keepsOrder?: true;
  /** The output has the input's values, each once, at other places or of another shape or type. */
  readonly moves?: true;
  /**
   * The least and the greatest whole number that the node tells apart from its neighbours, and one more at each end for
   * all others: of its first input, or of one feature of that. Their steps may then not be wider than 1.
   */
  tells?(node: Bound<A>, feature?: number): Limits | undefined;
  /** A constant operand that changes nothing, and whether it may be either operand or the second only. */
  readonly neutral?: { readonly value: number; readonly operand: "either" | "second" };
  /** Saturates: differences of its inputs vanish in its outputs, so errors are measured in front of it. */
  readonly squashes?: true;
  /** A window over an image, with channels kept apart and no weights. */
  readonly pools?: true;
  /** f(s x) = s f(x) for every s > 0, channel by channel along the last axis; attribute `activation` aside. */
  keepsFactors?(node: Bound<A>): boolean;
  /** How the weights of a weighted sum of its input look; undefined where groups of channels are apart. */
  matrix?(node: Bound<A>): WeightMatrix | undefined;
  /** Weights of four bits, where `matrix` has any, are stored so if that pays (packed.ts). */
  readonly packs?: true;
  /** First and end of the places of a row outside of which its values are 0. */
  zeroOutside?(node: Bound<A>): readonly [number, number] | undefined;
  /** How a weighted sum moves over an image: zeros around it count as its `padding`, or it is the transpose of that. */
  readonly window?: "padded" | "transposed";
  /**
   * Attributes of the node when it reads a tensor of `rank` axes of which its own input is a permuted view: `axes` has
   * for each axis of the view that of the tensor. Undefined where that would compute something else.
   */
  permute?(node: { readonly attributes: A }, axes: AxisMap, rank: number): Attributes | undefined;
}

/** The matrix of filters [outputs, height, width, inputs], and of rows [outputs, inputs] without a window. */
export function filterMatrix(shape: Shape): WeightMatrix {
  const [outputs, inputs] = [shape[0]!, shape.at(-1)!];
  const positions = shape.slice(1, -1).reduce((product, n) => product * n, 1);
  return {
    outputs,
    inputs,
    positions,
    channelwise: false,
    at: (output, position, input) => (output * positions + position) * inputs + input,
    inputChannel: (index) => index % inputs,
    shape,
    resized: (rows, columns) => filterMatrix([rows, ...shape.slice(1, -1), columns]),
  };
}

/** The matrix of filters [1, height, width, channels * multiplier]. */
export function channelwiseMatrix(shape: Shape, multiplier: number): WeightMatrix {
  const outputs = shape.at(-1)!;
  return {
    outputs,
    inputs: 1,
    positions: shape.slice(0, -1).reduce((product, n) => product * n, 1),
    channelwise: true,
    at: (output, position) => position * outputs + output,
    inputChannel: (index) => Math.floor((index % outputs) / multiplier),
    shape,
    resized: (channels) => channelwiseMatrix([...shape.slice(0, -1), channels], multiplier),
  };
}

/** The trait `permute` of operators along one axis, which has to be one of the tensor's too; the output keeps its axes. */
export function permuteAxis(
  { attributes }: { readonly attributes: { readonly axis: number } },
  axes: AxisMap,
): Attributes | undefined {
  const axis = axes[attributes.axis];
  return axis === undefined ? undefined : { axis, keepDims: true };
}

/** The trait `permute` of reductions, whose output keeps its axes. */
export const permuteReduction = (
  { attributes }: { readonly attributes: { readonly axes: readonly number[] } },
  axes: AxisMap,
): Attributes => ({
  axes: attributes.axes.flatMap((axis) => axes[axis] ?? []).sort((a, b) => a - b),
  keepDims: true,
});

/** The trait `permute` of operators over the last axis: it has to stay the last. */
export const permuteLast = <A extends Attributes>(
  { attributes }: { readonly attributes: A },
  axes: AxisMap,
  rank: number,
): A | undefined => (axes.at(-1) === rank - 1 && rank > 0 ? attributes : undefined);
