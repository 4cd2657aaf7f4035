/** The right answers of a data file, in the terms of a model's task: checked before any work is done. */
import { elements, type Graph, ModelError, type Task, type Tensor, tensorOf } from "../../ir/graph.ts";
import { inputInfos, type Sample, splitRow } from "../../ops/border.ts";
import { decidesAlone } from "../../ops/decision.ts";
import { judgedOutput, taskOf } from "../../ops/task.ts";
import { DataError, type Dataset, type MediaOptions, readSamplesOf } from "../../runtime/data/index.ts";

export interface Truth {
  /** For each row the number of its class, or of its group where the task is clustering. */
  readonly classes?: readonly number[];
  /** Names of classes, in the order of the model's outputs. */
  readonly names?: readonly string[];
  /** For each row the right values. */
  readonly values?: readonly Float32Array[];
}

/** Samples with the right answers. */
export interface Evaluation {
  readonly file: string;
  readonly task: Task;
  readonly samples: readonly Sample[];
  readonly truth: Truth;
}

/** How many classes an output decides between. */
export const classCount = (output: Tensor): number => {
  const values = elements(output.shape);
  return decidesAlone(output, values) ? 2 : values;
};

/** Ways to write a class: the same text but for blanks around it, the same number, or a truth value as a number. */
function isSame(label: string, name: string): boolean {
  if (label.trim() === name.trim()) return true;
  const number = (text: string): number =>
    /^(true|false)$/i.test(text)
      ? Number(/^true$/i.test(text))
      : text.trim() === ""
        ? Number.NaN
        : Number(text);
  return number(label) === number(name);
}

const show = (labels: Iterable<string>): string => {
  const all = [...new Set(labels)];
  return (
    all
      .slice(0, 5)
      .map((label) => JSON.stringify(label.slice(0, 40)))
      .join(", ") + (all.length > 5 ? ", ..." : "")
  );
};

/** The number of each label's class; labels that are no names of the model's are not guessed. */
function matched(labels: readonly string[], names: readonly string[], file: string): number[] {
  const found = labels.map((label) => {
    const exact = names.indexOf(label);
    return exact >= 0 ? exact : names.findIndex((name) => isSame(label, name));
  });
  const unknown = labels.filter((_, i) => found[i]! < 0);
  if (unknown.length === 0) return found;
  throw new DataError(
    `${file}: expected labels that are classes of the model, ${show(names)}; found ${show(unknown)} (--labels NAME,NAME,... names the classes in the order of the outputs)`,
  );
}

const noLabels = (file: string, { others }: Dataset): DataError => {
  const found = others ? `columns ${show(others)} beside the features (--label NAME takes one)` : "none";
  return new DataError(
    `${file}: expected a column "label", an array "y" or a folder for each class, found ${found}`,
  );
};

/** Numbers to predict: one label, or as many targets as the output has values. */
function valuesIn(file: string, dataset: Dataset, count: number): readonly Float32Array[] {
  const { labels, targets } = dataset;
  if (!labels && !targets) throw noLabels(file, dataset);
  const rows =
    targets ?? labels!.map((label) => Float32Array.of(label.trim() === "" ? Number.NaN : Number(label)));
  const wrong = rows.findIndex((row) => !row.every(Number.isFinite));
  if (wrong >= 0)
    throw new DataError(
      `${file}: row ${wrong + 1}: expected a number to predict, found ${show([labels![wrong]!])}`,
    );
  if (rows[0]!.length !== count)
    throw new DataError(
      `${file}: expected ${count} numbers to predict in each row, found ${rows[0]!.length}`,
    );
  return rows;
}

/** Names of the two classes of a detector, by what labels are usual where it has none of its own. */
function anomalyNames(labels: readonly string[], own: readonly string[] | undefined): readonly string[] {
  if (own) return own;
  return labels.some((label) => isSame(label, "-1")) ? ["1", "-1"] : ["0", "1"];
}

function truthOf(
  graph: Graph,
  task: Task,
  file: string,
  dataset: Dataset,
  samples: readonly Sample[],
): Truth {
  const output = tensorOf(graph, graph.outputs[judgedOutput(graph)]!);
  const count = elements(output.shape);
  const { labels } = dataset;
  switch (task) {
    case "regression":
      return { values: valuesIn(file, dataset, count) };
    case "image":
      return { values: valuesIn(file, dataset, count) };
    case "autoencoder": {
      const values = dataset.targets ? valuesIn(file, dataset, count) : samples.map(([first]) => first!);
      if (!labels) return { values };
      const names = anomalyNames(labels, output.labels);
      return { values, names, classes: matched(labels, names, file) };
    }
    case "clustering": {
      if (!labels) throw noLabels(file, dataset);
      const names = [...new Set(labels)].sort();
      return { names, classes: labels.map((label) => names.indexOf(label)) };
    }
    default: {
      if (!labels) throw noLabels(file, dataset);
      const names = output.labels ?? Array.from({ length: classCount(output) }, (_, i) => String(i));
      return { names, classes: matched(labels, names, file) };
    }
  }
}

/**
 * Reads samples of a graph's inputs with the right answers.
 * @throws DataError where the file has none, or none that fit the model's task and outputs
 */
export function readEvaluation(graph: Graph, file: string, media: MediaOptions = {}): Evaluation {
  const inputs = inputInfos(graph);
  const sizes = inputs.map(({ shape }) => elements(shape));
  const dataset = readSamplesOf(file, inputs, media);
  const samples = dataset.rows.map((row) => splitRow(row, sizes));
  const task = taskOf(graph);
  return { file, task, samples, truth: truthOf(graph, task, file, dataset, samples) };
}

/** The right answers in a calibration file, where it has any that can be understood. */
export function calibrationTruth(
  graph: Graph,
  file: string,
  dataset: Dataset,
  samples: readonly Sample[],
): Evaluation | undefined {
  if (!dataset.labels && !dataset.targets) return undefined;
  const task = taskOf(graph);
  try {
    return { file, task, samples, truth: truthOf(graph, task, file, dataset, samples) };
  } catch (error) {
    // Labels of a calibration file are a gift: nobody asked for them.
    if (error instanceof DataError || error instanceof ModelError) return undefined;
    throw error;
  }
}

/** Some of the samples with their right answers. */
export function partOf(evaluation: Evaluation, places: readonly number[]): Evaluation {
  const only = <T>(list: readonly T[]): T[] => places.map((i) => list[i]!);
  const { classes, names, values } = evaluation.truth;
  const truth = {
    ...(names && { names }),
    ...(classes && { classes: only(classes) }),
    ...(values && { values: only(values) }),
  };
  return { ...evaluation, samples: only(evaluation.samples), truth };
}
