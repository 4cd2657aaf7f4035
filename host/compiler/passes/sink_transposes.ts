import { type AxisMap, identity, invert, leavesOrder, permute, permuteData } from "../../ir/axes.ts";
import {
  elements,
  type Graph,
  ModelError,
  type Node,
  type Shape,
  type Tensor,
  tensorOf,
} from "../../ir/graph.ts";
import { nameGiver } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";
import { matchAxes, type View } from "./views.ts";

const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.join() === b.join();

/** The shape between the two steps of a view. */
const permutedShape = ({ permutation }: View, source: Shape): Shape => permute(source, permutation);

/**
 * The graph that is being written. A transposition or a change of shape is not written where it stands: its
 * output is kept as a view, and becomes a node where somebody needs the values in that order.
 */
class Sinking {
  private readonly tensors: Map<string, Tensor>;
  private readonly nodes: Node[] = [];
  private readonly views = new Map<string, View>();
  /** Written transpositions and changes of shape, by what they do. */
  private readonly written = new Map<string, string>();
  /** Tensors that stand in for those of the same values in another order, which may yet give up their names. */
  private readonly standIns = new Map<string, string>();
  private readonly tensorName: (base: string) => string;
  private readonly nodeName: (base: string) => string;
  private readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
    this.tensors = new Map(graph.tensors);
    this.tensorName = nameGiver(graph.tensors.keys());
    this.nodeName = nameGiver(graph.nodes.map(({ name }) => name));
  }

  private tensor = (name: string): Tensor => this.tensors.get(name)!;

  private viewOf(name: string): View {
    const { shape } = this.tensor(name);
    return this.views.get(name) ?? { source: name, permutation: identity(shape.length), shape };
  }

  private isMoved(view: View): boolean {
    const source = this.tensor(view.source).shape;
    return !same(view.permutation, identity(source.length)) || !same(view.shape, source);
  }

  private reorders = (view: View): boolean => !leavesOrder(this.tensor(view.source).shape, view.permutation);

  private write(node: Node, output: Tensor): void {
    this.tensors.set(output.name, output);
    this.nodes.push(node);
  }

  /** Writes `op` on `source` once, under the name of whoever asks first. */
  private move(source: string, op: "transpose" | "reshape", list: Shape, name: string): string {
    const key = JSON.stringify([source, op, list]);
    const known = this.written.get(key);
    if (known !== undefined) return known;
    const from = this.tensor(source);
    const attributes = op === "transpose" ? { permutation: list } : { shape: list };
    const shape = op === "transpose" ? permute(from.shape, list) : list;
    const { data: _, labels: _l, scaling: _s, ...rest } = from;
    const output = this.tensorName(`${name}/${op}`);
    const node: Node = { name: this.nodeName(output), op, inputs: [source], outputs: [output], attributes };
    this.write(node, { ...rest, name: output, shape });
    this.written.set(key, output);
    return output;
  }

  /** A tensor with the values of a view. */
  private materialise(view: View, name: string): string {
    const moved = this.reorders(view)
      ? this.move(view.source, "transpose", view.permutation, name)
      : view.source;
    return same(this.tensor(moved).shape, view.shape) ? moved : this.move(moved, "reshape", view.shape, name);
  }

  /** `name` in the order in which somebody reads it. */
  private value = (name: string): string => (name === "" ? name : this.materialise(this.viewOf(name), name));

  private addView(name: string, view: View): void {
    const source = this.tensor(view.source).shape;
    // Where the order stays, the permutation is no more than another shape.
    const plain = this.reorders(view) ? view : { ...view, permutation: identity(source.length) };
    this.views.set(name, plain);
  }

  /** The node on `inputs` instead of its own; its output is a view of what that writes. */
  private rewrite(node: Node, inputs: readonly string[], view: View, attributes = node.attributes): boolean {
    const output = node.outputs[0]!;
    const { labels: _, ...tensor } = this.tensor(output);
    const shape = this.infer({ ...node, inputs, attributes });
    if (!shape) return false;
    const name = this.tensorName(`${output}/moved`);
    this.write({ ...node, inputs, outputs: [name], attributes }, { ...tensor, name, shape });
    this.standIns.set(name, output);
    this.addView(output, { ...view, source: name, shape: tensor.shape });
    return true;
  }

  /** Kernels walk a few groups of axes only: an order in which they are too many is left as it was. */
  private infer({ name, op, inputs, attributes }: Node): Shape | undefined {
    const bound = inputs.map((input) => (input === "" ? undefined : this.tensor(input)));
    try {
      return operatorOf(op).infer({ name, attributes, inputs: bound })[0];
    } catch (error) {
      if (error instanceof ModelError) return undefined;
      throw error;
    }
  }

  private keep(node: Node): void {
    this.nodes.push({ ...node, inputs: node.inputs.map(this.value) });
  }

  private sinkTranspose(node: Node): boolean {
    const view = this.viewOf(node.inputs[0]!);
    const { permutation } = node.attributes as { permutation: number[] };
    const source = this.tensor(view.source).shape;
    if (same(view.shape, permutedShape(view, source))) {
      this.addView(node.outputs[0]!, {
        source: view.source,
        permutation: permute(view.permutation, permutation),
        shape: permute(view.shape, permutation),
      });
      return true;
    }
    const axes = matchAxes(view.shape, permutedShape(view, source));
    if (leavesOrder(view.shape, permutation) || !axes) {
      const moved = leavesOrder(view.shape, permutation) ? view : this.viewOf(this.value(node.inputs[0]!));
      const shape = permute(view.shape, permutation);
      const order = moved === view ? view.permutation : permutation;
      this.addView(node.outputs[0]!, { source: moved.source, permutation: order, shape });
      return true;
    }
    const long = permutation.flatMap((axis) => axes[axis] ?? []);
    const short = identity(source.length).filter((axis) => !long.includes(axis));
    this.addView(node.outputs[0]!, {
      source: view.source,
      permutation: permute(view.permutation, [...short, ...long]),
      shape: permute(view.shape, permutation),
    });
    return true;
  }

  private sinkReshape(node: Node): boolean {
    const { shape } = node.attributes as { shape: number[] };
    this.addView(node.outputs[0]!, { ...this.viewOf(node.inputs[0]!), shape });
    return true;
  }

  private sinkUnary(node: Node): boolean {
    const view = this.viewOf(node.inputs[0]!);
    return this.rewrite(node, [view.source], view);
  }

  /** A constant operand beside the source of a view, to which its axes belong. */
  private alignConstant(constant: Tensor, view: View): string | undefined {
    const source = this.tensor(view.source).shape;
    const between = permutedShape(view, source);
    const shape = this.constantShape(constant.shape, view.shape, between);
    if (!shape) return undefined;
    const inverse = invert(view.permutation);
    const name = this.tensorName(`${constant.name}/moved`);
    const data = permuteData(constant.data!, shape, inverse);
    this.tensors.set(name, { ...constant, name, shape: permute(shape, inverse), data });
    return name;
  }

  /** `constant`, which broadcasts to `shape`, as what broadcasts to the same values under the shape `to`. */
  private constantShape(constant: Shape, shape: Shape, to: Shape): Shape | undefined {
    if (elements(constant) === 1) return to.map(() => 1);
    if (constant.length > shape.length) return undefined;
    const axes = matchAxes(shape, to);
    const aligned = [...Array<number>(shape.length - constant.length).fill(1), ...constant];
    if (!axes) return elements(constant) === elements(to) && same(aligned, shape) ? to : undefined;
    const result = to.map(() => 1);
    for (const [i, n] of aligned.entries()) {
      if (n === 1) continue;
      const axis = axes[i];
      // It would make the result larger than what is read.
      if (axis === undefined || n !== shape[i]) return undefined;
      result[axis] = n;
    }
    return result;
  }

  /** Whether the axes of both sources are the same ones. */
  private isAlike(view: View, leader: View): boolean {
    const [a, b] = [this.tensor(view.source).shape, this.tensor(leader.source).shape];
    const onlyPermuted =
      same(permutedShape(view, a), view.shape) && same(permutedShape(leader, b), leader.shape);
    return (
      same(view.permutation, leader.permutation) &&
      (onlyPermuted || (same(a, b) && same(view.shape, leader.shape)))
    );
  }

  /** A computed operand as a tensor whose axes lie as those of `leader`'s source do. */
  private alignComputed(name: string, leader: View): string | undefined {
    const source = this.tensor(leader.source).shape;
    const view = this.viewOf(name);
    const between = this.tensor(view.source).shape;
    if (this.isAlike(view, leader)) return view.source;
    const shape = this.constantShape(view.shape, leader.shape, permutedShape(leader, source));
    if (!shape) return undefined;
    const inverse = invert(leader.permutation);
    if (leavesOrder(shape, inverse) && !this.reorders(view))
      return this.materialise(
        { ...view, permutation: identity(between.length), shape: permute(shape, inverse) },
        name,
      );
    const plain = this.materialise({ ...view, shape }, name);
    return this.materialise({ source: plain, permutation: inverse, shape: permute(shape, inverse) }, name);
  }

  /** Operators of several tensors: those that are moved like `leader` stay as they are, others follow. */
  private align(node: Node, leader: View): string[] | undefined {
    const inputs = node.inputs.map((name) => {
      const tensor = this.tensor(name);
      return tensor.data ? this.alignConstant(tensor, leader) : this.alignComputed(name, leader);
    });
    return inputs.every((name) => name !== undefined) ? (inputs as string[]) : undefined;
  }

  /** The input whose order the others take on: the largest of those that are moved. */
  private leaderOf(node: Node): View | undefined {
    const views = node.inputs.filter((name) => !this.tensor(name).data).map((name) => this.viewOf(name));
    const moved = views.filter((view) => this.isMoved(view));
    const size = (view: View): number => elements(view.shape) + (this.reorders(view) ? 0.5 : 0);
    return moved.sort((a, b) => size(b) - size(a))[0];
  }

  private sinkBinary(node: Node): boolean {
    const leader = this.leaderOf(node);
    // A smaller operand can't lead: the result has axes that it lacks.
    if (!leader || !same(leader.shape, this.tensor(node.outputs[0]!).shape)) return false;
    const inputs = this.align(node, leader);
    if (!inputs) return false;
    return this.rewrite(node, inputs, leader);
  }

  private sinkConcatenation(node: Node): boolean {
    const leader = this.leaderOf(node);
    if (!leader || !this.reorders(leader)) return false;
    const source = this.tensor(leader.source).shape;
    const between = permutedShape(leader, source);
    const axis = node.attributes["axis"] as number;
    if (!same(leader.shape, between)) return false;
    const inverse = invert(leader.permutation);
    const inputs = node.inputs.map((name) => {
      const tensor = this.tensor(name);
      const view = this.viewOf(name);
      if (tensor.data) return this.alignConstant(tensor, { ...leader, shape: tensor.shape, source: name });
      if (this.isAlike(view, leader)) return view.source;
      const plain = this.value(name);
      return this.materialise(
        { source: plain, permutation: inverse, shape: permute(tensor.shape, inverse) },
        name,
      );
    });
    return this.rewrite(node, inputs as string[], leader, { axis: leader.permutation[axis]! });
  }

  /** Operators along some axes of their only input. */
  private sinkAlongAxes(node: Node): boolean {
    const view = this.viewOf(node.inputs[0]!);
    const source = this.tensor(view.source).shape;
    const between = matchAxes(view.shape, permutedShape(view, source));
    if (!between) return false;
    const axes: AxisMap = between.map((axis) => (axis === undefined ? undefined : view.permutation[axis]!));
    const attributes = operatorOf(node.op).permute(node, axes, source.length);
    if (!attributes) return false;
    return this.rewrite(node, [view.source], view, attributes);
  }

  /** A dense layer over all values of a moved tensor: its weights are moved instead. */
  private sinkDense(node: Node): boolean {
    const [input, name] = node.inputs as [string, string];
    const [view, weights] = [this.viewOf(input), this.tensor(name)];
    const source = this.tensor(view.source).shape;
    const depth = weights.shape[1]!;
    const between = permutedShape(view, source);
    const first = between.findIndex((_, axis) => elements(between.slice(axis)) === depth);
    if (!weights.data || first < 0 || view.shape.at(-1) !== depth || !this.reorders(view)) return false;
    if (!same(view.permutation.slice(0, first), identity(first))) return false;
    const order = invert(view.permutation.slice(first).map((axis) => axis - first));
    const shape = [weights.shape[0]!, ...between.slice(first)];
    const moved = this.tensorName(`${name}/moved`);
    const data = permuteData(weights.data, shape, [0, ...order.map((axis) => axis + 1)]);
    this.tensors.set(moved, { ...weights, name: moved, data });
    const flat = this.materialise({ ...view, permutation: identity(source.length) }, input);
    this.nodes.push({ ...node, inputs: [flat, moved, ...node.inputs.slice(2).map(this.value)] });
    return true;
  }

  private sink(node: Node): boolean {
    const { op } = node;
    const [input, output] = [this.tensor(node.inputs[0]!), this.tensor(node.outputs[0]!)];
    if (op === "transpose" || op === "reshape") {
      const moves = JSON.stringify(input.quantization) === JSON.stringify(output.quantization) && !input.data;
      return moves && (op === "transpose" ? this.sinkTranspose(node) : this.sinkReshape(node));
    }
    if (!node.inputs.some((name) => this.views.has(name) && this.isMoved(this.viewOf(name)))) return false;
    const { elementwise } = operatorOf(op);
    if (elementwise === "unary") return this.sinkUnary(node);
    if (elementwise === "binary") return this.sinkBinary(node);
    if (op === "concatenation") return this.sinkConcatenation(node);
    if (op === "fully_connected") return this.sinkDense(node);
    return this.sinkAlongAxes(node);
  }

  /** The tensor that an output is now called as: it keeps its name where nothing else has to have it. */
  private output(name: string, renamed: Map<string, string>): string {
    if (!this.views.has(name)) return name;
    const value = this.value(name);
    const isBorder = this.graph.inputs.includes(value) || this.tensor(value).data !== undefined;
    if (isBorder || renamed.has(value) || this.graph.outputs.includes(value)) {
      const { data: _, ...tensor } = this.tensor(name);
      this.write(
        {
          name: this.nodeName(name),
          op: "reshape",
          inputs: [value],
          outputs: [name],
          attributes: { shape: tensor.shape },
        },
        tensor,
      );
    } else renamed.set(value, name);
    return name;
  }

  run(): Graph {
    for (const node of this.graph.nodes) if (!this.sink(node)) this.keep(node);
    const renamed = new Map<string, string>();
    for (const output of this.graph.outputs) this.output(output, renamed);
    const used = new Set(this.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
    for (const [name, original] of this.standIns) {
      if (!renamed.has(name) && !used.has(original) && !this.graph.outputs.includes(original))
        renamed.set(name, original);
    }
    const rename = (name: string): string => renamed.get(name) ?? name;
    const originals = this.graph.tensors;
    const tensors = [...this.tensors.values()]
      .filter(({ name, data }) => used.has(name) || data || this.graph.inputs.includes(name))
      .map((tensor) => {
        const name = rename(tensor.name);
        const labels = originals.get(name)?.labels;
        return { ...tensor, name, ...(labels && labels.length === tensor.shape.at(-1) && { labels }) };
      });
    return {
      ...this.graph,
      tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
      nodes: this.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
    };
  }
}

/**
 * Transpositions move towards the outputs, through whatever computes the same in another order of axes, until
 * they meet their inverse or a dense layer, whose weights are permuted instead. A network of convolutions that
 * came with its channels first is left with one at its input, or none where that has one channel. The values
 * of a tensor that a transposition has passed lie in another order; those of the outputs do not.
 */
export function sinkTransposes(graph: Graph): Graph {
  const isNeeded = graph.nodes.some(
    ({ op, inputs }) => op === "transpose" && !tensorOf(graph, inputs[0]!).data,
  );
  return isNeeded ? new Sinking(graph).run() : graph;
}
