/** The borders of a graph, for the metadata and the descriptor of its module. Apart from border.ts, since it loads all operators. */
import { floatAt, floorPlace } from "../ir/float_order.ts";
import { elements, type Graph, type Tensor, tensorOf } from "../ir/graph.ts";
import { type Borders, type BorderTensor, borderOf } from "./border.ts";
import { type Decision, decisionOf } from "./decision.ts";
import { taskOf } from "./task.ts";

/** The greatest float32 up to a threshold: the same float32 values are above it. */
export const singleThreshold = (threshold: number): number => floatAt(floorPlace(threshold, false));

function borderTensor(tensor: Tensor, decision: Decision): BorderTensor {
  const { name, shape, features, labels, threshold, unit, units, stream } = tensor;
  const { dtype, ...border } = borderOf(tensor);
  return {
    name,
    dtype,
    source: "float32",
    shape,
    ...border,
    ...(unit !== undefined && { unit }),
    ...(units && { units }),
    ...(features && { features }),
    ...(labels && { labels }),
    ...(threshold !== undefined && { threshold: singleThreshold(threshold) }),
    ...(decision !== "none" && { decision }),
    ...(stream && { stream }),
  };
}

/** The borders of the graph's module, for its callers. */
export function bordersOf(graph: Graph): Borders {
  const task = taskOf(graph);
  const decides = (tensor: Tensor): Decision => decisionOf(tensor, elements(tensor.shape), task);
  return {
    ...(graph.task && { task: graph.task }),
    inputs: graph.inputs.map((name) => borderTensor(tensorOf(graph, name), "none")),
    outputs: graph.outputs.map((name) => {
      const tensor = tensorOf(graph, name);
      return borderTensor(tensor, decides(tensor));
    }),
  };
}
