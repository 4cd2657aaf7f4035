/** How often the model is right, where labels say what is. */

import { decide, decideStored } from "../compiler/quantize/compare.ts";
import { type Confusion, classNames } from "../compiler/quantize/measure.ts";
import { elements, fromBytes, ModelError, tensorOf } from "../ir/graph.ts";
import { inputInfos, type Sample, splitRow, toFloatInputs, toInputBytes } from "../ops/border.ts";
import type { Build } from "../pipeline.ts";
import { type MediaOptions, readSamplesOf } from "../runtime/data/index.ts";
import { evaluateInOrder } from "../runtime/engines/reference.ts";
import { v8 } from "../runtime/engines/v8.ts";
import type { DecisionReport, EvaluationReport } from "./schema.ts";

/** The module's decisions; on V8, which is fast and verified to give what every engine gives. */
async function decideQuantized({ graph, module }: Build, samples: readonly Sample[]): Promise<number[]> {
  const output = tensorOf(graph, graph.outputs[0]!);
  const found = await v8.run(
    module,
    samples.map((sample) => toInputBytes(graph, sample)),
  );
  return found.map(([bytes]) => decideStored(fromBytes(output.dtype, bytes!), output));
}

function decideFloat({ floatGraph, graph }: Build, samples: readonly Sample[]): number[] | undefined {
  if (!floatGraph) return undefined;
  const name = floatGraph.outputs[0]!;
  const output = tensorOf(graph, graph.outputs[0]!);
  const inferences = samples.map((sample) => toFloatInputs(floatGraph, sample));
  return evaluateInOrder(floatGraph, inferences).map((trace) => decide(trace.get(name)!, output));
}

function decisionsOf(confusion: readonly (readonly number[])[]): DecisionReport {
  const total = confusion.flat().reduce((sum, n) => sum + n, 0);
  const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  return { accuracy: right / total, confusion };
}

function confusionOf(truth: readonly number[], decided: readonly number[], classes: number): DecisionReport {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truth.forEach((row, i) => {
    const cells = matrix[row]!;
    const column = decided[i]!;
    if (cells[column] !== undefined) cells[column]++;
  });
  return decisionsOf(matrix);
}

/**
 * Runs a build's module, and its float graph where there is one, on samples with labels: a CSV with a last column
 * "label", or a folder of folders named like the classes.
 * Throws DataError or ModelError where the file has no labels, or none that the model's output can be matched with.
 */
export async function evaluateLabels(
  build: Build,
  file: string,
  media: MediaOptions = {},
): Promise<EvaluationReport> {
  const { graph } = build;
  const inputs = inputInfos(graph);
  const sizes = inputs.map(({ shape }) => elements(shape));
  const { rows, labels } = await readSamplesOf(file, inputs, media);
  if (!labels)
    throw new ModelError(`${file}: expected a last column "label" or a folder for each class, found none`);
  const output = tensorOf(graph, graph.outputs[0]!);
  const classes = classNames(output, labels);
  if (!classes)
    throw new ModelError(
      `${file}: expected labels that are classes of output ${output.name} or their numbers, found ${[...new Set(labels)].slice(0, 5).join(", ")}`,
    );
  const samples = rows.map((row) => splitRow(row, sizes));
  const truth = labels.map((label) => classes.indexOf(label));
  const quantized = await decideQuantized(build, samples);
  const float = decideFloat(build, samples);
  return {
    file,
    source: "evaluation",
    samples: rows.length,
    classes,
    ...(float && {
      agreement: quantized.filter((each, i) => each === float[i]).length / rows.length,
      float: confusionOf(truth, float, classes.length),
    }),
    quantized: confusionOf(truth, quantized, classes.length),
  };
}

/** What calibration has measured already, where its file has labels. */
export function calibrationLabels(labels: Confusion, file: string, agreement: number): EvaluationReport {
  const quantized = decisionsOf(labels.quantized);
  return {
    file,
    source: "calibration",
    samples: labels.quantized.flat().reduce((sum, n) => sum + n, 0),
    classes: labels.names,
    agreement,
    float: decisionsOf(labels.float),
    quantized,
  };
}
