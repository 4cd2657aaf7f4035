import {
  elements,
  fromBytes,
  type Graph,
  type Node,
  type Tensor,
  type TensorData,
  tensorOf,
  writers,
} from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";

/** More than any converter leaves between two scales. */
const MAX_STEPS = 16;

/** The one computed input of a node whose other inputs are single constants. */
function onlyInput(graph: Graph, node: Node): string | undefined {
  const computed = node.inputs.filter((name) => {
    const tensor = tensorOf(graph, name);
    return !tensor.data || elements(tensor.shape) !== 1;
  });
  return computed.length === 1 ? computed[0] : undefined;
}

/** The nodes from a dequantisation to the quantisation `last`, where they are a function of one 8-bit value. */
function chainTo(graph: Graph, last: Node, writer: ReadonlyMap<string, Node>): Node[] | undefined {
  const chain = [last];
  while (chain.length <= MAX_STEPS) {
    const before = writer.get(onlyInput(graph, chain[0]!) ?? "");
    if (!before) return undefined;
    chain.unshift(before);
    if (before.op === "dequantize") {
      const { dtype } = tensorOf(graph, before.inputs[0]!);
      return dtype === "int8" || dtype === "uint8" ? chain : undefined;
    }
    if (!operatorOf(before.op).elementwise) return undefined;
  }
  return undefined;
}

/** The chain's result for each of 256 values. */
function tableOf(graph: Graph, chain: readonly Node[]): number[] {
  const source = chain[0]!.inputs[0]!;
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const asRow = (tensor: Tensor): Tensor => ({ ...tensor, shape: tensor.data ? [] : [every.length] });
  let values: TensorData = fromBytes(tensorOf(graph, source).dtype, every);
  for (const node of chain) {
    const bound = bind(graph, node);
    const inputs = bound.inputs.map((tensor) => tensor && asRow(tensor));
    const row = { ...bound, inputs, outputs: bound.outputs.map(asRow) };
    const [result] = operatorOf(node.op).evaluate(
      row,
      inputs.map((tensor) => tensor?.data ?? values),
    );
    values = result!;
  }
  return [...values];
}

/**
 * Converters leave functions that they have no 8-bit version of in float, between a dequantisation and a
 * quantisation. All of it is one table.
 */
export function fuseTables(graph: Graph): Graph {
  const writer = writers(graph);
  const nodes = graph.nodes.map((node) => {
    if (node.op !== "quantize" || tensorOf(graph, node.inputs[0]!).dtype !== "float32") return node;
    const chain = chainTo(graph, node, writer);
    const output = tensorOf(graph, node.outputs[0]!);
    const [first] = chain ?? [];
    // A constant that broadcasts may have given the values another shape.
    if (!chain || !first || tensorOf(graph, first.inputs[0]!).shape.join() !== output.shape.join())
      return node;
    const attributes = { table: tableOf(graph, chain) };
    return { name: node.name, op: "lookup", inputs: [first.inputs[0]!], outputs: node.outputs, attributes };
  });
  return { ...graph, nodes };
}
