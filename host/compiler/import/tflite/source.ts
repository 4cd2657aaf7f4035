import { type Attributes, type DType, ModelError, type Shape, type Tensor } from "../../../ir/graph.ts";
import type { Activation } from "../../../ops/activation.ts";
import type { Options } from "./schema.ts";

/** A state that the operator keeps for itself, and that no tensor of the file is. */
export type NewState = { readonly dtype: DType; readonly shape: Shape };

/** The translation of a TFLite operator: an operator of ours, its attributes, and the inputs it keeps. */
export interface Translation {
  readonly op: string;
  readonly attributes: Attributes;
  /** Positions of the inputs that stay inputs; by default all. */
  readonly inputs?: readonly number[];
  /** Positions of the inputs that are variables, which the operator reads and writes. */
  readonly states?: readonly number[];
  /** Further states, behind the other inputs. */
  readonly newStates?: readonly NewState[];
}

/** One of several operators of ours that a TFLite operator becomes, in execution order. */
export interface Step {
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

/** The operator's own view of the file. */
export interface Source {
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
  readonly options: Options;
  /** A new tensor between two steps: of the type and quantisation of `like`. */
  between(like: Tensor, shape: Shape): Tensor;
}

export type Translate = (source: Source) => Translation | readonly Step[];

const ACTIVATIONS: readonly (Activation | undefined)[] = ["none", "relu", "relu_n1_to_1", "relu6"];

export function activation(options: Options, id: number): Activation {
  const code = options.byte(id);
  const name = ACTIVATIONS[code];
  if (!name) throw new ModelError(`fused activation ${code}: expected NONE, RELU, RELU_N1_TO_1 or RELU6`);
  return name;
}

export function input(source: Source, i: number): Tensor {
  const tensor = source.inputs[i];
  if (!tensor) throw new ModelError(`input ${i} is missing`);
  return tensor;
}

/** The numbers of a constant int32 input, such as axes or paddings. */
export function constantInts(source: Source, i: number): number[] {
  const tensor = input(source, i);
  if (!(tensor.data instanceof Int32Array))
    throw new ModelError(`input ${tensor.name}: expected a constant of int32`);
  return [...tensor.data];
}

export function imageSize(tensor: Tensor): [number, number] {
  const [, height, width] = tensor.shape;
  if (tensor.shape.length !== 4)
    throw new ModelError(`input ${tensor.name}: expected rank 4, found [${tensor.shape}]`);
  return [height!, width!];
}

/** The one number of a constant int32 input, an axis, counted from the front. */
export function constantAxis(source: Source, i: number, rank: number): number {
  const [axis] = constantInts(source, i);
  return countedAxis(axis ?? 0, rank);
}

/** Negative axes count from the back. Throws ModelError where there is no such axis. */
export function countedAxis(axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= rank) throw new ModelError(`axis ${axis}: expected one of ${rank} axes`);
  return counted;
}
