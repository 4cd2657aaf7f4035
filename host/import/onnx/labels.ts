import { ModelError } from "../../ir/graph.ts";
import { AttributeReader } from "./attributes.ts";
import { classNames, isFloat } from "./constant.ts";
import type { OnnxModel, OnnxNode, OnnxOutput } from "./model.ts";

/**
 * A classifier exported from scikit-learn has two outputs: the probabilities, and the label of the
 * greatest of them, an integer or a string. A module computes the probabilities only, with the class
 * names as `labels`; the host gets the label from both. So the label output is left out, with the
 * nodes that nothing else needs. It comes in two forms:
 * - output 0 of a classifier of ai.onnx.ml, whose translator attaches the class names;
 * - ArgMax of the scores, then ArrayFeatureExtractor, which picks from a constant of class names.
 * Identity, Cast and changes of shape may follow in either. An integer output that is neither, or stands
 * alone, is computed.
 */
export interface Selection {
  readonly outputs: readonly string[];
  /** Nodes that the outputs depend on. */
  readonly needed: ReadonlySet<OnnxNode>;
  /** Class names by the name of the scores that they belong to. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

const PASSING = new Set(
  ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"].map((op) => `ai.onnx.${op}`),
);

const holdsNumbers = ({ type }: OnnxOutput): boolean => isFloat(type) || type === "SEQUENCE";

interface Label {
  readonly scores?: string;
  readonly classes?: readonly string[];
}

/** Follows a label output back to its scores; undefined where it is not a label. */
function traceLabel(
  model: OnnxModel,
  writers: ReadonlyMap<string, OnnxNode>,
  output: string,
): Label | undefined {
  let classes: readonly string[] | undefined;
  // Nodes stand in execution order in a good file, but in a bad one they may form a ring.
  let value = output;
  for (let steps = 0; steps <= model.nodes.length; steps++) {
    const node = writers.get(value);
    if (!node) return undefined;
    const [first, second] = node.inputs;
    if (PASSING.has(node.type)) {
      value = first ?? "";
    } else if (node.type === "ai.onnx.ml.ArrayFeatureExtractor") {
      const constant = model.constants.get(first ?? "");
      if (!constant || classes) return undefined;
      classes = classNames(constant);
      value = second ?? "";
    } else if (node.type === "ai.onnx.ArgMax") {
      const axis = new AttributeReader(node.attributes).int("axis", 0);
      const label = { scores: first ?? "", ...(classes && { classes }) };
      return axis === 1 || axis === -1 ? label : undefined;
    } else {
      return /^ai\.onnx\.ml\.\w+Classifier$/.test(node.type) && node.outputs[0] === value ? {} : undefined;
    }
  }
  return undefined;
}

function neededNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): Set<OnnxNode> {
  const wanted = new Set(outputs);
  const needed = new Set<OnnxNode>();
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    needed.add(node);
    for (const input of node.inputs) if (input !== "") wanted.add(input);
  }
  return needed;
}

const INTEGERS = new Set(["INT64", "INT32"]);

/** Throws ModelError where no output holds numbers. */
export function selectOutputs(model: OnnxModel): Selection {
  const writers = new Map(
    model.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const hasScores = model.outputs.some(holdsNumbers);
  const outputs: string[] = [];
  const classes = new Map<string, readonly string[]>();
  for (const output of model.outputs) {
    const label = holdsNumbers(output) ? undefined : traceLabel(model, writers, output.name);
    if (label && hasScores) {
      if (label.scores && label.classes) classes.set(label.scores, label.classes);
    } else if (holdsNumbers(output) || INTEGERS.has(output.type)) {
      outputs.push(output.name);
    } else {
      throw new ModelError(
        `output ${output.name}: expected FLOAT, INT64, INT32 or a classifier's label, found ${output.type}`,
      );
    }
  }
  if (outputs.length === 0) throw new ModelError("expected an output, found none");
  return { outputs, needed: neededNodes(model.nodes, outputs), classes };
}
