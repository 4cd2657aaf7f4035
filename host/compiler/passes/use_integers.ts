import { attempt } from "../../ir/faults.ts";
import {
  type Graph,
  ModelError,
  type Node,
  perTensor,
  type Quantization,
  readers,
  type Tensor,
  tensorOf,
} from "../../ir/graph.ts";
import { nameGiver } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";
import { symmetric } from "../../ops/scales.ts";
import { integerConstants } from "./integer_constants.ts";
import { removeIdentity } from "./remove_identity.ts";
import { stripBorders } from "./strip_borders.ts";

const sameScale = (a: Quantization | undefined, b: Quantization | undefined): boolean =>
  JSON.stringify([a?.scales, a?.zeroPoints]) === JSON.stringify([b?.scales, b?.zeroPoints]);

/** The graph that is being written; a float tensor that was dequantised is known by its integers. */
class Integers {
  private readonly tensors: Map<string, Tensor>;
  private readonly nodes: Node[] = [];
  /** By float tensor the quantised one with the same values. */
  private readonly integers = new Map<string, string>();
  private readonly tensorName: (base: string) => string;
  private readonly nodeName: (base: string) => string;
  private readonly users: ReadonlyMap<string, readonly Node[]>;
  private readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
    this.tensors = new Map(graph.tensors);
    this.users = readers(graph);
    this.tensorName = nameGiver(graph.tensors.keys());
    this.nodeName = nameGiver(graph.nodes.map(({ name }) => name));
  }

  private tensor = (name: string): Tensor => this.tensors.get(name)!;
  /** Reasons for which nodes have no integer form. */
  private readonly faults: string[] = [];
  private snapshot = (): Graph => ({ ...this.graph, tensors: this.tensors, nodes: this.nodes });

  /** A tensor like `name` of integers. */
  private declare(
    name: string,
    quantization: Quantization,
    base = `${name}/int8`,
    dtype: "int8" | "int16" = "int8",
  ): string {
    const { data: _, labels: _l, ...like } = this.tensor(name);
    const own = this.tensorName(base);
    this.tensors.set(own, { ...like, name: own, dtype, quantization });
    return own;
  }

  private addConstant(tensor: Tensor): string {
    const name = this.tensorName(`${tensor.name}/int8`);
    this.tensors.set(name, { ...tensor, name });
    return name;
  }

  private rescale(input: string, quantization: Quantization): string {
    if (sameScale(this.tensor(input).quantization, quantization)) return input;
    const output = this.declare(input, quantization, `${input}/rescaled`);
    this.nodes.push({
      name: this.nodeName(output),
      op: "quantize",
      inputs: [input],
      outputs: [output],
      attributes: {},
    });
    return output;
  }

  /** The one quantisation that everybody who reads the tensor wants of it. */
  private wanted(name: string): Quantization | undefined {
    const users = this.users.get(name) ?? [];
    const first = users[0]?.outputs[0];
    const scale = first === undefined ? undefined : tensorOf(this.graph, first).quantization;
    const agree = users.every(
      ({ op, outputs }) =>
        op === "quantize" && sameScale(tensorOf(this.graph, outputs[0]!).quantization, scale),
    );
    return agree && !this.graph.outputs.includes(name) ? scale : undefined;
  }

  /** Scale of a node's integer output; undefined where it has to stay float. */
  private outputScale(node: Node, inputs: readonly string[]): Quantization | undefined {
    const { output } = operatorOf(node.op).quantization;
    const wanted = this.wanted(node.outputs[0]!);
    if (output.kind === "fixed") return output.quantization;
    if (output.kind === "range") return wanted;
    const computed = inputs.map((name) => this.tensor(name)).filter(({ data }) => !data);
    const scales = computed.map(({ quantization }) => quantization);
    // Values that are only moved keep their scale, unless there are several to choose from.
    return scales.every((scale) => sameScale(scale, scales[0])) ? scales[0] : (wanted ?? scales[0]);
  }

  /**
   * A scale of int16 for a dense layer at the end, whose output the file leaves float as Brevitas does: it holds whatever
   * the weights can make of the input.
   */
  private endScale({ op, outputs, inputs }: Node, known: readonly string[]): Quantization | undefined {
    const isEnd =
      this.graph.outputs.includes(outputs[0]!) && (this.users.get(outputs[0]!) ?? []).length === 0;
    const [input, weights] = [this.tensor(known[0]!), this.tensor(inputs[1] ?? "")];
    if (op !== "fully_connected" || !isEnd || !weights?.data || !weights.quantization) return undefined;
    const { scale, zeroPoint } = perTensor(input);
    const greatest = scale * Math.max(127 - zeroPoint, 128 + zeroPoint);
    const bias = this.tensors.get(inputs[2] ?? "")?.data;
    const depth = weights.shape[1]!;
    const bounds = Array.from({ length: weights.shape[0]! }, (_, row) =>
      Array.from(weights.data!.subarray(row * depth, (row + 1) * depth)).reduce(
        (sum, w) => sum + Math.abs(w) * greatest,
        Math.abs(bias?.[row] ?? 0),
      ),
    );
    const bound = Math.max(...bounds);
    return symmetric(-bound, bound);
  }

  /** The node on integers, its output known as those and, for whoever still wants that, as float. */
  private convert(node: Node): boolean {
    const operator = operatorOf(node.op);
    const output = node.outputs[0]!;
    const known = node.inputs.map((name) =>
      name && this.tensor(name).data ? name : this.integers.get(name),
    );
    const isFloat = this.tensor(output).dtype === "float32" && !this.tensor(output).data;
    if (
      !isFloat ||
      node.outputs.length !== 1 ||
      known.some((name, i) => name === undefined && node.inputs[i] !== "")
    )
      return false;
    if (!operator.types.includes("int8")) return false;
    const inputs = known.map((name) => name ?? "");
    const own = this.outputScale(
      node,
      inputs.filter((name) => name !== ""),
    );
    const scale = own ?? this.endScale(node, inputs);
    if (!scale) return false;
    const moves = operator.quantization.output.kind === "same";
    const aligned = inputs.map((name) =>
      name !== "" && moves && !this.tensor(name).data ? this.rescale(name, scale) : name,
    );
    const integer = own
      ? this.declare(output, scale)
      : this.declare(output, scale, `${output}/int16`, "int16");
    const changed = { ...node, inputs: aligned, outputs: [integer] };
    const constants = integerConstants(this.snapshot(), changed);
    const names = new Map([...constants].map(([i, tensor]) => [i, this.addConstant(tensor)]));
    this.nodes.push({ ...changed, inputs: aligned.map((name, i) => names.get(i) ?? name) });
    this.integers.set(output, integer);
    return true;
  }

  /** Integers to whoever reads them as float: they were rounded to them before. */
  private release(name: string): void {
    const integer = this.integers.get(name)!;
    this.nodes.push({
      name: this.nodeName(`${name}/float`),
      op: "dequantize",
      inputs: [integer],
      outputs: [name],
      attributes: {},
    });
  }

  private visit(node: Node): void {
    const [input, output] = [node.inputs[0]!, node.outputs[0]!];
    const integer = this.integers.get(input);
    if (node.op === "dequantize") {
      this.integers.set(output, input);
      this.nodes.push(node);
    } else if (node.op === "quantize" && integer !== undefined) {
      this.nodes.push({ ...node, inputs: [integer] });
    } else if (attempt(this.faults, () => this.convert(node))) this.release(output);
    else this.nodes.push(node);
  }

  run(): Graph {
    for (const node of this.graph.nodes) this.visit(node);
    if (this.faults.length > 0) throw new ModelError(this.faults.join("; "), this.faults.join("\n"));
    return { ...this.graph, tensors: this.tensors, nodes: this.nodes };
  }
}

/**
 * Float operators between a dequantisation and a quantisation, as quantised ONNX models have them, become
 * operators on integers with the scales of the file: weights and biases are the integers they were.
 */
export function useIntegers(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === "dequantize")) return graph;
  return removeIdentity(stripBorders(new Integers(graph).run()));
}
