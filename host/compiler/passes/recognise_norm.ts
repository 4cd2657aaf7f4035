import { elements, type Graph, type Node, type Tensor, withTensors } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { MAX_NORM_DEPTH } from "../../ops/layer_norm.ts";
import { removeUnused } from "./remove_unused.ts";

/**
 * Layer normalisation written out: what exporters make where a format, or its version, has no operator for it. In one
 * step it needs no integers for squares, whose range is that of the square of all values, nor a table of square roots.
 */

interface Row {
  /** The tensor that is normalised. */
  readonly x: string;
  /** The number of its last values that have one mean. */
  readonly depth: number;
}

interface Deviation extends Row {
  readonly center: boolean;
  readonly epsilon: number;
}

/** Questions about the nodes that write tensors. */
class Writers {
  private readonly graph: Graph;
  private readonly byOutput: ReadonlyMap<string, Node>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.byOutput = new Map(graph.nodes.map((node) => [node.outputs[0]!, node]));
  }

  tensor = (name: string | undefined): Tensor | undefined => this.graph.tensors.get(name ?? "");

  constant(name: string | undefined): Tensor | undefined {
    const tensor = this.tensor(name);
    return tensor?.data ? tensor : undefined;
  }

  number(name: string | undefined): number | undefined {
    const constant = this.constant(name);
    return constant?.data?.length === 1 ? constant.data[0] : undefined;
  }

  /** The inputs of the operator that writes a tensor, where it is that one and fuses no activation. */
  inputs(name: string | undefined, op: string): readonly [string, string] | undefined {
    const node = this.byOutput.get(name ?? "");
    if (node?.op !== op || (node.attributes["activation"] ?? "none") !== "none") return undefined;
    return [node.inputs[0]!, node.inputs[1] ?? ""];
  }

  /** The argument of a function of one value. */
  argument(name: string | undefined, of: string): string | undefined {
    const node = this.byOutput.get(name ?? "");
    return node?.op === "unary_function" && node.attributes["function"] === of ? node.inputs[0] : undefined;
  }

  square(name: string | undefined): string | undefined {
    const product = this.inputs(name, "mul");
    return product && product[0] === product[1] ? product[0] : this.argument(name, "square");
  }

  /** The rows of a mean over the last axes, which stay as axes of 1. */
  mean(name: string | undefined): Row | undefined {
    const node = this.byOutput.get(name ?? "");
    const axes = node?.attributes["axes"];
    if (node?.op !== "mean" || node.attributes["keepDims"] !== true || !Array.isArray(axes)) return undefined;
    const { shape } = this.tensor(node.inputs[0])!;
    const isLast = axes.every((axis, i) => axis === shape.length - axes.length + i);
    return isLast
      ? { x: node.inputs[0]!, depth: elements(shape.slice(shape.length - axes.length)) }
      : undefined;
  }

  /** The row whose mean a value has been taken from. */
  centred(name: string | undefined): Row | undefined {
    const [x, mean] = this.inputs(name, "sub") ?? [];
    const row = this.mean(mean);
    return row && row.x === x ? row : undefined;
  }

  /** Both orders of an operator whose operands may be exchanged. */
  *pairs(name: string | undefined, op: string): Generator<readonly [string, string]> {
    const found = this.inputs(name, op);
    if (found) yield found;
    if (found) yield [found[1], found[0]];
  }
}

/** The mean of squared distances from the mean, of squares less the squared mean, or of squares alone. */
function variance(writers: Writers, name: string | undefined): Omit<Deviation, "epsilon"> | undefined {
  const [squares, mean] = writers.inputs(name, "sub") ?? [];
  const whole = writers.mean(squares);
  const row = writers.mean(writers.square(mean));
  if (whole && row && writers.square(whole.x) === row.x && whole.depth === row.depth)
    return { ...row, center: true };
  const of = writers.mean(name);
  const value = writers.square(of?.x);
  if (!of || value === undefined) return undefined;
  const distance = writers.centred(value);
  if (distance) return distance.depth === of.depth ? { ...distance, center: true } : undefined;
  return { x: value, depth: of.depth, center: false };
}

/** variance + epsilon */
function guarded(writers: Writers, name: string | undefined): Deviation | undefined {
  for (const [sum, addend] of writers.pairs(name, "add")) {
    const [found, epsilon] = [variance(writers, sum), writers.number(addend)];
    if (found && epsilon !== undefined && epsilon >= 0) return { ...found, epsilon };
  }
  return undefined;
}

/** 1 / sqrt(variance + epsilon) */
function inverse(writers: Writers, name: string | undefined): Deviation | undefined {
  const [one, root] = writers.inputs(name, "div") ?? [];
  const divisor = writers.number(one) === 1 ? root : writers.argument(name, "reciprocal");
  const sum = writers.argument(name, "rsqrt") ?? writers.argument(divisor, "sqrt");
  return guarded(writers, sum);
}

interface Normalized extends Deviation {
  readonly factor?: Tensor | undefined;
  readonly addend?: Tensor | undefined;
}

/** A value, or its distance from the mean, over its deviation. */
function quotient(writers: Writers, name: string): Normalized | undefined {
  const isOf = (value: string | undefined, found: Deviation | undefined): found is Deviation => {
    if (!found?.center) return found !== undefined && value === found.x;
    const row = writers.centred(value);
    return row?.x === found.x && row.depth === found.depth;
  };
  const [value, root] = writers.inputs(name, "div") ?? [];
  const divisor = guarded(writers, writers.argument(root, "sqrt"));
  if (isOf(value, divisor)) return divisor;
  for (const [operand, factor] of writers.pairs(name, "mul")) {
    const found = inverse(writers, factor) ?? scaledInverse(writers, factor);
    if (isOf(operand, found)) return found;
  }
  return undefined;
}

/** factor / sqrt(variance + epsilon) */
function scaledInverse(writers: Writers, name: string | undefined): Normalized | undefined {
  for (const [value, constant] of writers.pairs(name, "mul")) {
    const [found, factor] = [inverse(writers, value), writers.constant(constant)];
    if (found && factor) return { ...found, factor };
  }
  return undefined;
}

/** The term beside x * inverse: -mean * inverse, perhaps with a constant; undefined where it is something else. */
function shift(writers: Writers, name: string, isTaken: boolean, scale: string, x: string) {
  const isMean = (value: string, sign: boolean): boolean => {
    const negated = writers.argument(value, "neg");
    return sign ? negated !== undefined && writers.mean(negated)?.x === x : writers.mean(value)?.x === x;
  };
  const isProduct = (value: string, negative: boolean): boolean =>
    [...writers.pairs(value, "mul")].some(([mean, factor]) => factor === scale && isMean(mean, negative));
  if (isProduct(name, !isTaken)) return { addend: undefined };
  if (isTaken) return undefined;
  const [constant, product] = writers.inputs(name, "sub") ?? [];
  if (writers.constant(constant) && isProduct(product!, false)) return { addend: writers.constant(constant) };
  for (const [sum, addend] of writers.pairs(name, "add"))
    if (writers.constant(addend) && isProduct(sum, true)) return { addend: writers.constant(addend) };
  return undefined;
}

/** x * inverse + (addend - mean * inverse), as batch normalisation is written. */
function expanded(writers: Writers, name: string): Normalized | undefined {
  const taken = writers.inputs(name, "sub");
  for (const [product, rest] of taken ? [taken] : writers.pairs(name, "add")) {
    for (const [x, scale] of writers.pairs(product, "mul")) {
      const found = inverse(writers, scale) ?? scaledInverse(writers, scale);
      if (!found?.center || found.x !== x) continue;
      const shifted = shift(writers, rest, taken !== undefined, scale, x);
      if (shifted) return { ...found, ...shifted };
    }
  }
  return undefined;
}

/** A constant as one number for each value of a row of `x`, or one for all. */
function perValue(
  constant: Tensor | undefined,
  depth: number,
  x: Tensor,
  none: number,
): Float32Array | undefined {
  if (!constant) return Float32Array.of(none);
  const { data, shape } = constant;
  if (!(data instanceof Float32Array)) return undefined;
  const first = x.shape.findLastIndex((_, axis) => elements(x.shape.slice(axis)) === depth);
  const row = x.shape.slice(first);
  const isRow = data.length === depth && shape.slice(-row.length).join() === row.join();
  return data.length === 1 || isRow ? data : undefined;
}

function nodeOf(graph: Graph, node: Node, found: Normalized, unique: (name: string) => string) {
  const x = graph.tensors.get(found.x)!;
  const lists = [perValue(found.factor, found.depth, x, 1), perValue(found.addend, found.depth, x, 0)];
  if (lists.some((list) => !list)) return undefined;
  const count = Math.max(...lists.map((list) => list!.length));
  const constants = ["factor", "addend"].map((role, i): Tensor => {
    const list = lists[i]!;
    const data = list.length === count ? list : new Float32Array(count).fill(list[0]!);
    return { name: unique(`${node.name}/${role}`), dtype: "float32", shape: [count], data };
  });
  const { depth, center, epsilon } = found;
  if (x.shape.join() !== graph.tensors.get(node.outputs[0]!)!.shape.join() || depth > MAX_NORM_DEPTH)
    return undefined;
  const attributes = { depth, inner: count === 1 ? depth : 1, center, epsilon };
  const inputs = [x.name, ...constants.map(({ name }) => name)];
  return { node: { ...node, op: "layer_norm", inputs, attributes }, constants };
}

/** A product or a sum with a constant right behind a normalisation goes into it. */
function absorbed(writers: Writers, graph: Graph, node: Node): Normalized | undefined {
  for (const [value, constant] of writers.pairs(node.outputs[0], node.op === "mul" ? "mul" : "add")) {
    const inner = graph.nodes.find(({ op, outputs }) => op === "layer_norm" && outputs[0] === value);
    const numbers = writers.constant(constant);
    const isOnly = graph.nodes.filter(({ inputs }) => inputs.includes(value)).length === 1;
    if (!inner || !numbers || !isOnly || graph.outputs.includes(value)) continue;
    const { depth, inner: width, center, epsilon } = inner.attributes as unknown as Record<string, number>;
    const [factor, addend] = inner.inputs.slice(1).map((name) => graph.tensors.get(name)!);
    const row = { x: inner.inputs[0]!, depth: depth! };
    const x = graph.tensors.get(row.x)!;
    const more = perValue(numbers, row.depth, x, 1);
    const [old, added] = [factor, addend].map((tensor) => tensor!.data as Float32Array);
    const isRow = old!.length === 1 || (width === 1 && old!.length === depth);
    if (!old || !added || !more || !isRow) continue;
    const count = Math.max(old.length, more.length);
    const at = (list: Float32Array, i: number): number => list[list.length === 1 ? 0 : i]!;
    const make = (of: (i: number) => number): Tensor => {
      const data = Float32Array.from({ length: count }, (_, i) => of(i));
      return { name: "", dtype: "float32", shape: [count], data };
    };
    const isMul = node.op === "mul";
    const result = { ...row, center: Boolean(center), epsilon: epsilon! };
    return {
      ...result,
      factor: make((i) => at(old, i) * (isMul ? at(more, i) : 1)),
      addend: make((i) => (isMul ? at(added, i) * at(more, i) : at(added, i) + at(more, i))),
    };
  }
  return undefined;
}

const isPlainFloat = (graph: Graph, { outputs, attributes }: Node): boolean =>
  graph.tensors.get(outputs[0]!)?.dtype === "float32" && (attributes["activation"] ?? "none") === "none";

/** Replaces the last node of each that is written out; one after the other, since each changes the graph. */
export function recogniseNorm(graph: Graph): Graph {
  const unique = tensorNames(graph);
  let current = graph;
  for (const { name } of graph.nodes) {
    const node = current.nodes.find((candidate) => candidate.name === name)!;
    if (!isPlainFloat(current, node)) continue;
    const writers = new Writers(current);
    const output = node.outputs[0]!;
    const found = quotient(writers, output) ?? expanded(writers, output) ?? absorbed(writers, current, node);
    const made = found && nodeOf(current, node, found, unique);
    if (!made) continue;
    const nodes = current.nodes.map((other) => (other === node ? made.node : other));
    current = withTensors({ ...current, nodes }, made.constants);
  }
  return current === graph ? graph : removeUnused(current);
}
