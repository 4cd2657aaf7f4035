/** Random graphs of one node with states, whose second vector starts from what the first left. */
import fc from "fast-check";
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import {
  type Attributes,
  byteSize,
  type DType,
  elements,
  fromBytes,
  type Graph,
  quantized,
  type Shape,
  type Tensor,
} from "../../../host/ir/graph.ts";
import { operatorOf } from "../../../host/ops/index.ts";

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
  const bytes = byteSize(tensor) / elements(tensor.shape);
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

export interface SvdfDraft {
  readonly depth: number;
  readonly units: number;
  readonly rank: number;
  readonly memory: number;
  /** Whether states and weights over time are of 16 bits. */
  readonly wide: boolean;
  readonly zero: number;
  readonly outputZero: number;
  /** What a product and a sum come to, in steps of the state and of the output. */
  readonly product: number;
  readonly output: number;
  readonly seed: number;
}

export function svdfGraph(draft: SvdfDraft): Graph {
  const { depth, units, rank, memory, wide, zero, outputZero, product, output, seed } = draft;
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
  .map(svdfGraph);

export interface LstmDraft {
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  readonly zero: number;
  readonly hiddenZero: number;
  /** Scales; the cell's is 2 to this power. */
  readonly input: number;
  readonly weights: number;
  readonly hidden: number;
  readonly cell: number;
  readonly cellClip: number;
  /** Whether a sequence starts from states other than zeros. */
  readonly hasStart: boolean;
  readonly seed: number;
}

export function lstmGraph(op: "lstm" | "lstm_sequence", draft: LstmDraft): Graph {
  const { steps, inputs, units, zero, hiddenZero, seed } = draft;
  const four = (role: string, dtype: DType, shape: Shape, scale: number): Tensor[] =>
    [0, 1, 2, 3].map((i) => filled(tensor(`${role}${i}`, dtype, shape, scale), seed + 7 * i + role.length));
  const operands = [
    tensor("input", "int8", [1, steps, inputs], draft.input, zero),
    ...four("weights", "int8", [units, inputs], draft.weights),
    ...four("recurrent", "int8", [units, units], draft.weights),
    ...four("bias", "int32", [units], 1),
    state(tensor("hidden", "int8", [1, units], draft.hidden, hiddenZero)),
    state(tensor("cell", "int16", [1, units], 2 ** draft.cell)),
  ];
  const start = draft.hasStart
    ? [
        filled(tensor("start", "int8", [units], draft.hidden, hiddenZero), seed + 4),
        filled(tensor("startCell", "int16", [units], 2 ** -11), seed + 5),
      ]
    : [];
  const [used, attributes] =
    op === "lstm" ? [operands, { cellClip: draft.cellClip }] : [[...operands.slice(0, -2), ...start], {}];
  return oneNode(op, used, attributes, tensor("output", "int8", [], draft.hidden, hiddenZero));
}

const lstmDrafts: fc.Arbitrary<LstmDraft> = fc.record({
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
  hasStart: fc.boolean(),
  seed: seeds,
});

export const lstm = lstmDrafts.map((draft) => lstmGraph("lstm", draft));
export const lstmSequence = lstmDrafts.map((draft) => lstmGraph("lstm_sequence", draft));

export interface GruDraft {
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  readonly resetAfter: boolean;
  readonly hasStart: boolean;
  readonly zero: number;
  readonly outputZero: number;
  /** Scales. */
  readonly input: number;
  readonly weights: number;
  readonly output: number;
  readonly seed: number;
}

export function gruGraph(draft: GruDraft): Graph {
  const { steps, inputs, units, seed } = draft;
  const three = (role: string, dtype: DType, shape: Shape, scale: number): Tensor[] =>
    [0, 1, 2].map((i) => filled(tensor(`${role}${i}`, dtype, shape, scale), seed + 7 * i + role.length));
  const operands = [
    tensor("input", "int8", [1, steps, inputs], draft.input, draft.zero),
    ...three("weights", "int8", [units, inputs], draft.weights),
    ...three("recurrent", "int8", [units, units], draft.weights),
    ...three("bias", "int32", [units], 1),
    filled(tensor("again", "int32", [units], 1), seed + 3),
    ...(draft.hasStart ? [filled(tensor("start", "int16", [units], 2 ** -15), seed + 4)] : []),
  ];
  const output = tensor("output", "int8", [], draft.output, draft.outputZero);
  return oneNode("gru_sequence", operands, { resetAfter: draft.resetAfter }, output);
}

export const gruSequence = fc
  .record({
    steps: upTo(4),
    inputs: upTo(6),
    units: upTo(5),
    resetAfter: fc.boolean(),
    hasStart: fc.boolean(),
    zero: zeroPoints,
    outputZero: zeroPoints,
    input: powers(-9, -4),
    weights: powers(-9, -4),
    output: powers(-9, -6),
    seed: seeds,
  })
  .map(gruGraph);
