/** Random graphs of one node with states, whose second vector starts from what the first left. */
import fc from "fast-check";
import {
  type Attributes,
  type DType,
  elements,
  fromBytes,
  type Graph,
  quantized,
  type Shape,
  type Tensor,
} from "../../host/ir/graph.ts";
import { operatorOf } from "../../host/ops/index.ts";
import { lcgBytes } from "../../host/verify/vectors.ts";

const zeroPoints = fc.integer({ min: -128, max: 127 });
const seeds = fc.integer({ min: 0, max: 0xffff });
const upTo = (greatest: number) => fc.integer({ min: 1, max: greatest });
const powers = (from: number, to: number) =>
  fc.integer({ min: from * 16, max: to * 16 }).map((n) => Math.fround(2 ** (n / 16)));

const tensor = (name: string, dtype: DType, shape: Shape, scale: number, zeroPoint = 0): Tensor => ({
  name,
  dtype,
  shape,
  quantization: quantized(scale, zeroPoint),
});

const state = (tensor: Tensor): Tensor => ({ ...tensor, next: `${tensor.name}_next` });

/** With the same random bytes in every run; values of 32 bits are those of biases. */
function filled(tensor: Tensor, seed: number): Tensor {
  const bytes = { int8: 1, uint8: 1, int16: 2, int32: 4, float32: 4 }[tensor.dtype];
  const values = fromBytes(tensor.dtype, lcgBytes(seed, elements(tensor.shape) * bytes).bytes);
  return { ...tensor, data: tensor.dtype === "int32" ? values.map((value) => value >> 18) : values };
}

function oneNode(op: string, inputs: readonly Tensor[], attributes: Attributes, output: Tensor): Graph {
  const states = inputs.filter(({ next }) => next !== undefined);
  const next = states.map(({ next: name, dtype, shape, quantization }): Tensor => {
    return { name: name!, dtype, shape, quantization: quantization! };
  });
  const [shape] = operatorOf(op).infer({ name: "node", attributes, inputs });
  const tensors = [...inputs, { ...output, shape: shape! }, ...next];
  return {
    name: op,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    nodes: [
      {
        name: "node",
        op,
        inputs: inputs.map(({ name }) => name),
        outputs: [output.name, ...next.map(({ name }) => name)],
        attributes,
      },
    ],
    inputs: [inputs[0]!.name],
    outputs: [output.name],
  };
}

export const svdf: fc.Arbitrary<Graph> = fc
  .record({
    depth: upTo(9),
    units: upTo(5),
    rank: upTo(3),
    memory: upTo(6),
    wide: fc.boolean(),
    zero: zeroPoints,
    outputZero: zeroPoints,
    product: powers(-8, 1),
    output: powers(-12, -2),
    seed: seeds,
  })
  .map(({ depth, units, rank, memory, wide, zero, outputZero, product, output, seed }) => {
    const type = wide ? "int16" : "int8";
    const filters = units * rank;
    const inputs = [
      tensor("input", "int8", [1, depth], 0.02, zero),
      filled(tensor("feature", "int8", [filters, depth], 0.01), seed),
      filled(tensor("time", type, [filters, memory], 0.001), seed + 1),
      filled(tensor("bias", "int32", [units], 1), seed + 2),
      state(tensor("state", type, [1, filters * memory], 0.0002 / product)),
    ];
    const scale = (0.0002 / product) * 0.001;
    return oneNode("svdf", inputs, { rank }, tensor("output", "int8", [], scale / output, outputZero));
  });

const lstmNode = (op: "lstm" | "lstm_sequence"): fc.Arbitrary<Graph> =>
  fc
    .record({
      steps: upTo(4),
      inputs: upTo(6),
      units: upTo(5),
      zero: zeroPoints,
      hiddenZero: zeroPoints,
      input: powers(-9, -4),
      weights: powers(-9, -4),
      hidden: powers(-9, -6),
      cell: fc.integer({ min: -15, max: -10 }),
      cellClip: fc.constantFrom(0, 0.4, 100),
      seed: seeds,
    })
    .map(({ steps, inputs, units, zero, hiddenZero, seed, ...d }) => {
      const four = (role: string, dtype: DType, shape: Shape, scale: number): Tensor[] =>
        [0, 1, 2, 3].map((i) =>
          filled(tensor(`${role}${i}`, dtype, shape, scale), seed + 7 * i + role.length),
        );
      const operands = [
        tensor("input", "int8", [1, steps, inputs], d.input, zero),
        ...four("weights", "int8", [units, inputs], d.weights),
        ...four("recurrent", "int8", [units, units], d.weights),
        ...four("bias", "int32", [units], 1),
        state(tensor("hidden", "int8", [1, units], d.hidden, hiddenZero)),
        state(tensor("cell", "int16", [1, units], 2 ** d.cell)),
      ];
      const [used, attributes] =
        op === "lstm" ? [operands, { cellClip: d.cellClip }] : [operands.slice(0, -2), {}];
      return oneNode(op, used, attributes, tensor("output", "int8", [], d.hidden, hiddenZero));
    });

export const lstm = lstmNode("lstm");
export const lstmSequence = lstmNode("lstm_sequence");
