import { parseJson } from "../../../budgets.ts";
import { elements, type Graph, ModelError, oneLine, tensorOf, withTensors } from "../../../ir/graph.ts";
import { translateAll } from "../importer.ts";
import { Builder, Context } from "./builder.ts";
import { expandQlinear } from "./expand_qlinear.ts";
import { selectOutputs } from "./labels.ts";
import { type OnnxModel, type OnnxNode, readOnnx } from "./model.ts";
import { operators } from "./operators/index.ts";
import { recognise } from "./patterns/index.ts";

function translateNode(node: OnnxNode, builder: Builder): void {
  const translation = operators.get(node.type);
  if (!translation) throw new ModelError("operator not supported");
  if (builder.dependsOnFailure(node)) {
    builder.fail(node);
    return;
  }
  const integers = builder.integersOf(node);
  const context = new Context(node, builder);
  const values = translation.translate(context);
  const [unread] = context.attributes.unread();
  if (unread !== undefined) throw new ModelError(`attribute ${unread} is not supported`);
  builder.bind(node, values, integers);
}

/** The list of refused nodes gives each one's name already, and so do operators in their messages. */
function withoutName(error: ModelError, node: OnnxNode): ModelError {
  const prefix = oneLine(`node ${node.name}: `);
  return error.message.startsWith(prefix) ? new ModelError(error.message.slice(prefix.length)) : error;
}

/** Labels of scikit-learn's outlier detectors: the score of what is none is positive. */
const OUTLIER_LABELS = ["-1", "1"];

/** The file's facts about the model's use: the sign of a score is the label of an outlier detector. */
function withTask(graph: Graph, signs: readonly string[], isRegressor: boolean): Graph {
  const scores = signs.map((name) => tensorOf(graph, name)).filter(({ shape }) => elements(shape) === 1);
  if (scores.length > 0) {
    const labelled = scores.map((tensor) => ({ ...tensor, labels: OUTLIER_LABELS, threshold: 0 }));
    return { ...withTensors(graph, labelled), task: "anomaly" };
  }
  const isLabelled = graph.outputs.some((name) => tensorOf(graph, name).labels);
  return isRegressor && !isLabelled ? { ...graph, task: "regression" } : graph;
}

/** Key of the file's metadata under which exporters and people keep the names of columns, as JSON or with commas. */
const FEATURE_NAMES = "feature_names";

function namesFrom(text: string): readonly string[] {
  try {
    const value: unknown = parseJson(text);
    if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  } catch {
    // No JSON: a list with commas.
  }
  return text.split(",").map((name) => name.trim());
}

/** Names of columns: those of inputs that are one column each, or those that the file's metadata list. */
function withColumns(graph: Graph, { metadata }: OnnxModel): Graph {
  const inputs = graph.inputs.map((name) => tensorOf(graph, name));
  if (inputs.length > 1 && inputs.every(({ shape }) => elements(shape) === 1))
    return withTensors(
      graph,
      inputs.map((input) => ({ ...input, ...(input.shape.length > 0 && { features: [input.name] }) })),
    );
  const text = metadata.get(FEATURE_NAMES);
  const names = text === undefined ? [] : namesFrom(text);
  const [input] = inputs;
  return input && inputs.length === 1 && names.length === (input.shape.at(-1) ?? 1)
    ? withTensors(graph, [{ ...input, features: names }])
    : graph;
}

/**
 * Translates an .onnx file (untrusted bytes) into a float32 graph with a batch of 1 where the file
 * leaves it open. A classifier's label output becomes `labels` on its probabilities (see labels.ts).
 * Throws ModelError, of one line, with all nodes that are not supported at once.
 */
export function importOnnx(bytes: Uint8Array, name: string): Graph {
  const read = recognise(readOnnx(bytes));
  const model = { ...read, nodes: expandQlinear(read.nodes) };
  const { outputs, labels, needed, classes, signs, isRegressor, faults } = selectOutputs(model);
  const builder = new Builder(model, classes);
  translateAll(
    model.nodes,
    (node) => `${node.name} (${node.opType})`,
    (node) => {
      if (!needed.has(node)) return;
      try {
        translateNode(node, builder);
      } catch (error) {
        builder.fail(node);
        throw error instanceof ModelError ? withoutName(error, node) : error;
      }
    },
    [...read.faults, ...faults],
  );
  const graph = builder.finish(name, [...builder.labelOutputs(outputs, labels), ...outputs]);
  return withTask(withColumns(graph, model), signs, isRegressor);
}
