import {
  type Attributes,
  elements,
  type Graph,
  type Limits,
  ModelError,
  type Node,
  type Scaling,
  type Shape,
  type Tensor,
} from "../../../ir/graph.ts";
import { nameGiver } from "../../../ir/names.ts";
import { operatorOf } from "../../../ops/index.ts";
import { checkRank, MAX_ELEMENTS } from "../importer.ts";

/** Gathers the graph that the layers become. */
export interface Builder {
  /** `integers`: limits of an input of whole numbers. */
  addInput(name: string, shape: Shape, integers?: Limits): Tensor;
  /** Says that an input has whole numbers; false where the tensor is no input, or one of float and with other readers. */
  limitInput(tensor: Tensor, integers: Limits, isOnlyReader: boolean): boolean;
  /** False where the tensor is no input of the graph, or is scaled already. */
  scaleInput(tensor: Tensor, scaling: Scaling): boolean;
  addNode(layer: string, op: string, inputs: readonly (Tensor | undefined)[], attributes: Attributes): Tensor;
  addConstant(name: string, shape: Shape, numbers: ArrayLike<number>): Tensor;
  /** See LayerView. */
  readonly rows: Map<string, Tensor>;
  /** The graph; an output that is also an input or another output gets a tensor of its own. */
  finish(name: string, outputs: readonly Tensor[]): Graph;
}

export function makeBuilder(): Builder {
  const tensors = new Map<string, Tensor>();
  const nodes: Node[] = [];
  const inputs: string[] = [];
  const uniqueTensor = nameGiver([]);
  const uniqueNode = nameGiver([]);

  const declare = (tensor: Tensor): Tensor => {
    checkRank(tensor.shape);
    if (!(elements(tensor.shape) <= MAX_ELEMENTS))
      throw new ModelError(`expected a tensor of at most ${MAX_ELEMENTS} elements, found [${tensor.shape}]`);
    tensors.set(tensor.name, tensor);
    return tensor;
  };

  const builder: Builder = {
    rows: new Map(),

    addInput(name, shape, integers) {
      const tensor = declare({
        name: uniqueTensor(name),
        dtype: "float32",
        shape,
        ...(integers && { integers }),
      });
      inputs.push(tensor.name);
      return tensor;
    },

    limitInput({ name }, integers, isOnlyReader) {
      const tensor = tensors.get(name)!;
      if (!inputs.includes(name) || !(isOnlyReader || tensor.integers)) return false;
      if (!tensor.integers) tensors.set(name, { ...tensor, integers });
      return true;
    },

    scaleInput(tensor, scaling) {
      if (!inputs.includes(tensor.name) || tensors.get(tensor.name)?.scaling) return false;
      tensors.set(tensor.name, { ...tensor, scaling });
      return true;
    },

    addNode(layer, op, given, attributes) {
      const [shape] = operatorOf(op).infer({ name: layer, attributes, inputs: given });
      const output = declare({ name: uniqueTensor(`${layer}/${op}`), dtype: "float32", shape: shape! });
      nodes.push({
        name: uniqueNode(layer),
        op,
        inputs: given.map((tensor) => tensor?.name ?? ""),
        outputs: [output.name],
        attributes,
      });
      return output;
    },

    addConstant(name, shape, numbers) {
      const data = Float32Array.from(numbers);
      const wrong = data.find((x) => !Number.isFinite(x));
      if (wrong !== undefined) throw new ModelError(`${name}: expected finite numbers, found ${wrong}`);
      return declare({ name: uniqueTensor(name), dtype: "float32", shape, data });
    },

    finish(name, outputs) {
      const seen = new Set(inputs);
      const own = outputs.map((output) => {
        const tensor = seen.has(output.name)
          ? builder.addNode(output.name, "reshape", [output], { shape: output.shape })
          : output;
        seen.add(tensor.name);
        return tensor.name;
      });
      return { name, tensors, nodes, inputs, outputs: own };
    },
  };
  return builder;
}
