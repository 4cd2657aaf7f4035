/** The context of a Keras layer's translation, and the means to add to the graph on its behalf. */
import { type Attributes, type Limits, ModelError, type Shape, type Tensor } from "../../../ir/graph.ts";
import type { Builder } from "./builder.ts";
import type { Call } from "./calls.ts";
import type { Dataset } from "./hdf5.ts";
import type { Options } from "./options.ts";

export interface LayerView {
  readonly options: Options;
  /** The first number of the version of Keras that wrote the file: some functions changed in 3. */
  readonly keras: number;
  readonly inputs: readonly Tensor[];
  /** The only input. Throws ModelError where there are others. */
  readonly input: Tensor;
  readonly weights: readonly Dataset[];
  /** The weights, `count` of them. Throws ModelError where there are more or fewer. */
  takeWeights(count: number): readonly Dataset[];
  add(op: string, inputs: readonly (Tensor | undefined)[], attributes: Attributes): Tensor;
  /** Images of one row, by the signals of one dimension that were made from them. */
  readonly rows: Map<string, Tensor>;
  /** Leaves (x - offset) * factor to the caller; false where the input is no input of the model, or others read it. */
  scaleInput(offsets: readonly number[], factors: readonly number[]): boolean;
  /** Says that the input has whole numbers; false where it is no input of the model, or one of float that others read. */
  limitInput(integers: Limits): boolean;
  /** `role` says what the numbers are, e.g. "kernel". */
  constant(role: string, shape: Shape, numbers: ArrayLike<number>): Tensor;
}

/** How one Keras layer becomes operators of ours. Throws ModelError with the reason where it can't. */
export type Translate = (layer: LayerView) => Tensor;

interface Surroundings {
  readonly keras: number;
  readonly inputs: readonly Tensor[];
  readonly weights: readonly Dataset[];
  /** Whether no other layer and no output of the model reads the first input. */
  readonly isOnlyReader: boolean;
  readonly builder: Builder;
}

export function viewOf(
  { layer, path }: Call,
  { keras, inputs, weights, isOnlyReader, builder }: Surroundings,
): LayerView {
  return {
    options: layer.options,
    keras,
    inputs,
    get input() {
      if (inputs.length !== 1) throw new ModelError(`expected one input, found ${inputs.length}`);
      return inputs[0]!;
    },
    weights,
    takeWeights(count) {
      if (weights.length !== count)
        throw new ModelError(`expected ${count} weights in the file, found ${weights.length}`);
      return weights;
    },
    add: (op, given, attributes) => builder.addNode(path, op, given, attributes),
    rows: builder.rows,
    scaleInput: (offsets, factors) => isOnlyReader && builder.scaleInput(inputs[0]!, { offsets, factors }),
    limitInput: (integers) => builder.limitInput(inputs[0]!, integers, isOnlyReader),
    constant: (role, shape, numbers) => builder.addConstant(`${path}/${role}`, shape, numbers),
  };
}

/** Throws ModelError unless the weights have this shape. */
export function checkShape({ shape }: Dataset, expected: Shape, role: string): void {
  if (shape.join() !== expected.join())
    throw new ModelError(`${role}: expected shape [${expected}], found [${shape}]`);
}

/** Values along the last axis, which is what "channels_last" means. */
export function checkChannelsLast(options: Options): void {
  const format = options.text("data_format", "channels_last");
  if (format !== "channels_last")
    throw new ModelError(`data_format: expected channels_last, found ${format}`);
}

export function checkRankOf(tensor: Tensor, rank: number): void {
  if (tensor.shape.length !== rank)
    throw new ModelError(`expected an input of ${rank} axes, found [${tensor.shape}]`);
}

/** The size of the last axis. */
export const channelsOf = (tensor: Tensor): number => tensor.shape.at(-1) ?? 1;

/** A view of a signal of one dimension as an image of one row: the one that it was made from, where there is one. */
export function asRow(layer: LayerView, input: Tensor): Tensor {
  checkRankOf(input, 3);
  const [batch, width, channels] = input.shape;
  return (
    layer.rows.get(input.name) ?? layer.add("reshape", [input], { shape: [batch!, 1, width!, channels!] })
  );
}

export function fromRow(layer: LayerView, image: Tensor): Tensor {
  const [batch, , width, channels] = image.shape;
  const signal = layer.add("reshape", [image], { shape: [batch!, width!, channels!] });
  layer.rows.set(signal.name, image);
  return signal;
}

/** Runs a layer that does not care about axes next to the operator before it, so that the two can be fused. */
export function onRow(layer: LayerView, run: (input: Tensor) => Tensor): Tensor {
  const row = layer.rows.get(layer.input.name);
  return row ? fromRow(layer, run(row)) : run(layer.input);
}
