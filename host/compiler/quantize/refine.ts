/**
 * Better integers for the same scales, layer after layer in execution order: weights rounded adaptively, then
 * biases corrected, each on what the layers before, refined already, make of the samples.
 */

import {
  type Attributes,
  type Graph,
  type Node,
  perTensor,
  type Tensor,
  type TensorData,
  tensorOf,
} from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { type Sample, toFloatInputs } from "../../ops/border.ts";
import { clamp } from "../../ops/fixed_point.ts";
import { operatorOf } from "../../ops/index.ts";
import { type Bound, bind } from "../../ops/operator.ts";
import { WEIGHT_LIMITS } from "../../ops/scales.ts";
import { type LayerRows, rowsOf } from "./layer_rows.ts";
import { evaluateLayer, traceOf } from "./layers.ts";
import { meanRows, momentsOf } from "./moments.ts";
import { type Replacement, replaceLayers, type Values } from "./replace_layers.ts";
import { outputError, roundAdaptively } from "./rounding.ts";

export interface Refinement {
  readonly rounding: boolean;
  readonly biasCorrection: boolean;
}

/** A layer, and what goes into it: of the float graph, and as real values of the integer one. */
interface Layer {
  readonly node: Node;
  readonly bound: Bound<Attributes>;
  readonly rows: LayerRows;
  readonly floatWeights: TensorData;
  readonly floatBias: TensorData | undefined;
  readonly floatInputs: readonly TensorData[];
  readonly inputs: readonly TensorData[];
  /** Real values of the float graph's output. */
  readonly targets: readonly TensorData[];
  /** Integer values of every input, by sample. */
  readonly integers: readonly (readonly (TensorData | undefined)[])[];
}

/** Every fourth sample is for judging what the others suggest. */
export const isHeldOut = (sample: number): boolean => sample % 4 === 3;

const fitting = <T>(values: readonly T[]): T[] => values.filter((_, i) => !isHeldOut(i));
const heldOut = <T>(values: readonly T[]): readonly T[] => {
  const found = values.filter((_, i) => isHeldOut(i));
  return found.length > 0 ? found : values;
};

const scaleAt = ({ quantization }: Tensor, channel: number): number =>
  quantization!.scales[quantization!.scales.length === 1 ? 0 : channel]!;

/** Weights with each channel rounded adaptively where that helps on samples held out. */
function roundWeights({ bound, rows, floatWeights, inputs }: Layer, centred: boolean): Tensor | undefined {
  const weights = bound.inputs[1]!;
  if (weights.dtype !== "int8") return undefined;
  const moments = momentsOf(rows, fitting(inputs), centred);
  const judges = momentsOf(rows, heldOut(inputs), centred);
  if (!moments || !judges) return undefined;
  const data = weights.data!.slice();
  for (let channel = 0; channel < rows.groups * rows.channels; channel++) {
    const group = Math.floor(channel / rows.channels);
    const at = (term: number): number => rows.weight(channel, term);
    const real = (term: number): number => floatWeights[at(term)]! / scaleAt(weights, channel);
    const steps = Float64Array.from({ length: rows.terms }, (_, term) => real(term));
    const rounded = roundAdaptively(steps, moments[group]!, WEIGHT_LIMITS.int8);
    const before = steps.map((step, term) => weights.data![at(term)]! - step);
    const after = steps.map((step, term) => rounded[term]! - step);
    if (outputError(after, judges[group]!) >= outputError(before, judges[group]!)) continue;
    rounded.forEach((value, term) => {
      data[at(term)] = value;
    });
  }
  return { ...weights, data };
}

/** By how much the mean of each channel's sum is off, in steps of the accumulator. */
function meanShift(layer: Layer): number[] {
  const { bound, rows, floatWeights, floatBias, floatInputs, inputs } = layer;
  const [input, weights, bias] = bound.inputs as [Tensor, Tensor, Tensor | undefined];
  const [wanted, found] = [meanRows(rows, fitting(floatInputs)), meanRows(rows, fitting(inputs))];
  const inputScale = perTensor(input).scale;
  return Array.from({ length: rows.groups * rows.channels }, (_, channel) => {
    const group = Math.floor(channel / rows.channels);
    const scale = scaleAt(weights, channel);
    let sum = floatBias?.[channel] ?? 0;
    for (let term = 0; term < rows.terms; term++) {
      const at = rows.weight(channel, term);
      sum += floatWeights[at]! * wanted[group]![term]! - weights.data![at]! * scale * found[group]![term]!;
    }
    return sum / (inputScale * scale) - (bias?.data?.[channel] ?? 0);
  });
}

/** Squared error of each output channel on the samples held out. */
function channelErrors({ node, bound, rows, targets, integers }: Layer, inputs: readonly Tensor[]): number[] {
  const output = bound.outputs[0]!;
  const { scale, zeroPoint } = perTensor(output);
  const channels = rows.groups * rows.channels;
  const errors = new Array<number>(channels).fill(0);
  const changed = { ...bound, inputs };
  const wanted = heldOut(targets);
  heldOut(integers).forEach((values, sample) => {
    const all = inputs.map((tensor, i) => tensor.data ?? values[i]);
    const [found] = evaluateLayer(node.op, changed, all);
    found!.forEach((q, i) => {
      errors[i % channels]! += ((q - zeroPoint) * scale - wanted[sample]![i]!) ** 2;
    });
  });
  return errors;
}

const INT32_MAX = 2 ** 31 - 1;

/** The bias with the shift of each channel taken out (Nagel et al. 2019, section 4.2); undefined where none helps. */
function correctBias(layer: Layer, unique: (name: string) => string): Tensor | undefined {
  const { bound, node, rows } = layer;
  const [input, weights] = bound.inputs as [Tensor, Tensor];
  const channels = rows.groups * rows.channels;
  const scales = Array.from({ length: channels }, (_, c) =>
    Math.fround(perTensor(input).scale * scaleAt(weights, c)),
  );
  const old = bound.inputs[2] ?? {
    name: unique(`${node.name}_correction`),
    dtype: "int32" as const,
    shape: [channels],
    data: new Int32Array(channels),
    quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 },
  };
  const shift = meanShift(layer);
  const moved = (keep: (channel: number) => boolean): Tensor => ({
    ...old,
    data: Int32Array.from(old.data!, (value, c) =>
      keep(c) ? clamp(Math.round(value + shift[c]!), -INT32_MAX, INT32_MAX) : value,
    ),
  });
  const before = channelErrors(layer, [input, weights, old]);
  const after = channelErrors(layer, [input, weights, moved(() => true)]);
  const helps = (channel: number): boolean => after[channel]! < before[channel]!;
  return after.some((_, channel) => helps(channel)) ? moved(helps) : undefined;
}

/** The layer with better constants. */
function refineLayer(
  layer: Layer,
  { rounding, biasCorrection }: Refinement,
  unique: (name: string) => string,
): Replacement {
  const tensors: Tensor[] = [];
  let { node, bound } = layer;
  const use = (i: number, tensor: Tensor): void => {
    tensors.push(tensor);
    const inputs = [...bound.inputs];
    inputs[i] = tensor;
    bound = { ...bound, inputs };
    node = { ...node, inputs: inputs.map((input) => input?.name ?? "") };
  };
  const rounded = rounding ? roundWeights(layer, biasCorrection) : undefined;
  if (rounded) use(1, rounded);
  const corrected = biasCorrection ? correctBias({ ...layer, node, bound }, unique) : undefined;
  if (corrected) use(2, corrected);
  return { nodes: [node], tensors };
}

/** The float graph's node that a node of the integer graph came from. */
const origins = (float: Graph): Map<string, Node> => new Map(float.nodes.map((node) => [node.name, node]));

function layerOf(
  float: Graph,
  origin: Node | undefined,
  node: Node,
  bound: Bound<Attributes>,
  traces: readonly Values[],
  values: readonly Values[],
): Layer | undefined {
  const rows = operatorOf(node.op).quantization.weights && rowsOf(node.op, bound);
  const input = bound.inputs[0]!;
  if (!rows || !origin || !input.quantization || bound.outputs[0]!.dtype === "int32") return undefined;
  const { scale, zeroPoint } = perTensor(input);
  return {
    node,
    bound,
    rows,
    floatWeights: tensorOf(float, origin.inputs[1]!).data!,
    floatBias: origin.inputs[2] ? tensorOf(float, origin.inputs[2]).data : undefined,
    floatInputs: traces.map((trace) => trace.get(origin.inputs[0]!)!),
    inputs: values.map((each) => Float32Array.from(each.get(input.name)!, (q) => (q - zeroPoint) * scale)),
    targets: traces.map((trace) => trace.get(origin.outputs[0]!)!),
    integers: values.map((each) => node.inputs.map((name) => each.get(name))),
  };
}

/** The integer graph of `float` with better weights and biases, judged layer by layer on every fourth sample. */
export function refine(
  float: Graph,
  quantized: Graph,
  samples: readonly Sample[],
  refinement: Refinement,
): Graph {
  const traces = samples.map((sample) => new Map(traceOf(float, toFloatInputs(float, sample))));
  const origin = origins(float);
  const unique = tensorNames(quantized);
  return replaceLayers(quantized, samples, (graph, node, values) => {
    const layer = layerOf(float, origin.get(node.name), node, bind(graph, node), traces, values);
    return layer && refineLayer(layer, refinement, unique);
  });
}
