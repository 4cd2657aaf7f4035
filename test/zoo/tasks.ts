/** The zoo's pipelines and tasks (zoo_tasks.py and zoo_classics.py in test/models/gen), built as a user would. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { outputsAt, predictGraph } from "../../host/compiler/evaluate/predict.ts";
import { importModel, openSource } from "../../host/compiler/import/index.ts";
import { changedShare, judgedOf, lossOf } from "../../host/compiler/quantize/loss.ts";
import { valueMetrics } from "../../host/compiler/quantize/metrics.ts";
import { type Check, checkImport } from "../../host/compiler/verify/second.ts";
import type { Task } from "../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toInputBytes } from "../../host/ops/border.ts";
import { type Build, build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { readRows } from "./classic.ts";

export interface Pipeline {
  readonly name: string;
  readonly task: Task;
  readonly data: string;
}

const zoo = join(root, "test", "zoo");
const listed = (name: string): readonly Pipeline[] =>
  JSON.parse(readFileSync(join(zoo, name), "utf8")) as readonly Pipeline[];
export const pipelines: readonly Pipeline[] = ["tasks.json", "classics.json"].flatMap(listed);
export const pipelineFile = ({ name }: Pipeline): string => join(zoo, "tasks", `${name}.onnx`);

/**
 * Pipelines of which one held-out row, of 75 or 89, lies so near the border between two classes that 16 bits decide it
 * otherwise: more than half a point. What may be lost there, as a multiple.
 */
const BORDERLINE: readonly string[] = [
  "calibrated_logistic",
  "polynomial_before_scaler",
  "labels_logistic",
  "bagged_logistic",
  "one_class_sgd",
];
export const mostLost = ({ name }: Pipeline): number => (BORDERLINE.includes(name) ? 2.7 : 1);

const MOST_ROWS = 120;

export const rowsOf = ({ data }: Pipeline): Sample[] =>
  readRows(data)
    .features.slice(0, MOST_ROWS)
    .map((row) => [row]);

/** ONNX Runtime beside the imported graph, on held-out rows and at the edges. */
export async function checkPipeline(pipeline: Pipeline): Promise<Check> {
  const source = await openSource(pipelineFile(pipeline));
  return checkImport(source, importModel(source, pipeline.name), rowsOf(pipeline).slice(0, 20));
}

export interface Measured {
  readonly built: Build;
  /** Share of held-out rows that wasm3 decides as the imported model, or whose values are within 1 % of their range. */
  readonly equal: number;
  /** As a multiple of what may be lost. */
  readonly loss: number;
}

/** The module in wasm3 on held-out rows, beside the imported model. */
export async function measurePipeline(pipeline: Pipeline): Promise<Measured> {
  const { task, data } = pipeline;
  const rows = rowsOf(pipeline);
  const calibration = join(zoo, "data", `${data}.calibration.csv`);
  const built = await build({
    model: pipelineFile(pipeline),
    calibration,
    engines: [wasm3],
    ...(task === "autoencoder" && { facts: { task } }),
  });
  const judged = judgedOf(built.graph);
  const expected = outputsAt(predictGraph(built.imported, rows), judged.index);
  const outputs = await wasm3.run(
    built.module,
    rows.map((row) => toInputBytes(built.graph, row)),
  );
  const found = outputs.map((each) => dequantizeBytes(each[judged.index]!, borderOf(judged.output)));
  const { maxError, range } = valueMetrics(expected, found);
  const isOfValues = task === "regression" || task === "autoencoder";
  const equal = isOfValues ? 1 - maxError / (range || 1) : 1 - changedShare(expected, found, judged.output);
  const inputs = rows.map(([first]) => first!);
  return { built, equal, loss: lossOf(judged, expected, found, { inputs }) };
}
