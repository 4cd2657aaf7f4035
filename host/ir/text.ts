import { createHash } from "node:crypto";
import { plain, plainJson } from "../plain.ts";
import { type Graph, type Node, type Tensor, toBytes } from "./graph.ts";

/** A number the same way on every machine, short where it can be. */
const number = (value: number): string => String(Number(value.toPrecision(9)));

function type(tensor: Tensor): string {
  const base = `${tensor.dtype}[${tensor.shape.join("x")}]`;
  const q = tensor.quantization;
  if (!q) return base;
  const first = `${number(q.scales[0]!)}, ${q.zeroPoints[0]}`;
  return q.scales.length === 1
    ? `${base} q(${first})`
    : `${base} q(${first}, ... ${q.scales.length} along ${q.axis})`;
}

const digest = (tensor: Tensor): string =>
  createHash("sha256").update(toBytes(tensor.data!)).digest("hex").slice(0, 12);

function attributes(node: Node): string {
  const keys = Object.keys(node.attributes).sort();
  return keys.map((key) => ` ${plain(key)}=${plainJson(node.attributes[key], 0)}`).join("");
}

/** The caller's scaling of each feature, the first few of them. */
function scaling({ scaling: by }: Tensor): string {
  if (!by) return "";
  const features = by.factors.slice(0, 4).map((factor, i) => {
    const bins = by.edges?.[i]?.length;
    const scaled = `(x - ${number(by.offsets[i]!)}) * ${number(factor)}`;
    return bins === undefined ? scaled : `${bins + 1} bins of ${scaled}`;
  });
  return ` of ${features.join(", ")}${by.factors.length > 4 ? ", ..." : ""}`;
}

/**
 * The graph as stable text: equal graphs give equal text, and a diff of two dumps shows what a
 * stage did. Constants are shown by type and the start of their SHA-256.
 */
export function dumpGraph(graph: Graph): string {
  const of = (name: string): string => (name === "" ? "-" : plain(name));
  const lines = [`graph ${plain(graph.name)}`];
  for (const name of graph.inputs) {
    const tensor = graph.tensors.get(name)!;
    lines.push(`input ${plain(name)}: ${type(tensor)}${scaling(tensor)}`);
  }
  for (const tensor of graph.tensors.values()) {
    if (tensor.data) lines.push(`constant ${plain(tensor.name)}: ${type(tensor)} sha256 ${digest(tensor)}`);
  }
  for (const node of graph.nodes) {
    const outputs = node.outputs
      .map((name) => `${plain(name)}: ${type(graph.tensors.get(name)!)}`)
      .join(", ");
    lines.push(
      `${outputs} = ${node.op}(${node.inputs.map(of).join(", ")})${attributes(node)}  # ${plain(node.name)}`,
    );
  }
  for (const name of graph.outputs) lines.push(`output ${plain(name)}`);
  return `${lines.join("\n")}\n`;
}
