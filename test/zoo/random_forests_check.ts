/** Random forests against ONNX Runtime: as the importer has them, and as modules on the kernels. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { importOnnx } from "../../host/compiler/import/onnx/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { quantizeGraph } from "../../host/compiler/quantize/quantize.ts";
import { scaleTrees } from "../../host/compiler/quantize/scale_trees.ts";
import { fromBytes, tensorOf } from "../../host/ir/graph.ts";
import { borderOf, quantizeToBytes } from "../../host/ops/border.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import { type RandomForest, randomForest } from "./random_forests.ts";

/** What ONNX Runtime makes of all rows. */
export async function runtimeValues({ bytes, features, rows }: RandomForest): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const all = new Float32Array(rows.length * features);
  rows.forEach((row, i) => {
    all.set(row, i * features);
  });
  const { y } = await session.run({ x: new Tensor("float32", all, [rows.length, features]) }, ["y"]);
  await session.release();
  return y!.data as Float32Array;
}

/** The differences of one forest's imported graph, as lines that say what they are. */
export async function importDifferences(seed: number, rows: number): Promise<string[]> {
  const forest = randomForest(seed, rows);
  const expected = await runtimeValues(forest);
  const graph = simplify(importOnnx(forest.bytes, "random"));
  return forest.rows.flatMap((row, i) => {
    const found = evaluateGraph(graph, [row]).get(graph.outputs[0]!)![0];
    return found === expected[i]
      ? []
      : [`seed ${seed}, row ${i} [${row}]: expected ${expected[i]}, found ${found}`];
  });
}

/** Leaves are multiples of twice as much. */
const HALF_A_LEAF = 1 / 128;

/**
 * The differences of one forest's integers: half of the rows calibrate, without what no file of data holds. Forests
 * with thresholds that 16 bits cannot tell apart, which the user is told of, have none.
 */
export async function integerDifferences(seed: number, rows: number): Promise<string[]> {
  const forest = randomForest(seed, rows);
  const expected = await runtimeValues(forest);
  const graph = simplify(importOnnx(forest.bytes, "random"));
  const isData = (row: Float32Array): boolean => row.every((x) => Number.isNaN(x) || Math.abs(x) < 1e6);
  const samples = forest.rows.slice(0, rows / 2).filter(isData);
  const { graph: scaled, warnings } = scaleTrees(
    graph,
    samples.map((row) => [row]),
  );
  if (warnings.length > 0 || scaled.nodes.length === 0) return [];
  const quantized = quantizeGraph(
    scaled,
    new Map([...scaled.tensors.keys()].map((name) => [name, { min: 0, max: 1 }])),
  );
  const [input, output] = [quantized.inputs[0]!, quantized.outputs[0]!].map((name) =>
    tensorOf(quantized, name),
  );
  return samples.flatMap((row, i) => {
    const bytes = quantizeToBytes(row, borderOf(input!));
    const found = evaluateGraph(quantized, [fromBytes(input!.dtype, bytes)]).get(output!.name)![0]!;
    const value = found * output!.quantization!.scales[0]!;
    const of = expected[forest.rows.indexOf(row)]!;
    return Math.abs(value - of) < HALF_A_LEAF
      ? []
      : [`seed ${seed}, sample ${i} [${row}]: expected ${of}, found ${value}`];
  });
}
