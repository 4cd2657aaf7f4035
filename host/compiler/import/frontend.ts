/** A front-end before a network: one graph of the two, for one module. */
import {
  elements,
  type Graph,
  ModelError,
  type Node,
  quantized,
  type Tensor,
  tensorOf,
} from "../../ir/graph.ts";
import { nameGiver } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";

const only = (graph: Graph, kind: "inputs" | "outputs", what: string): Tensor => {
  const [name, ...more] = graph[kind];
  if (name === undefined || more.length > 0)
    throw new ModelError(
      `${what} ${graph.name}: expected one of its ${kind} to join, found ${graph[kind].length}`,
    );
  return tensorOf(graph, name);
};

/** The graph under names that no tensor or node of the other has. */
function renamed(graph: Graph, other: Graph): Graph {
  const tensor = nameGiver([...other.tensors.keys()]);
  const node = nameGiver(other.nodes.map(({ name }) => name));
  const names = new Map([...graph.tensors.keys()].map((name) => [name, tensor(name)]));
  const of = (name: string): string => names.get(name) ?? name;
  const tensors = [...graph.tensors.values()].map((each) => ({
    ...each,
    name: of(each.name),
    ...(each.next !== undefined && { next: of(each.next) }),
  }));
  return {
    ...graph,
    tensors: new Map(tensors.map((each) => [each.name, each])),
    nodes: graph.nodes.map((each) => ({
      ...each,
      name: node(each.name),
      inputs: each.inputs.map(of),
      outputs: each.outputs.map(of),
    })),
    inputs: graph.inputs.map(of),
    outputs: graph.outputs.map(of),
  };
}

/** Whether the values of a tensor are whole numbers, which stand for themselves. */
function isWhole(graph: Graph, { name, quantization }: Tensor): boolean {
  const isPlain = !quantization || (quantization.scales[0] === 1 && quantization.zeroPoints[0] === 0);
  return isPlain && graph.nodes.some(({ op, outputs }) => outputs.includes(name) && operatorOf(op).unscaled);
}

/** Nodes and tensors that make the network's input from the features in the joined graph. */
function bridge(
  features: Tensor,
  input: Tensor,
  takesBytes: boolean,
  every: number,
): { nodes: Node[]; tensors: Tensor[] } {
  const { quantization, dtype } = input;
  const nodes: Node[] = [];
  const tensors: Tensor[] = [];
  const add = (
    op: string,
    name: string,
    from: readonly string[],
    to: readonly Tensor[],
    attributes = {},
  ): Tensor => {
    nodes.push({
      name: `frontend/${name}`,
      op,
      inputs: from,
      outputs: to.map((tensor) => tensor.name),
      attributes,
    });
    tensors.push(...to);
    return to[0]!;
  };
  const like = (name: string, shape: readonly number[]): Tensor => ({
    name: `frontend/${name}`,
    dtype,
    shape,
    ...(quantization && { quantization }),
  });
  const scaled = takesBytes
    ? add("cast", "bytes", [features.name], [like("bytes", features.shape)])
    : add("quantize", "scale", [features.name], [like("scaled", features.shape)]);
  const count = elements(input.shape);
  let last = scaled;
  if (elements(features.shape) < count) {
    const next = like("window_next", [count]);
    const state: Tensor = { ...like("window_state", [count]), next: next.name };
    tensors.push(state);
    last = add("slide", "window", [last.name, state.name], [like("window", [count]), next]);
  }
  if (every > 1) {
    const wait = (name: string, more = {}): Tensor => ({ name, dtype: "int32", shape: [1], ...more });
    const next = wait("frontend/wait_next");
    const state = wait("frontend/wait", { next: next.name });
    tensors.push(state);
    last = add("stride", "stride", [last.name, state.name], [like("turn", last.shape), next], { every });
  }
  add("reshape", "shape", [last.name], [{ ...input, shape: input.shape }], { shape: input.shape });
  return { nodes, tensors };
}

/**
 * The front-end's features as the network's input. A network that takes more values than the front-end makes at a time
 * sees the last of them, oldest first: each inference takes one input of the front-end and moves the window by one.
 *
 * Whole numbers go to a network of integers as the bytes that they are, since such a network was trained on them, and to
 * one that was quantised here as real numbers.
 * With a stride the network runs in the first inference and in every so many-th after it; the others bring nothing new.
 * @throws ModelError where the two do not fit
 */
export function joinFrontend(frontend: Graph, network: Graph, isQuantizedFile: boolean, stride = 1): Graph {
  const front = renamed(frontend, network);
  const features = only(front, "outputs", "front-end");
  const input = only(network, "inputs", "network");
  const [count, taken] = [elements(features.shape), elements(input.shape)];
  if (taken % count !== 0)
    throw new ModelError(
      `front-end ${frontend.name}: expected features of which ${taken} values of the network's input ${input.name} are a multiple, found ${count}`,
    );
  const takesBytes = isQuantizedFile && isWhole(front, features);
  if (features.dtype !== input.dtype && takesBytes)
    throw new ModelError(
      `front-end ${frontend.name}: expected ${input.dtype} as the network's input ${input.name} is, found ${features.dtype}`,
    );
  const { scaling: _, features: __, ...plain } = input;
  const made = { ...features, quantization: features.quantization ?? quantized(1, 0) };
  const between = bridge(made, plain, takesBytes, stride);
  const tensors = [...front.tensors.values(), made, ...network.tensors.values(), ...between.tensors];
  return {
    ...network,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    nodes: [...front.nodes, ...between.nodes, ...network.nodes],
    inputs: front.inputs,
    features: made.name,
  };
}
