import { AttributeReader } from "../attributes.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { forestAttributes, type PlantedTree } from "./forest_attributes.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/**
 * skl2onnx, AdaBoostClassifier (SAMME): each classifier gives its weight to the class that it takes for the greatest,
 * and a share of its negative to all others. Of trees the sum is one forest, whose leaves are these weights.
 */

/** Scores, and what a class gets that is not their greatest: the greatest gets 1. */
interface Winner {
  readonly scores: string;
  readonly classes: number;
  readonly other: string;
}

const CLASSIFIER = "ai.onnx.ml.TreeEnsembleClassifier";

/** Constants of 1 for the greatest score, and of one number, otherwise. */
function winnerOf(match: Matcher, where: OnnxNode | undefined): Winner | undefined {
  const equal = where?.type === "ai.onnx.Where" ? match.writer(where.inputs[0], "ai.onnx.Equal") : undefined;
  const argmax = match.writer(equal?.inputs[0], "ai.onnx.ArgMax");
  const reader = argmax && new AttributeReader(argmax.attributes);
  const ids = match.constant(equal?.inputs[1])?.numbers;
  const fill = match.writer(where?.inputs[1], "ai.onnx.ConstantOfShape");
  const one = fill && new AttributeReader(fill.attributes).tensor("value");
  const isAxis = reader?.int("axis", 0) === 1 && reader.int("keepdims", 1) === 1;
  if (!ids || !argmax || !isAxis || one?.numbers[0] !== 1 || one.numbers.length !== 1) return undefined;
  const other = where!.inputs[2]!;
  const isPlain = ids.every((id, i) => id === i) && match.constant(other)?.numbers.length === 1;
  return isPlain ? { scores: argmax.inputs[0]!, classes: ids.length, other } : undefined;
}

/** One Where as an operator of its own. */
export const winners = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    const found = winnerOf(match, node);
    return found && inPlaceOf(node, `${PRIVATE}.Winner`, [found.scores, found.other]);
  });

/** The number of the greatest score in each leaf; of two classes the file may have the second's alone. */
function greatestOfLeaves(attributes: AttributeReader, classes: number): ReadonlyMap<number, number> {
  const nodes = attributes.ints("class_nodeids");
  const ids = attributes.ints("class_ids");
  const weights = attributes.floats("class_weights");
  const isSecondAlone = classes === 2 && !ids.includes(1);
  const isShare = weights.every((weight) => weight >= 0);
  const scores = new Map<number, number[]>();
  nodes.forEach((node, i) => {
    const of = scores.get(node) ?? Array<number>(classes).fill(0);
    of[ids[i]!]! += weights[i]!;
    scores.set(node, of);
  });
  return new Map(
    [...scores].map(([node, of]) => {
      const [s = 0] = of;
      const both = isSecondAlone ? [isShare ? Math.fround(1 - s) : -s, s] : of;
      return [node, both.indexOf(Math.max(...both))];
    }),
  );
}

/** Whether there is one tree, whose leaves have class weights and nothing else. */
function isPlain(attributes: AttributeReader, classes: number): boolean {
  const labels =
    attributes.ints("classlabels_int64s").length + attributes.strings("classlabels_strings").length;
  const leaves = attributes.strings("nodes_modes").filter((mode) => mode === "LEAF").length;
  const count = attributes.ints("class_nodeids").length;
  return (
    labels === classes &&
    new Set(attributes.ints("nodes_treeids")).size === 1 &&
    new Set(attributes.ints("class_nodeids")).size === leaves &&
    attributes.ints("class_ids").length === count &&
    attributes.ints("class_ids").every((id) => id >= 0 && id < classes) &&
    attributes.floats("class_weights").length === count &&
    attributes.floats("nodes_values").length === attributes.ints("nodes_nodeids").length &&
    attributes.string("post_transform", "NONE") === "NONE" &&
    attributes.floats("base_values").length === 0
  );
}

interface Term extends PlantedTree {
  readonly input: string;
  readonly classes: number;
  readonly opset: number;
}

/** weight * winner, of one tree. */
function termOf(match: Matcher, value: string): Term | undefined {
  const mul = match.writer(value, "ai.onnx.Mul");
  const winner = winnerOf(match, match.writer(mul?.inputs[0], "ai.onnx.Where"));
  const factor = match.constant(mul?.inputs[1])?.numbers;
  const tree = match.writer(winner?.scores, CLASSIFIER);
  if (!winner || !tree || tree.outputs[1] !== match.source(winner.scores) || factor?.length !== 1)
    return undefined;
  const { classes } = winner;
  const attributes = new AttributeReader(tree.attributes);
  if (!isPlain(attributes, classes)) return undefined;
  const [weight] = factor as unknown as [number];
  const other = match.constant(winner.other)!.numbers[0]!;
  const leaves = [...greatestOfLeaves(attributes, classes)].flatMap(([node, greatest]) =>
    Array.from({ length: classes }, (_, target) => ({
      node,
      target,
      weight: Math.fround(weight * (target === greatest ? 1 : other)),
    })),
  );
  const features = attributes.ints("nodes_featureids");
  return { attributes, features, leaves, input: tree.inputs[0]!, classes, opset: tree.opset };
}

function termsOf(match: Matcher, sum: OnnxNode | undefined): readonly Term[] | undefined {
  const terms = sum?.inputs.map((input) => termOf(match, input)).filter((term) => term !== undefined);
  const [first] = terms ?? [];
  const isWhole = first && terms!.length === sum!.inputs.length;
  return isWhole && terms!.every(({ input, classes }) => input === first.input && classes === first.classes)
    ? terms
    : undefined;
}

function rewriteSum(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const terms = termsOf(match, node);
  const [first] = terms ?? [];
  if (!terms || !first) return undefined;
  const made = inPlaceOf(node, "ai.onnx.ml.TreeEnsembleRegressor", [first.input]);
  return { ...made, opset: first.opset, attributes: forestAttributes(terms, first.classes) };
}

/** x of exp(x) / (sum of exp(x), plus 1 where that is below 1). */
function guardedSoftmax(node: OnnxNode, match: Matcher): string | undefined {
  const exp = match.writer(node.inputs[0], "ai.onnx.Exp");
  const add = match.writer(node.inputs[1], "ai.onnx.Add");
  const sum = match.writer(match.writer(add?.inputs[0], "ai.onnx.Reshape")?.inputs[0], "ai.onnx.ReduceSum");
  const equal = match.writer(add?.inputs[1], "ai.onnx.Equal");
  const isGuard =
    match.isNumber(equal?.inputs[1], 0) && match.source(equal?.inputs[0] ?? "") === add?.inputs[0];
  const isSum = sum?.inputs[0] === exp?.outputs[0] && match.isNumber(sum?.inputs[1], 1);
  return exp && isGuard && isSum ? exp.inputs[0] : undefined;
}

/** The sum of all classifiers' weights behind its factors. */
function sumBehind(match: Matcher, value: string): OnnxNode | undefined {
  const mul = match.writer(value, "ai.onnx.Mul");
  const div = match.writer(mul?.inputs[0], "ai.onnx.Div");
  const isConstant = match.constant(mul?.inputs[1]) && match.constant(div?.inputs[1]);
  return isConstant ? match.writer(div?.inputs[0], "ai.onnx.Sum") : undefined;
}

const SLIGHT = 1e-5;

/** Scores that add up to 0 have exponentials that add up to more than 1 (Jensen): no guard is ever needed. */
function rewriteSoftmax(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const x = guardedSoftmax(node, match);
  const sum = x === undefined ? undefined : sumBehind(match, x);
  const isBalanced = sum?.inputs.every((input) => {
    const winner = winnerOf(
      match,
      match.writer(match.writer(input, "ai.onnx.Mul")?.inputs[0], "ai.onnx.Where"),
    );
    const other = match.constant(winner?.other)?.numbers[0];
    return other !== undefined && Math.abs(1 + (winner!.classes - 1) * other) < SLIGHT;
  });
  return isBalanced ? inPlaceOf(node, "ai.onnx.Softmax", [x!]) : undefined;
}

export const boosting = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type === "ai.onnx.Sum") return rewriteSum(node, match);
    return node.type === "ai.onnx.Div" ? rewriteSoftmax(node, match) : undefined;
  });
