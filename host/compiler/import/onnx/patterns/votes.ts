import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, rewriteNodes } from "./match.ts";

/** Nodes that the decisions between pairs of classes go through on their way to votes and sums. */
const STEPS = ["Add", "ArrayFeatureExtractor", "Cast", "Less", "Neg", "Sum"];

/** The one classifier whose decisions, and nothing else that is computed, these values are made of. */
function classifier(match: Matcher, values: readonly string[]): OnnxNode | undefined {
  const found = new Set<OnnxNode>();
  const seen = new Set<string>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (seen.has(value) || match.constant(value)) continue;
    seen.add(value);
    const node = match.model.nodes.find(({ outputs }) => outputs.includes(value));
    if (node?.type === "ai.onnx.ml.SVMClassifier") found.add(node);
    else if (node && STEPS.includes(node.opType)) open.push(...node.inputs);
    else return undefined;
  }
  return found.size === 1 ? [...found][0] : undefined;
}

/** C of C / (3 (|C| + 1)). */
function confidences(match: Matcher, quotient: string | undefined): OnnxNode | undefined {
  const div = match.writer(quotient, "ai.onnx.Div");
  const mul = match.writer(div?.inputs[1], "ai.onnx.Mul");
  const add = match.writer(mul?.inputs[0], "ai.onnx.Add");
  const abs = match.writer(add?.inputs[0], "ai.onnx.Abs");
  const isScaled = match.isNumber(mul?.inputs[1], 3) && match.isNumber(add?.inputs[1], 1);
  return isScaled && abs?.inputs[0] === div?.inputs[0]
    ? match.writer(abs?.inputs[0], "ai.onnx.Concat")
    : undefined;
}

function rewrite(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  if (node.type !== "ai.onnx.Add") return undefined;
  const sums = confidences(match, node.inputs[1]);
  const won = match.writer(node.inputs[0], "ai.onnx.Concat");
  if (!sums || !won || sums.inputs.length !== won.inputs.length || won.inputs.length < 3) return undefined;
  const svm = classifier(match, [...sums.inputs, ...won.inputs]);
  return svm && inPlaceOf(node, "ai.onnx.Identity", svm.outputs.slice(0, 1));
}

/**
 * skl2onnx, SVC with decision_function_shape "ovr": votes of all pairs of classes, and less than one vote by
 * how sure the pairs are (scikit-learn, sklearn/utils/multiclass.py, _ovr_decision_function). Here these are
 * what a module computes in place of the classifier's label: see operators/svm_classifier.ts.
 */
export const votes = (model: OnnxModel): OnnxModel => rewriteNodes(model, rewrite);
