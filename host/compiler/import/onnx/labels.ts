import { ModelError } from "../../../ir/graph.ts";
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
 * Identity, Cast and changes of shape may follow in either. Where no other output tells the label, the
 * scores become an output for it. The sign of another output is left out, too, as whoever reads the one
 * knows the other; the index of the least value, such as the nearest cluster, is computed. An integer output that
 * is none of these is an error.
 * Identity, Cast and changes of shape may follow in either. An integer output that is neither, or stands
 * alone, is computed.
 */
export interface Selection {
  /** Those that are computed in any case. */
  readonly outputs: readonly string[];
  /** For each label that is left out, values that tell it: the first that is computed. */
  readonly labels: readonly (readonly string[])[];
  /** Nodes that outputs and labels depend on. */
  readonly needed: ReadonlySet<OnnxNode>;
  /** Class names by the name of the scores that they belong to. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
  /** Outputs whose sign is another output, which is left out: scores of an outlier detector. */
  readonly signs: readonly string[];
  /** Whether an output is what an operator for regression gives, or has values each of which tells a label of its own. */
  readonly isRegressor: boolean;
  /** Outputs of other types, one line each. */
  readonly faults: readonly string[];
}

const PASSING = new Set(
  ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"].map((op) => `ai.onnx.${op}`),
);

const holdsNumbers = ({ type }: OnnxOutput): boolean => isFloat(type) || type === "SEQUENCE";

/** Where several labels may hold, those do whose probability is above it. */
const MARK_THRESHOLD = 0.5;

type Writers = ReadonlyMap<string, OnnxNode>;

/** The meaning of an integer output, where that is not just an integer. */
type Trace =
  | {
      readonly kind: "label";
      readonly scores: readonly string[];
      readonly classes?: readonly string[];
      /** Whether its classes have names. */
      readonly isNamed: boolean;
    }
  | { readonly kind: "sign"; readonly of: string }
  /** Whether each value is above a threshold: labels of which several may hold. */
  | { readonly kind: "marks"; readonly of: string }
  /** Labels side by side, of classifiers with one input. */
  | { readonly kind: "labels"; readonly of: readonly Label[] };

type Label = Extract<Trace, { readonly kind: "label" }>;

function traceArgument(node: OnnxNode, classes: readonly string[] | undefined): Trace | undefined {
  if (node.type !== "ai.onnx.ArgMax") return undefined;
  const axis = new AttributeReader(node.attributes).int("axis", 0);
  if (axis !== 1 && axis !== -1) return undefined;
  const scores = node.inputs.slice(0, 1);
  return { kind: "label", scores, isNamed: classes !== undefined, ...(classes && { classes }) };
}

/** The value in front of nodes that leave it as it is. */
function source(writers: Writers, value: string): string {
  const visited = new Set<string>();
  let at = value;
  for (
    let node = writers.get(at);
    node && PASSING.has(node.type) && !visited.has(at);
    node = writers.get(at)
  ) {
    visited.add(at);
    at = node.inputs[0] ?? "";
  }
  return at;
}

/** Follows an output of integers or strings back to what it is made of. */
function trace(model: OnnxModel, writers: Writers, output: string): Trace | undefined {
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
    } else if (/^ai\.onnx\.ml\.\w+Classifier$/.test(node.type)) {
      return node.outputs[0] === value && !classes
        ? { kind: "label", scores: node.outputs, isNamed: true }
        : undefined;
    } else if (classes) {
      return traceArgument(node, classes);
    } else if (node.type === "ai.onnx.Clip" && first && isNumber(model, second, 0)) {
      return traceMarks(model, writers, first);
    } else {
      return traceSimple(model, writers, node);
    }
  }
  return undefined;
}

const isNumber = ({ constants }: OnnxModel, value: string | undefined, number: number): boolean =>
  constants.get(value ?? "")?.numbers.every((x) => x === number) === true;

/** skl2onnx, OneVsRestClassifier of several labels: max(sign(p - 0.5), 0). */
function traceMarks(model: OnnxModel, writers: Writers, clipped: string): Trace | undefined {
  const sign = writers.get(source(writers, clipped));
  const sub = sign?.type === "ai.onnx.Sign" ? writers.get(sign.inputs[0] ?? "") : undefined;
  return sub?.type === "ai.onnx.Sub" && isNumber(model, sub.inputs[1], MARK_THRESHOLD)
    ? { kind: "marks", of: source(writers, sub.inputs[0] ?? "") }
    : undefined;
}

function traceLabels(model: OnnxModel, writers: Writers, { inputs }: OnnxNode): Trace | undefined {
  const found = inputs.map((input) => trace(model, writers, input));
  const of = found.filter((part) => part?.kind === "label");
  return of.length === inputs.length ? { kind: "labels", of } : undefined;
}

/** Nodes that say at once what an output means. */
function traceSimple(model: OnnxModel, writers: Writers, node: OnnxNode): Trace | undefined {
  const [first = ""] = node.inputs;
  switch (node.type) {
    case "ai.onnx.Sign":
      return { kind: "sign", of: source(writers, first) };
    case "ai.onnx.ml.Binarizer": {
      const threshold = new AttributeReader(node.attributes).float("threshold", 0);
      return threshold === MARK_THRESHOLD ? { kind: "marks", of: source(writers, first) } : undefined;
    }
    case "ai.onnx.Concat":
      return traceLabels(model, writers, node);
    default:
      return traceArgument(node, undefined);
  }
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

/** The value that scores are a part of. */
function wholeOf(writers: Writers, scores: string): string {
  const parts = new Set(["ai.onnx.ml.ArrayFeatureExtractor", "ai.onnx.Transpose"]);
  const visited = new Set<string>();
  let at = source(writers, scores);
  for (let node = writers.get(at); node && parts.has(node.type) && !visited.has(at); node = writers.get(at)) {
    visited.add(at);
    at = source(writers, node.inputs[0] ?? "");
  }
  return at;
}

const JOINING = new Set(["Concat", "Identity", "Reshape"].map((op) => `ai.onnx.${op}`));

/** The one of these values that has scores in it as they are, if any has. */
function joinedIn(writers: Writers, scores: string, values: ReadonlySet<string>): string | undefined {
  return [...values].find((value) => {
    const visited = new Set<string>();
    const open = [value];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === scores) return true;
      const node = writers.get(at);
      if (!node || !JOINING.has(node.type) || visited.has(at)) continue;
      visited.add(at);
      open.push(...node.inputs);
    }
    return false;
  });
}

/** The labels that an output stands for; none where it is something else. */
function labelsOf(found: Trace | undefined): readonly Label[] {
  if (found?.kind === "labels") return found.of;
  return found?.kind === "label" ? [found] : [];
}

/** The values of outputs of numbers: a sequence is its tensors, one by one. */
const numberOutputs = (writers: Writers, output: OnnxOutput): readonly string[] => {
  const node = writers.get(output.name);
  return output.type === "SEQUENCE" && node?.type === "ai.onnx.SequenceConstruct" && node.inputs.length > 0
    ? node.inputs
    : [output.name];
};

/** Whether a node gives values to be predicted: a regressor, or a mean of neighbours that are of no class. */
function isRegression(node: OnnxNode | undefined): boolean {
  if (node?.type === "thimble.Neighbours")
    return new AttributeReader(node.attributes).ints("classes").length === 0;
  return /^ai\.onnx\.ml\.\w+Regressor$/.test(node?.type ?? "");
}

/** An output that is neither of numbers nor a label is a fault. Throws ModelError where there is no output. */
export function selectOutputs(model: OnnxModel): Selection {
  const writers: Writers = new Map(
    model.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const sourceOf = (value: string): string => source(writers, value);
  const hasScores = model.outputs.some(holdsNumbers);
  const scored = new Set(
    model.outputs.filter(holdsNumbers).flatMap((output) => numberOutputs(writers, output).map(sourceOf)),
  );
  const outputs: string[] = [];
  const labels: (readonly string[])[] = [];
  const classes = new Map<string, readonly string[]>();
  const signs = new Set<string>();
  const marked = new Set<string>();
  const faults: string[] = [];
  for (const output of model.outputs) {
    const found = holdsNumbers(output) ? undefined : trace(model, writers, output.name);
    if (found?.kind === "sign") signs.add(found.of);
    const named = labelsOf(found).filter(({ isNamed }) => hasScores || isNamed);
    for (const label of named) {
      if (found?.kind === "labels") {
        const [scores] = label.scores as [string];
        const part = wholeOf(writers, scores);
        const whole = scored.has(part) ? part : joinedIn(writers, scores, scored);
        if (whole !== undefined && !scored.has(scores)) {
          marked.add(whole);
          continue;
        }
      }
      labels.push(label.scores);
      if (label.classes) classes.set(label.scores[0]!, label.classes);
    }
    if (named.length > 0) continue;
    if (found?.kind === "marks" && scored.has(found.of)) marked.add(found.of);
    else if (holdsNumbers(output) || (INTEGERS.has(output.type) && !(found?.kind === "sign" && hasScores))) {
      outputs.push(...numberOutputs(writers, output));
    } else if (found?.kind !== "sign") {
      faults.push(
        `output ${output.name}: expected FLOAT, INT64, INT32 or a classifier's label, found ${output.type}`,
      );
    }
  }
  if (outputs.length + labels.length + faults.length + model.faults.length === 0)
    throw new ModelError("expected an output, found none");
  const needed = neededNodes(model.nodes, [...outputs, ...labels.flat()]);
  const sources = outputs.map(sourceOf);
  return {
    outputs,
    labels,
    needed,
    classes,
    faults,
    signs: outputs.filter((_, i) => signs.has(sources[i]!)),
    isRegressor: sources.some((value) => marked.has(value) || isRegression(writers.get(value))),
  };
}
