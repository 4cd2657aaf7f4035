import { checkTime } from "../../budgets.ts";
import type { Vector } from "../../ir/graph.ts";
import {
  type Attributes,
  fromBytes,
  type Graph,
  initialState,
  statesOf,
  type TensorData,
  tensorOf,
  toBytes,
} from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { type Bound, bind } from "../../ops/operator.ts";

/** Values of all tensors of a graph for one set of inputs, by name. */
export type Trace = ReadonlyMap<string, TensorData>;

/** Values of the states of a graph between two inferences, by name. */
export type States = ReadonlyMap<string, TensorData>;

export const initialStates = (graph: Graph): States =>
  new Map(statesOf(graph).map((tensor) => [tensor.name, initialState(tensor)]));

/** The states after the inference whose values these are. */
export const nextStates = (graph: Graph, trace: Trace): States =>
  new Map(statesOf(graph).map(({ name, next }) => [name, (trace.get(next!) ?? trace.get(name))!]));

/** How a node is evaluated: by what `host/ops` says, or by what gives the same results sooner. */
export type Evaluate = (
  op: string,
  node: Bound<Attributes>,
  values: readonly (TensorData | undefined)[],
) => readonly TensorData[];

const byDefinition: Evaluate = (op, node, values) => operatorOf(op).evaluate(node, values);

/**
 * The reference interpreter: evaluates node by node what `host/ops` says each operator means. It
 * runs on the graph, float or quantised, not on a module; its results define what is right.
 */
export function evaluateGraph(
  graph: Graph,
  inputs: readonly TensorData[],
  states: States = initialStates(graph),
  evaluate: Evaluate = byDefinition,
): Trace {
  const values = new Map(states);
  for (const tensor of graph.tensors.values()) if (tensor.data) values.set(tensor.name, tensor.data);
  graph.inputs.forEach((name, i) => {
    values.set(name, inputs[i]!);
  });
  for (const node of graph.nodes) {
    checkTime();
    const results = evaluate(
      node.op,
      bind(graph, node),
      node.inputs.map((name) => values.get(name)),
    );
    const isOver = operatorOf(node.op).pauses(node.inputs.map((name) => values.get(name)));
    node.outputs.forEach((name, i) => {
      values.set(name, results[i]!);
    });
    // Layers behind keep their states.
    if (isOver) break;
  }
  return values;
}

/** All values for each of some inferences, one after the other: states go on from each to the next. */
export function evaluateInOrder(graph: Graph, inferences: readonly (readonly TensorData[])[]): Trace[] {
  let states = initialStates(graph);
  return inferences.map((inputs) => {
    const trace = evaluateGraph(graph, inputs, states);
    states = nextStates(graph, trace);
    return trace;
  });
}

/** The inputs of one inference from their bytes. */
export const fromVector = (graph: Graph, vector: Vector): TensorData[] =>
  graph.inputs.map((name, i) => fromBytes(tensorOf(graph, name).dtype, vector[i]!));

/** Graph outputs in order for each vector of raw input bytes, none where it brought nothing new; states go on from each to the next. */
export function runReference(graph: Graph, vectors: readonly Vector[]): Vector[] {
  let states = initialStates(graph);
  return vectors.map((vector) => {
    const trace = evaluateGraph(graph, fromVector(graph, vector), states);
    states = nextStates(graph, trace);
    if (graph.outputs.some((name) => !trace.has(name))) return [];
    return graph.outputs.map((name) => toBytes(trace.get(name)!));
  });
}
