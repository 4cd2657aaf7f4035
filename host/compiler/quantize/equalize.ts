/**
 * Cross-layer equalisation (Nagel et al. 2019, arXiv:1906.04721): between two layers with weights, channel i
 * may be divided by any s_i > 0 where the first writes it and multiplied by it where the second reads it, as
 * long as what lies between keeps factors. As weights have a scale per output channel here, the first layer's
 * ranges are those of its output's channels, which share one scale, rather than of its weights. Factors are
 * powers of two: the float model computes exactly what it did.
 */

import {
  elements,
  type Graph,
  type Node,
  readers,
  type Tensor,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import type { WeightMatrix } from "../../ops/traits.ts";

export interface Pair {
  readonly first: Node;
  readonly second: Node;
  /** Tensors from what the first writes to what the second reads. */
  readonly between: readonly string[];
  /** Channels of what lies between them. */
  readonly channels: number;
}

const matrixOf = (graph: Graph, node: Node): WeightMatrix | undefined =>
  operatorOf(node.op).matrix(bind(graph, node));

/** Channels of its input that a layer's weights tell apart. */
const inputChannels = ({ channelwise, inputs, outputs, inputChannel }: WeightMatrix): number =>
  channelwise ? inputChannel(outputs - 1) + 1 : inputs;

/** Whether channel c of the first layer is what meets the weights that `equalizePair` takes for it. */
function meets(graph: Graph, second: Node, input: Tensor, channels: number): boolean {
  const weights = graph.tensors.get(second.inputs[1] ?? "");
  const matrix = matrixOf(graph, second);
  if (!weights?.data || !matrix || second.inputs[0] !== input.name) return false;
  const read = inputChannels(matrix);
  // Rows may hold the pixels of an image one after the other, channels innermost.
  return operatorOf(second.op).window ? read === channels : read % channels === 0;
}

/** The layer that alone reads what `first` writes, through operators that keep factors. */
function partner(graph: Graph, readBy: ReadonlyMap<string, readonly Node[]>, first: Node): Pair | undefined {
  let output = first.outputs[0]!;
  const channels = tensorOf(graph, output).shape.at(-1) ?? 1;
  const between = [output];
  for (;;) {
    const [reader, ...others] = readBy.get(output) ?? [];
    if (!reader || others.length > 0 || graph.outputs.includes(output)) return undefined;
    const operator = operatorOf(reader.op);
    if (operator.quantization.weights) {
      const second = reader;
      return meets(graph, second, tensorOf(graph, output), channels)
        ? { first, second, channels, between }
        : undefined;
    }
    const written = tensorOf(graph, reader.outputs[0]!).shape;
    const moves = operator.keepsOrder || written.at(-1) === channels;
    if (!operator.keepsFactors(bind(graph, reader)) || !moves) return undefined;
    output = reader.outputs[0]!;
    between.push(output);
  }
}

/** Pairs of layers whose common channels may be scaled, in execution order. */
export function equalizablePairs(graph: Graph): Pair[] {
  const readBy = readers(graph);
  const shared = (name: string): boolean => (readBy.get(name)?.length ?? 0) > 1;
  return graph.nodes.flatMap((first) => {
    const plain = ["none", "relu"].includes(first.attributes["activation"] as string);
    const constants = first.inputs.slice(1).filter((name) => name !== "");
    if (!operatorOf(first.op).quantization.weights || !plain || constants.some(shared)) return [];
    if (!constants.every((name) => tensorOf(graph, name).data)) return [];
    const pair = partner(graph, readBy, first);
    return pair && !shared(pair.second.inputs[1]!) ? [pair] : [];
  });
}

/** Greatest magnitude by channel. */
function magnitudes(data: ArrayLike<number>, channels: number, channelAt: (i: number) => number): number[] {
  const found = new Array<number>(channels).fill(0);
  for (let i = 0; i < data.length; i++) {
    const channel = channelAt(i);
    found[channel] = Math.max(found[channel]!, Math.abs(data[i]!));
  }
  return found;
}

/** Which output channel each weight of the first layer belongs to. */
function outputChannel({ op }: Node, { shape }: Tensor): (i: number) => number {
  const { axis } = operatorOf(op).quantization.weights!;
  const stride = elements(shape.slice(axis + 1));
  return (i) => Math.floor(i / stride) % shape[axis]!;
}

/** Least and greatest value of each channel that were seen of a tensor. */
export interface ChannelExtents {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Extents of all tensors between two layers of a pair, by name. */
export type Extents = ReadonlyMap<string, ChannelExtents>;

export const emptyExtents = (pairs: readonly Pair[]): Extents =>
  new Map(
    pairs.flatMap(({ between, channels }) =>
      between.map((name) => [
        name,
        {
          min: new Float64Array(channels).fill(Number.POSITIVE_INFINITY),
          max: new Float64Array(channels).fill(Number.NEGATIVE_INFINITY),
        },
      ]),
    ),
  );

/** Takes the values of one inference into account. */
export function addToExtents({ min, max }: ChannelExtents, data: ArrayLike<number>): void {
  const channels = min.length;
  for (let first = 0; first < data.length; first += channels) {
    for (let c = 0; c < channels; c++) {
      const value = data[first + c]!;
      if (value < min[c]!) min[c] = value;
      if (value > max[c]!) max[c] = value;
    }
  }
}

const magnitudesOf = ({ min, max }: ChannelExtents): number[] =>
  Array.from(min, (low, c) => Math.max(-low, max[c]!, 0));

/** Greatest factor, as a power of two: a channel that hardly ever fires may be louder another day. */
const MOST_LOG = 8;

/** s_i = sqrt(r1_i / r2_i), which makes both ranges sqrt(r1_i r2_i), around their mean and as powers of two. */
function factorsOf(graph: Graph, pair: Pair, extents: Extents): number[] {
  const { second, channels } = pair;
  const written = magnitudesOf(extents.get(pair.first.outputs[0]!)!);
  const weights = tensorOf(graph, second.inputs[1]!).data!;
  // A depthwise layer's weights have a scale for each channel: its side of the balance is free.
  const matrix = matrixOf(graph, second)!;
  const read = matrix.channelwise
    ? written.map((value) => 1 / (value || 1))
    : magnitudes(weights, channels, (i) => matrix.inputChannel(i) % channels);
  const logs = written.map((value, i) => (value > 0 && read[i]! > 0 ? Math.log2(value / read[i]!) / 2 : 0));
  const known = logs.filter((_, i) => written[i]! > 0 && read[i]! > 0);
  const mean = known.reduce((a, b) => a + b, 0) / (known.length || 1);
  return logs.map((log, i) => {
    if (!(written[i]! > 0 && read[i]! > 0)) return 1;
    return 2 ** Math.max(-MOST_LOG, Math.min(MOST_LOG, Math.round(log - mean)));
  });
}

const scaledBy = (tensor: Tensor, factorAt: (i: number) => number): Tensor => ({
  ...tensor,
  data: tensor.data!.map((value, i) => value * factorAt(i)),
});

/** A graph, and what was seen of the channels between its pairs of layers. */
export interface Seen {
  readonly graph: Graph;
  readonly extents: Extents;
}

/** The graph with a pair's channels scaled, and what would be seen of it; the same where they are balanced already. */
export function equalizePair(seen: Seen, pair: Pair): Seen {
  const { graph, extents } = seen;
  const { first, second, channels, between } = pair;
  const factors = factorsOf(graph, pair, extents);
  if (factors.every((factor) => factor === 1)) return seen;
  const [weights, bias] = [tensorOf(graph, first.inputs[1]!), graph.tensors.get(first.inputs[2] ?? "")];
  const writes = outputChannel(first, weights);
  const { inputChannel } = matrixOf(graph, second)!;
  const scaled = withTensors(graph, [
    scaledBy(weights, (i) => 1 / factors[writes(i)]!),
    ...(bias ? [scaledBy(bias, (i) => 1 / factors[i % channels]!)] : []),
    scaledBy(tensorOf(graph, second.inputs[1]!), (i) => factors[inputChannel(i) % channels]!),
  ]);
  // By powers of two: these are the values that another look at the samples would give.
  const narrowed = between.map((name) => {
    const { min, max } = extents.get(name)!;
    const by = (values: Float64Array) => values.map((value, c) => value / factors[c]!);
    return [name, { min: by(min), max: by(max) }] as const;
  });
  return { graph: scaled, extents: new Map([...extents, ...narrowed]) };
}
