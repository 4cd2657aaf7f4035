/** Facts about a model beyond its file, from people and their data: task, names of classes and columns, a threshold. */
import {
  elements,
  type Graph,
  ModelError,
  type Task,
  type Tensor,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import { decidesAlone } from "../../ops/decision.ts";
import { judgedOutput, taskOf } from "../../ops/task.ts";

export interface Facts {
  readonly task?: Task;
  /** Names of classes in the order of the outputs; of one value, of what it means up to the threshold and above. */
  readonly labels?: readonly string[];
  /** See `Tensor.threshold`. */
  readonly threshold?: number;
  /** Units by the names of inputs, outputs and features. */
  readonly units?: ReadonlyMap<string, string>;
  /** Names of the columns of a table, if the model's only input is one and its file has none. */
  readonly columns?: readonly string[];
}

function labelled(output: Tensor, labels: readonly string[]): Tensor {
  const values = elements(output.shape);
  const expected = values === 1 ? 2 : values;
  if (labels.length !== expected)
    throw new ModelError(
      `--labels: expected ${expected} names, as output ${output.name} is [${output.shape}]; found ${labels.length}`,
    );
  return { ...output, labels };
}

function withThreshold(output: Tensor, threshold: number, task: Task): Tensor {
  const values = elements(output.shape);
  const isUsed = task === "autoencoder" || values === 2 || decidesAlone(output, values);
  if (isUsed) return { ...output, threshold };
  throw new ModelError(
    `--threshold: expected a detector, an autoencoder or a classifier of two classes, found ${task} with ${values} values`,
  );
}

function withColumns(graph: Graph, columns: readonly string[]): Graph {
  const [input, ...others] = graph.inputs.map((name) => tensorOf(graph, name));
  if (!input || others.length > 0 || input.features || elements(input.shape) !== columns.length) return graph;
  return input.shape.at(-1) === columns.length
    ? withTensors(graph, [{ ...input, features: columns }])
    : graph;
}

/** A feature's unit goes before that of its input, of which an input of one feature has only one. */
function withUnits(graph: Graph, units: ReadonlyMap<string, string>): Graph {
  const borders = [...new Set([...graph.inputs, ...graph.outputs])].map((name) => tensorOf(graph, name));
  const known = new Set(borders.flatMap(({ name, features = [] }) => [name, ...features]));
  const unknown = [...units.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new ModelError(
      `--units: expected names of inputs, outputs or features, found ${unknown.map((name) => `"${name}"`).join(", ")}`,
    );
  const measured = borders.map((tensor) => {
    const { name, features } = tensor;
    const unit = units.get(name);
    const each =
      features?.some((feature) => units.has(feature)) && features.map((feature) => units.get(feature) ?? "");
    return { ...tensor, ...(unit !== undefined && { unit }), ...(each && { units: each }) };
  });
  return withTensors(graph, measured);
}

/** The graph with all of it. Throws ModelError where labels, a threshold or a unit do not fit the model. */
export function withFacts(graph: Graph, { task, labels, threshold, units, columns }: Facts): Graph {
  const withNames = columns ? withColumns(graph, columns) : graph;
  const named = units ? withUnits(withNames, units) : withNames;
  const output = tensorOf(named, named.outputs[judgedOutput(named)]!);
  const known = labels ? labelled(output, labels) : output;
  const found = task ?? taskOf(withTensors(named, [known]));
  const complete = threshold === undefined ? known : withThreshold(known, threshold, found);
  return { ...withTensors(named, [complete]), task: found };
}

/** The graph with the facts of another one of the same inputs and outputs, whatever these are called. */
export function copyFacts(graph: Graph, from: Graph): Graph {
  const outputs = graph.outputs.map((name, i) => {
    const { labels, threshold, unit } = tensorOf(from, from.outputs[i]!);
    return {
      ...tensorOf(graph, name),
      ...(labels && { labels }),
      ...(threshold !== undefined && { threshold }),
      ...(unit !== undefined && { unit }),
    };
  });
  const inputs = graph.inputs.map((name, i) => {
    const { features, unit, units } = tensorOf(from, from.inputs[i]!);
    return {
      ...tensorOf(graph, name),
      ...(features && { features }),
      ...(unit !== undefined && { unit }),
      ...(units && { units }),
    };
  });
  return { ...withTensors(graph, [...inputs, ...outputs]), ...(from.task && { task: from.task }) };
}
