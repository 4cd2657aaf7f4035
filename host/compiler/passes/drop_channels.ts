import { elements, type Graph, type Node, perTensor, type Tensor, tensorOf } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { type Activation, activationRange, clampTo } from "../../ops/activation.ts";
import { channelMultipliers } from "../../ops/channel_scale.ts";
import { constantOutput } from "../../ops/constant_channels.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind, type Operator } from "../../ops/operator.ts";
import type { WeightMatrix } from "../../ops/traits.ts";

/**
 * Channels that have one value whatever the input, and channels that nobody reads, are left out: training leaves
 * many of them behind (more than half of some layers of MLPerf Tiny's visual wake words). What a constant channel
 * adds to the layers that read it becomes part of their biases. Exact: every output stays byte for byte the same.
 *
 * Two sweeps over an int8 graph: forwards, which channels are constant; backwards, which ones are needed.
 */
export function dropChannels(graph: Graph): Graph {
  const constants = findConstants(graph);
  const needed = findNeeded(graph, constants);
  const kept = new Map<string, readonly number[]>();
  for (const [name, flags] of needed) {
    const keep = flags.flatMap((flag, channel) => (flag ? [channel] : []));
    // A tensor without channels is none.
    if (keep.length < flags.length) kept.set(name, keep.length > 0 ? keep : [0]);
  }
  return kept.size === 0 ? graph : rewrite(graph, constants, kept);
}

/** Per channel the one value that it has, or undefined. */
type Constants = ReadonlyMap<string, readonly (number | undefined)[]>;

const channelsOf = (tensor: Tensor): number => tensor.shape.at(-1) ?? 0;
const isInt8 = ({ dtype }: Tensor): boolean => dtype === "int8";
const isPadded = (node: Node): boolean =>
  (node.attributes["padding"] as readonly number[]).some((n) => n > 0);

/** The role of a node for dropping channels: how it treats them, and its weights where it has some. */
type Role =
  | { readonly kind: "pool" | "view" }
  | { readonly kind: "conv" | "depthwise" | "dense"; readonly weights: Weights };

interface Weights extends WeightMatrix {
  readonly data: Int8Array;
}

/** Whether the output is the input's values under another shape, and nothing is computed. */
const isView = ({ moves, keepsOrder, elementwise }: Operator): boolean =>
  moves === true && keepsOrder === true && !elementwise;

/** How a node treats channels, if it is one whose channels can be left out. */
function roleOf(graph: Graph, node: Node): Role | undefined {
  const [input, output] = [tensorOf(graph, node.inputs[0]!), tensorOf(graph, node.outputs[0]!)];
  if (!isInt8(input) || !isInt8(output)) return undefined;
  const operator = operatorOf(node.op);
  if (operator.pools) return { kind: "pool" };
  const onePixel = [input, output].every(({ shape }) => elements(shape) === shape.at(-1));
  if (isView(operator)) return onePixel ? { kind: "view" } : undefined;
  return weightedRole(graph, node, input);
}

function weightedRole(graph: Graph, node: Node, input: Tensor): Role | undefined {
  const { window, matrix: matrixOf } = operatorOf(node.op);
  const [weights, bias] = [1, 2].map((i) => graph.tensors.get(node.inputs[i] ?? ""));
  const matrix = matrixOf(bind(graph, node));
  // The bias has to be there, for constants to be added to. Where windows overlap, no tap is the same everywhere.
  if (!matrix || !bias?.data || !(weights?.data instanceof Int8Array) || window === "transposed")
    return undefined;
  const all: Weights = { ...matrix, data: weights.data };
  if (matrix.channelwise)
    return matrix.outputs === channelsOf(input) ? { kind: "depthwise", weights: all } : undefined;
  if (window) return { kind: "conv", weights: all };
  return elements(input.shape) === matrix.inputs ? { kind: "dense", weights: all } : undefined;
}

/** Sums that an output channel can have, given which of its input channels are constant. */
function reach(
  weights: Weights,
  output: number,
  bias: number,
  zeroPoint: number,
  padded: boolean,
  constant: (input: number) => number | undefined,
): { low: number; high: number } {
  let [low, high] = [bias, bias];
  for (let input = 0; input < weights.inputs; input++) {
    const value = constant(input);
    for (let position = 0; position < weights.positions; position++) {
      const weight = weights.data[weights.at(output, position, input)]!;
      const ends = [((value ?? -128) - zeroPoint) * weight, ((value ?? 127) - zeroPoint) * weight];
      // A tap in the padding adds nothing.
      if (padded) ends.push(0);
      low += Math.min(...ends);
      high += Math.max(...ends);
    }
  }
  return { low, high };
}

function constantOutputs(graph: Graph, node: Node, role: Role, constants: Constants): (number | undefined)[] {
  const [input, output] = [tensorOf(graph, node.inputs[0]!), tensorOf(graph, node.outputs[0]!)];
  const range = activationRange(node.attributes["activation"] as Activation, output);
  const known = constants.get(input.name);
  if (!("weights" in role)) {
    return Array.from({ length: channelsOf(output) }, (_, i) =>
      known?.[i] === undefined ? undefined : clampTo(known[i], range),
    );
  }
  const { weights } = role;
  const bias = tensorOf(graph, node.inputs[2]!).data!;
  const factors = channelMultipliers(input, tensorOf(graph, node.inputs[1]!), output, weights.outputs);
  const { zeroPoint } = perTensor(input);
  return factors.map((factor, channel) => {
    const constant = (i: number): number | undefined => known?.[weights.channelwise ? channel : i];
    const sums = reach(weights, channel, bias[channel]!, zeroPoint, isPadded(node), constant);
    return constantOutput(sums, factor, perTensor(output).zeroPoint, range);
  });
}

function findConstants(graph: Graph): Constants {
  const constants = new Map<string, readonly (number | undefined)[]>();
  for (const node of graph.nodes) {
    const role = roleOf(graph, node);
    if (role === undefined || role.kind === "dense") continue;
    const known = constants.get(node.inputs[0]!);
    if (role.kind !== "view") constants.set(node.outputs[0]!, constantOutputs(graph, node, role, constants));
    else if (known !== undefined) constants.set(node.outputs[0]!, known);
  }
  return constants;
}

/** Whether what a constant channel adds to its reader is the same everywhere: not so at a padded border. */
const isFoldable = (graph: Graph, node: Node, role: Role, value: number | undefined): boolean =>
  value !== undefined &&
  (role.kind === "dense" ||
    !isPadded(node) ||
    value === perTensor(tensorOf(graph, node.inputs[0]!)).zeroPoint);

/** Which of its input's channels a node needs, given which of its output's are needed. */
function neededInputs(
  graph: Graph,
  node: Node,
  role: Role,
  constants: Constants,
  outputs: readonly boolean[],
): boolean[] {
  if (!("weights" in role) || role.weights.channelwise) return [...outputs];
  const { weights } = role;
  const known = constants.get(node.inputs[0]!);
  return Array.from({ length: weights.inputs }, (_, input) => {
    if (isFoldable(graph, node, role, known?.[input])) return false;
    return outputs.some((flag, output) => {
      if (!flag || constants.get(node.outputs[0]!)?.[output] !== undefined) return false;
      for (let position = 0; position < weights.positions; position++) {
        if (weights.data[weights.at(output, position, input)] !== 0) return true;
      }
      return false;
    });
  });
}

/** For the tensors whose channels can be left out, which ones somebody needs. */
function findNeeded(graph: Graph, constants: Constants): Map<string, boolean[]> {
  const needed = new Map<string, boolean[]>();
  const all = (name: string): boolean[] => new Array<boolean>(channelsOf(tensorOf(graph, name))).fill(true);
  const demand = (name: string, flags: readonly boolean[]): void => {
    const before = needed.get(name);
    needed.set(name, before ? before.map((flag, i) => flag || flags[i]!) : [...flags]);
  };
  for (const name of [...graph.inputs, ...graph.outputs]) demand(name, all(name));
  for (const node of graph.nodes.toReversed()) {
    const role = roleOf(graph, node);
    const outputs = needed.get(node.outputs[0]!) ?? [];
    for (const output of node.outputs) if (role === undefined) demand(output, all(output));
    node.inputs.forEach((name, i) => {
      if (name === "" || tensorOf(graph, name).data !== undefined) return;
      const flags =
        role === undefined || i > 0 ? all(name) : neededInputs(graph, node, role, constants, outputs);
      demand(name, flags);
    });
    // A dense layer's own outputs are not left out.
    if (role?.kind === "dense") demand(node.outputs[0]!, all(node.outputs[0]!));
  }
  return agree(graph, needed);
}

/** Where output channels are the input's, one by one, both keep what either needs. */
function agree(graph: Graph, needed: Map<string, boolean[]>): Map<string, boolean[]> {
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of graph.nodes) {
      const role = roleOf(graph, node);
      if (role === undefined || role.kind === "conv" || role.kind === "dense") continue;
      const [input, output] = [needed.get(node.inputs[0]!), needed.get(node.outputs[0]!)];
      if (!input || !output || input.join() === output.join()) continue;
      const both = input.map((flag, i) => flag || output[i]!);
      needed.set(node.inputs[0]!, both).set(node.outputs[0]!, [...both]);
      changed = true;
    }
  }
  return needed;
}

const pick = <T>(values: readonly T[], keep: readonly number[] | undefined): T[] =>
  keep === undefined ? [...values] : keep.map((i) => values[i]!);

function keepScales(tensor: Tensor, keep: readonly number[]): Tensor {
  const q = tensor.quantization;
  if (!q || q.scales.length === 1) return tensor;
  return {
    ...tensor,
    quantization: { ...q, scales: pick(q.scales, keep), zeroPoints: pick(q.zeroPoints, keep) },
  };
}

/** Weights and bias of a node that has lost some of its inputs or outputs. */
function shrink(
  graph: Graph,
  node: Node,
  weights: Weights,
  constants: Constants,
  kept: ReadonlyMap<string, readonly number[]>,
): { weights: Tensor; bias: Tensor } {
  const [old, bias] = [tensorOf(graph, node.inputs[1]!), tensorOf(graph, node.inputs[2]!)];
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const outputs = kept.get(node.outputs[0]!) ?? range(weights.outputs);
  const inputs = weights.channelwise ? [0] : (kept.get(node.inputs[0]!) ?? range(weights.inputs));
  const [known, own] = [constants.get(node.inputs[0]!), constants.get(node.outputs[0]!)];
  const { zeroPoint } = perTensor(tensorOf(graph, node.inputs[0]!));
  const lost = weights.channelwise ? [] : range(weights.inputs).filter((input) => !inputs.includes(input));
  const smaller = weights.resized(outputs.length, inputs.length);
  const data = new Int8Array(elements(smaller.shape));
  const sums = new Int32Array(outputs.length);
  outputs.forEach((output, o) => {
    const constant = (i: number): number | undefined => known?.[weights.channelwise ? output : i];
    const settled = !weights.channelwise && own?.[output] !== undefined;
    sums[o] = bias.data![output]!;
    if (settled) {
      // Any sum in reach gives the one value, and then no input is needed.
      sums[o] = reach(weights, output, bias.data![output]!, zeroPoint, isPadded(node), constant).low;
      return;
    }
    for (let position = 0; position < weights.positions; position++) {
      inputs.forEach((input, i) => {
        data[smaller.at(o, position, i)] = weights.data[weights.at(output, position, input)]!;
      });
      for (const input of lost) {
        sums[o]! +=
          ((known?.[input] ?? zeroPoint) - zeroPoint) * weights.data[weights.at(output, position, input)]!;
      }
    }
  });
  return {
    weights: { ...keepScales(old, outputs), shape: smaller.shape, data },
    bias: { ...keepScales(bias, outputs), shape: [outputs.length], data: sums },
  };
}

function rewrite(graph: Graph, constants: Constants, kept: ReadonlyMap<string, readonly number[]>): Graph {
  const tensors = new Map(graph.tensors);
  const unique = tensorNames(graph);
  const add = (tensor: Tensor, wish: string): string => {
    const name = unique(wish);
    tensors.set(name, { ...tensor, name });
    return name;
  };
  for (const [name, keep] of kept) {
    const tensor = tensorOf(graph, name);
    tensors.set(name, { ...tensor, shape: [...tensor.shape.slice(0, -1), keep.length] });
  }
  const nodes = graph.nodes.map((node) => {
    const role = roleOf(graph, node);
    if (role === undefined || role.kind === "pool") return node;
    if (!kept.has(node.inputs[0]!) && !kept.has(node.outputs[0]!)) return node;
    if (!("weights" in role)) {
      const { shape } = tensors.get(node.outputs[0]!)!;
      return { ...node, attributes: { ...node.attributes, shape } };
    }
    const { weights, bias } = shrink(graph, node, role.weights, constants, kept);
    const [input] = node.inputs as [string, ...string[]];
    // Other nodes may read the same weights: these are this node's own.
    const own = [add(weights, `${weights.name} of ${node.name}`), add(bias, `${bias.name} of ${node.name}`)];
    return { ...node, inputs: [input, ...own] };
  });
  return { ...graph, tensors, nodes };
}
