/** Random forests against ONNX Runtime: as the importer has them, and as modules on the kernels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { importOnnx } from "../../host/compiler/import/onnx/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { quantizeGraph } from "../../host/compiler/quantize/quantize.ts";
import { scaleTrees } from "../../host/compiler/quantize/scale_trees.ts";
import { floatAfter } from "../../host/ir/float_order.ts";
import {
  fromBytes,
  type Graph,
  ModelError,
  type Tensor as OurTensor,
  tensorOf,
} from "../../host/ir/graph.ts";
import { borderOf, quantizeToBytes } from "../../host/ops/border.ts";
import { IS_SET, IS_STRICT, LEAF, membersOf, NODE_COLUMNS } from "../../host/ops/tree_nodes.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import { type RandomForest, randomForest } from "./random_forests.ts";

/** What came of forests: rows that were compared, those that differ as lines that say how, and what was left out why. */
interface Comparison {
  rows: number;
  readonly differences: string[];
  readonly leftOut: Map<string, number>;
}

const emptyComparison = (): Comparison => ({ rows: 0, differences: [], leftOut: new Map() });

const leaveOut = ({ leftOut }: Comparison, why: string, count: number): void => {
  leftOut.set(why, (leftOut.get(why) ?? 0) + count);
};

/** A line for people: what was compared, and what was not. */
const summaryOf = ({ rows, differences, leftOut }: Comparison): string =>
  [
    `${rows} rows compared, ${differences.length} differ`,
    ...[...leftOut].map(([why, count]) => `${count} rows left out: ${why}`),
  ].join("; ");

/** What ONNX Runtime makes of all rows. */
async function runtimeValues({ bytes, features, rows }: RandomForest): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const all = new Float32Array(rows.length * features);
  rows.forEach((row, i) => {
    all.set(row, i * features);
  });
  const { y } = await session.run({ x: new Tensor("float32", all, [rows.length, features]) }, ["y"]);
  await session.release();
  return y!.data as Float32Array;
}

/** The forest's graph; undefined where ONNX and its runtime do not agree on what it means, and it is refused. */
function importForest({ bytes, rows }: RandomForest, into: Comparison): Graph | undefined {
  try {
    return simplify(importOnnx(bytes, "random"));
  } catch (error) {
    const isKnown =
      error instanceof ModelError && /ONNX and ONNX Runtime decide differently/.test(error.message);
    if (!isKnown) throw error;
    leaveOut(into, "of forests that are refused, as ONNX and its runtime decide differently", rows.length);
    return undefined;
  }
}

/** Compares the imported graph of a forest, on all rows. */
async function compareImport(seed: number, rows: number, into: Comparison): Promise<void> {
  const forest = randomForest(seed, rows);
  const graph = importForest(forest, into);
  if (!graph) return;
  const expected = await runtimeValues(forest);
  forest.rows.forEach((row, i) => {
    const found = evaluateGraph(graph, [row]).get(graph.outputs[0]!)![0];
    into.rows++;
    if (found !== expected[i])
      into.differences.push(`seed ${seed}, row ${i} [${row}]: expected ${expected[i]}, found ${found}`);
  });
}

const NOT_PROMISED =
  "with a value that no sample has and no threshold is, an infinite one that splits tell from finite ones, or a missing one where no sample has one";

/** Leaves are multiples of twice as much. */
const HALF_A_LEAF = 1 / 128;

/** By feature, the numbers that a file of data shows, and those that the forest compares with. */
function knownValues(graph: Graph, features: number, samples: readonly Float32Array[]): Set<number>[] {
  const known = Array.from({ length: features }, (_, i) => new Set(samples.map((row) => row[i]!)));
  const nodes = graph.nodes.find(({ op }) => op === "tree_ensemble");
  const data = nodes ? tensorOf(graph, nodes.inputs[1]!).data! : [];
  const sets = nodes?.inputs[4] ? tensorOf(graph, nodes.inputs[4]).data! : [];
  for (let i = 0; i < data.length; i += NODE_COLUMNS) {
    const [feature, value, , flags] = [...data.slice(i, i + NODE_COLUMNS)];
    if (feature === LEAF) continue;
    const isSet = (flags! & IS_SET) !== 0;
    const asked = isSet
      ? membersOf(sets, value!)
      : [(flags! & IS_STRICT) !== 0 ? floatAfter(value!) : value!];
    for (const number of asked) known[feature!]!.add(number);
  }
  return known;
}

/** Whether what becomes of a value is promised: of bins any, otherwise what is known and what lies outside all. */
function isPromised(
  input: OurTensor,
  known: readonly Set<number>[],
  hasMissing: boolean,
  row: Float32Array,
): boolean {
  return row.every((x, i) => {
    if (Number.isNaN(x)) return hasMissing;
    // An infinite value is as good as the greatest finite one, which a forest may tell from it.
    if (Math.abs(x) === Number.POSITIVE_INFINITY) return !known[i]!.has(x);
    return Boolean(input.scaling?.edges?.[i]) || known[i]!.has(x);
  });
}

/**
 * Compares the integers of a forest. Half of the rows calibrate, without numbers that no file of data holds; of the others
 * those are compared that the compiler promises to keep.
 */
async function compareIntegers(seed: number, rows: number, into: Comparison): Promise<void> {
  const forest = randomForest(seed, rows);
  const graph = importForest(forest, into);
  if (!graph) return;
  const expected = await runtimeValues(forest);
  const isData = (row: Float32Array): boolean => row.every((x) => Number.isNaN(x) || Math.abs(x) < 1e6);
  const samples = forest.rows.slice(0, rows / 2).filter(isData);
  const { graph: scaled, warnings } = scaleTrees(
    graph,
    samples.map((row) => [row]),
  );
  into.differences.push(...warnings.map((warning) => `seed ${seed}: ${warning}`));
  if (scaled.nodes.length === 0) return leaveOut(into, "of forests that are one number", rows);
  const quantized = quantizeGraph(
    scaled,
    new Map([...scaled.tensors.keys()].map((name) => [name, { min: 0, max: 1 }])),
  );
  const [input, output] = [quantized.inputs[0]!, quantized.outputs[0]!].map((name) =>
    tensorOf(quantized, name),
  );
  const known = knownValues(graph, forest.features, samples);
  const hasMissing = samples.length === 0 || samples.some((row) => row.some(Number.isNaN));
  forest.rows.forEach((row, i) => {
    if (!samples.includes(row) && !isPromised(input!, known, hasMissing, row)) {
      leaveOut(into, NOT_PROMISED, 1);
      return;
    }
    const bytes = quantizeToBytes(row, borderOf(input!));
    const found = evaluateGraph(quantized, [fromBytes(input!.dtype, bytes)]).get(output!.name)![0]!;
    const value = found * output!.quantization!.scales[0]!;
    into.rows++;
    if (!(Math.abs(value - expected[i]!) < HALF_A_LEAF))
      into.differences.push(`seed ${seed}, row ${i} [${row}]: expected ${expected[i]}, found ${value}`);
  });
}

interface Amount {
  readonly forests: number;
  readonly rows: number;
}

type Compare = (seed: number, rows: number, into: Comparison) => Promise<void>;

async function compareAll({ forests, rows }: Amount, compare: Compare): Promise<Comparison> {
  const all = emptyComparison();
  for (let seed = 1; seed <= forests; seed++) await compare(seed, rows, all);
  return all;
}

/** Most forests are neither refused nor one number. */
const LEAST_SHARE = 0.95;
/** Of the rows that calibrate nothing many have a value between all that is known. */
const LEAST_PROMISED = 0.4;

/** The test of imported forests. */
export function checkRows(amount: Amount): void {
  test(`${amount.forests} random forests as imported: no row differs from ONNX Runtime`, async (t) => {
    const all = await compareAll(amount, compareImport);
    t.diagnostic(summaryOf(all));
    assert.deepEqual(all.differences, []);
    assert.ok(all.rows >= LEAST_SHARE * amount.forests * amount.rows, summaryOf(all));
  });
}

/** The test of forests as integers. */
export function checkIntegers(amount: Amount): void {
  test(`${amount.forests} random forests as integers: no row differs from ONNX Runtime`, async (t) => {
    const all = await compareAll(amount, compareIntegers);
    t.diagnostic(summaryOf(all));
    assert.deepEqual(all.differences, []);
    assert.ok(all.rows >= LEAST_PROMISED * amount.forests * amount.rows, summaryOf(all));
  });
}
