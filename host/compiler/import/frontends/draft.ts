/** A graph of whole numbers, node by node: shapes follow from the operators. */
import {
  type Attributes,
  type DType,
  type Graph,
  type Node,
  type Quantization,
  quantized,
  type Shape,
  type Tensor,
  type TensorData,
} from "../../../ir/graph.ts";
import { operatorOf } from "../../../ops/index.ts";

/** Whole numbers of 8 and 16 bits stand for themselves, where nothing else is said. */
const plainScale = (dtype: DType): { quantization?: Quantization } =>
  dtype.endsWith("32") ? {} : { quantization: quantized(1, 0) };

const DTYPE_OF = new Map<unknown, DType>([
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
]);

export interface Draft {
  input(name: string, dtype: DType, shape: Shape, facts?: Partial<Tensor>): Tensor;
  constant(name: string, data: TensorData, shape?: Shape, facts?: Partial<Tensor>): Tensor;
  /** A state, whose next value the node writes that is given it. */
  state(name: string, dtype: DType, shape: Shape): Tensor;
  /** One node; next values of its states come behind the outputs of these types. */
  node(op: string, inputs: readonly Tensor[], attributes: Attributes, outputs: readonly DType[]): Tensor[];
  /** Says another scale of a tensor's values. */
  scale(tensor: Tensor, quantization: Quantization): Tensor;
  /** The graph, its nodes in the order in which they were made. */
  graph(name: string, output: Tensor): Graph;
}

export function draftGraph(): Draft {
  const tensors = new Map<string, Tensor>();
  const nodes: Node[] = [];
  const inputs: string[] = [];
  const put = (tensor: Tensor): Tensor => {
    tensors.set(tensor.name, tensor);
    return tensor;
  };
  const make = (name: string, dtype: DType, shape: Shape): Tensor => ({
    name,
    dtype,
    shape,
    ...plainScale(dtype),
  });
  return {
    input(name, dtype, shape, facts = {}) {
      inputs.push(name);
      return put({ ...make(name, dtype, shape), ...facts });
    },
    constant: (name, data, shape = [data.length], facts = {}) =>
      put({ ...make(name, DTYPE_OF.get(data.constructor)!, shape), ...facts, data }),
    state: (name, dtype, shape) => put({ ...make(name, dtype, shape), next: `${name}_next` }),
    node(op, from, attributes, dtypes) {
      const name = `${op}_${nodes.length}`;
      const shapes = operatorOf(op).infer({ name, attributes, inputs: from });
      const made = dtypes.map((dtype, i) => put(make(i === 0 ? name : `${name}_${i}`, dtype, shapes[i]!)));
      const next = from.flatMap((tensor) =>
        tensor.next === undefined ? [] : [put(make(tensor.next, tensor.dtype, tensor.shape))],
      );
      nodes.push({
        name,
        op,
        inputs: from.map((tensor) => tensor.name),
        outputs: [...made, ...next].map((tensor) => tensor.name),
        attributes,
      });
      return made;
    },
    scale: (tensor, quantization) => put({ ...tensor, quantization }),
    graph: (name, output) => ({ name, tensors, nodes, inputs, outputs: [output.name] }),
  };
}
