import { ModelError, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import {
  expectedWork,
  IS_SET,
  LEAF,
  MISSING_IS_LESS,
  NODE_COLUMNS,
  type Nodes,
  rootsOf,
  walk,
} from "./tree_nodes.ts";
import { MAX_TREE_FEATURES, packForest, targetBits, valueBits } from "./tree_table.ts";

/** A term leaves eight bits for the value beside as many. */
const MAX_TARGETS = 128;
const OUTPUT_MAX = 32767;

const at = (nodes: Nodes, row: number, column: number): number => nodes[row * NODE_COLUMNS + column]!;

/** The greatest magnitude that any sum of the forest can have on the way. */
function greatestSum(nodes: Nodes, leaves: TensorData, base: TensorData): number {
  const targets = base.length;
  const starts = rootsOf(nodes);
  const sums = Array.from(base, Math.abs);
  starts.forEach((start, tree) => {
    const greatest = new Float64Array(targets);
    const end = starts[tree + 1] ?? nodes.length / NODE_COLUMNS;
    for (let row = start; row < end; row++) {
      if (at(nodes, row, 0) !== LEAF) continue;
      const leaf = at(nodes, row, 1) * targets;
      for (let t = 0; t < targets; t++) greatest[t] = Math.max(greatest[t]!, Math.abs(leaves[leaf + t]!));
    }
    for (let t = 0; t < targets; t++) sums[t]! += greatest[t]!;
  });
  return sums.reduce((max, sum) => Math.max(max, sum), 0);
}

/**
 * One step of leaf values and sums: leaves fit what a term has for a value, and no sum leaves int16, even where
 * each leaf has been rounded up.
 */
function stepOf(nodes: Nodes, leaves: TensorData, base: TensorData): number {
  let magnitude = 0;
  for (const value of leaves) magnitude = Math.max(magnitude, Math.abs(value));
  const rounding = rootsOf(nodes).length + 1;
  const room = Math.max(OUTPUT_MAX - rounding, 1);
  const step = Math.max(
    magnitude / (2 ** (valueBits(base.length) - 1) - 1),
    greatestSum(nodes, leaves, base) / room,
  );
  return step >= 2 ** -126 ? Math.fround(step) : 1;
}

const toSteps = (values: TensorData, step: number): number[] =>
  Array.from(values, (x) => clamp(roundHalfAway(x / step), -OUTPUT_MAX, OUTPUT_MAX));

/** Whether the greatest integer of the type stands for a missing value of a feature, and for nothing else. */
const isReserved = ({ scaling }: Tensor, feature: number): boolean => {
  const missing = scaling?.missing;
  return missing !== undefined && missing[feature % missing.length] === null;
};

/**
 * Thresholds in steps of the input: x <= t is q <= floor(t / scale) + zero point. One below or above all
 * numbers of the type is never or always true, whatever it is. A missing value matters only where an integer is
 * kept for it.
 */
function quantizeNodes(nodes: Tensor, input: Tensor): Tensor {
  const { scale, zeroPoint } = perTensor(input);
  const { min, max } = typeRange(input);
  const data = Int32Array.from(nodes.data!);
  for (let i = 0; i < data.length; i += NODE_COLUMNS) {
    const [feature, threshold, , flags] = nodes.data!.subarray(i, i + NODE_COLUMNS) as Float32Array;
    if (feature === LEAF) continue;
    const reserved = isReserved(input, feature!);
    const steps = Math.floor(threshold! / scale) + zeroPoint;
    if ((flags! & IS_SET) === 0)
      data[i + 1] = reserved ? clamp(steps, min, max - 1) : clamp(steps, min - 1, max);
    data[i + 3] = flags! & (reserved ? IS_SET | MISSING_IS_LESS : IS_SET);
  }
  return { ...nodes, dtype: "int32", data };
}

/** Members of sets as integers of the input. */
function quantizeSets(sets: Tensor, input: Tensor): Tensor {
  const { scale, zeroPoint } = perTensor(input);
  const data = Int32Array.from(sets.data!);
  for (let i = 0; i < data.length; i += 1 + data[i]!)
    for (let k = 1; k <= data[i]!; k++) data[i + k] = roundHalfAway(sets.data![i + k]! / scale) + zeroPoint;
  return { ...sets, dtype: "int32", data };
}

/**
 * The forest as constants:
 *   nodes  [n, 4]  all trees in preorder, one behind the other: feature, threshold, row of the node that
 *                  follows where x > threshold (where x <= threshold it is the next row), and flags, see
 *                  tree_nodes.ts. A leaf is -1, its row in `leaves`, 0, 0
 *   leaves [l, t]  what a leaf adds to each of the targets
 *   base   [t]     what the sums begin with
 *   sets   [m]     where splits ask for membership: of each set the number of its values, and they
 */
export const treeEnsemble = defineOperator({
  name: "tree_ensemble",
  summary: "sums of leaves of decision trees, of features that the caller scales",
  arity: [4, 5],
  attributes: {},
  quantization: { output: { kind: "own" } },
  types: ["int16"],

  checkTypes({ inputs, outputs }) {
    const [input, ...constants] = inputs.map((tensor) => tensor?.dtype);
    const found = [input, ...constants, outputs[0]!.dtype].join();
    const sets = constants.length > 3;
    const float = ["float32", ...constants.map(() => "float32"), "float32"].join();
    const narrow = input === "int8" || input === "int16";
    const types = [input, "int32", "int16", "int16", ...(sets ? ["int32"] : []), "int16"];
    return found === float || (narrow && found === types.join())
      ? undefined
      : `tree_ensemble of ${found} is not supported`;
  },

  infer({ name, inputs }) {
    const [input, nodes, leaves, base, sets] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor?];
    const fail = (expected: string, found: string): never => {
      throw new ModelError(`node ${name}: expected ${expected}, found ${found}`);
    };
    const features = input.shape.at(-1) ?? 0;
    const targets = base.shape[0] ?? 0;
    if (input.shape.length !== 2 || input.shape[0] !== 1)
      fail("one sample as [1, features]", `[${input.shape}]`);
    if (features > MAX_TREE_FEATURES) fail(`at most ${MAX_TREE_FEATURES} features`, `${features}`);
    if (base.shape.length !== 1 || targets > MAX_TARGETS)
      fail(`at most ${MAX_TARGETS} targets`, `${targets}`);
    if (leaves.shape.length !== 2 || leaves.shape[1] !== targets)
      fail(`leaves of ${targets} targets`, `[${leaves.shape}]`);
    if (nodes.shape.length !== 2 || nodes.shape[1] !== NODE_COLUMNS)
      fail(`nodes of ${NODE_COLUMNS} columns`, `[${nodes.shape}]`);
    if (![nodes, leaves, base, ...(sets ? [sets] : [])].every((tensor) => tensor.data))
      fail("constant trees", "a computed tensor");
    return [[1, targets]];
  },

  evaluate({ inputs, outputs }, [x, nodes, leaves, base, sets]) {
    const targets = base!.length;
    const sums = Array.from(base!, Number);
    const missing = inputs[0]!.dtype === "float32" ? Number.NaN : typeRange(inputs[0]!).max;
    const by = { nodes: nodes!, sets: sets ?? [], missing };
    for (const root of rootsOf(nodes!)) {
      const leaf = walk(by, root, x!) * targets;
      for (let t = 0; t < targets; t++) sums[t]! += leaves![leaf + t]!;
    }
    return [outputs[0]!.dtype === "float32" ? Float32Array.from(sums) : Int16Array.from(sums)];
  },

  outputType({ inputs }) {
    const [nodes, leaves, base] = inputs.slice(1).map((tensor) => tensor!.data!);
    return {
      dtype: "int16",
      quantization: quantized(stepOf(nodes!, leaves!, base!), 0),
    };
  },

  quantizeConstants({ inputs, outputs }) {
    const [input, nodes, leaves, base, sets] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor?];
    const quantization = outputs[0]!.quantization!;
    const values = (tensor: Tensor): Tensor => ({
      ...tensor,
      dtype: "int16",
      data: Int16Array.from(toSteps(tensor.data!, quantization.scales[0]!)),
      quantization,
    });
    return new Map([
      [1, quantizeNodes(nodes, input)],
      [2, values(leaves)],
      [3, values(base)],
      ...(sets ? ([[4, quantizeSets(sets, input)]] as const) : []),
    ]);
  },

  lower({ inputs, outputs }, to) {
    const [input, nodes, leaves, base, sets] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor?];
    const wide = input.dtype === "int16";
    const forest = packForest({
      nodes: nodes.data!,
      leaves: leaves.data!,
      sets: sets?.data ?? [],
      targets: base.shape[0]!,
      wide,
      range: typeRange(input),
    });
    const values = {
      input,
      table: to.constant("trees", forest.table),
      tableBytes: forest.tableBytes,
      terms: to.constant("terms", forest.terms),
      termCount: forest.termCount,
      targetBits: targetBits(base.shape[0]!),
      shortLeaves: forest.shortLeaves,
      base,
      output: outputs[0]!,
      targets: base.shape[0]!,
    };
    const work = expectedWork(nodes.data!, leaves.data!, base.shape[0]!);
    const kernel = forest.extended ? "tree_ensemble_extended" : "tree_ensemble";
    to.call(`${kernel}_${wide ? "s16" : "s8"}`, values, { ...work });
  },
});
