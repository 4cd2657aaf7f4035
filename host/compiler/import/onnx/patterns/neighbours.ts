import { AttributeReader } from "../attributes.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { ints } from "./forest_attributes.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/**
 * skl2onnx, k-nearest neighbours: TopK of the distances, and of what belongs to the nearest either votes for classes,
 * class by class, or a mean. Several outputs are the rows of a table, of which one is taken for each.
 */

/** The values of the nearest, and the moves on the way to them, the last one first. */
interface Chosen {
  readonly topk: OnnxNode;
  readonly values: string;
  readonly count: number;
  readonly outputs: number;
  /** The output that was taken of several. */
  readonly column: number | undefined;
  readonly path: string;
}

const anyWriter = (match: Matcher, value: string): OnnxNode | undefined =>
  match.model.nodes.find(({ outputs }) => outputs.includes(match.source(value)));

/** The TopK of the least values whose indices these are. */
function leastBehind(match: Matcher, indices: string | undefined): OnnxNode | undefined {
  const flatten = match.writer(indices, "ai.onnx.Flatten");
  const topk = match.writer(flatten?.inputs[0], "ai.onnx.TopK");
  const reader = topk && new AttributeReader(topk.attributes);
  const isLeast = reader?.int("largest", 1) === 0 && [1, -1].includes(reader.int("axis", -1));
  const isOfIndices = topk?.outputs[1] === match.source(flatten?.inputs[0] ?? "");
  return isLeast && isOfIndices && match.constant(topk?.inputs[1])?.numbers.length === 1 ? topk : undefined;
}

/** A move as text: the operator and its numbers. */
function moveOf(match: Matcher, node: OnnxNode): string | undefined {
  if (node.type === "ai.onnx.Transpose")
    return `transpose ${new AttributeReader(node.attributes).ints("perm")}`;
  const shape = node.type === "ai.onnx.Reshape" ? match.constant(node.inputs[1]) : undefined;
  return shape && `reshape ${shape.numbers}`;
}

function chosen(match: Matcher, value: string): Chosen | undefined {
  const moves: string[] = [];
  let column: number | undefined;
  let name = value;
  for (let node = anyWriter(match, name); node; node = anyWriter(match, name)) {
    const [first = "", second] = node.inputs;
    if (node.type === "ai.onnx.ml.ArrayFeatureExtractor") {
      const values = match.constant(first);
      const topk = values && leastBehind(match, second);
      if (topk) {
        const count = match.constant(topk.inputs[1])!.numbers[0]!;
        const outputs = values.shape.length === 2 ? values.shape[0]! : 1;
        return { topk, values: first, count, outputs, column, path: moves.join("; ") };
      }
      const chosenColumn = match.constant(second)?.numbers;
      if (chosenColumn?.length !== 1 || column !== undefined) return undefined;
      [column] = chosenColumn as unknown as [number];
      moves.push("column");
    } else {
      const move = moveOf(match, node);
      if (move === undefined || moves.length > 4) return undefined;
      moves.push(move);
    }
    name = first;
  }
  return undefined;
}

/** Moves after which the values of the nearest lie along the axis that is added up. */
const isVotePath = ({ count, outputs, column, path }: Chosen): boolean =>
  column === undefined
    ? path === `reshape -1,${count}`
    : path === `column; transpose 0,2,1; transpose 1,0,2; reshape ${outputs},-1,${count}`;

/**
 * Whether weights are the same for all: 1 / max(-distance, small). skl2onnx writes this for weights by distance, whose
 * sign is right for a TopK of the greatest only.
 */
function areEqual(match: Matcher, weights: string | undefined, topk: OnnxNode): boolean {
  const max = match.writer(match.writer(weights, "ai.onnx.Reciprocal")?.inputs[0], "ai.onnx.Max");
  const negated = match.writer(max?.inputs[0], "ai.onnx.Mul");
  const small = match.constant(max?.inputs[1])?.numbers;
  const isOfDistances = match.source(negated?.inputs[0] ?? "") === topk.outputs[0];
  const isRoot = match.writer(topk.inputs[0], "ai.onnx.Sqrt") !== undefined;
  const isNegated = isOfDistances && match.isNumber(negated?.inputs[1], -1);
  return isNegated && isRoot && max?.inputs.length === 2 && small?.length === 1 && small[0]! > 0;
}

const isReduction = (match: Matcher, node: OnnxNode | undefined, axis: number, keepdims: number): boolean => {
  const reader = node && new AttributeReader(node.attributes);
  const axes = reader?.ints("axes") ?? [];
  const isAxis = axes.length > 0 ? axes.join() === `${axis}` : match.isNumber(node?.inputs[1], axis);
  return isAxis && reader?.int("keepdims", 1) === keepdims;
};

interface Votes extends Chosen {
  readonly classId: number;
}

/** The number of the nearest that are of one class: the sum over [value = class], perhaps times equal weights. */
function votesOf(match: Matcher, value: string): Votes | undefined {
  const sum = match.writer(value, "ai.onnx.ReduceSum");
  if (!sum || !isReduction(match, sum, 1, 1)) return undefined;
  const product = match.writer(sum.inputs[0], "ai.onnx.Mul");
  const equal = match.writer(product ? product.inputs[0] : sum.inputs[0], "ai.onnx.Equal");
  const id = match.constant(equal?.inputs[1])?.numbers;
  const found = equal && id?.length === 1 ? chosen(match, equal.inputs[0]!) : undefined;
  if (!found || !isVotePath(found)) return undefined;
  if (product && !areEqual(match, product.inputs[1], found.topk)) return undefined;
  return { ...found, classId: id![0]! };
}

/** The distances themselves stand in their roots' order. */
const distancesOf = (match: Matcher, { topk }: Chosen): string =>
  match.writer(topk.inputs[0], "ai.onnx.Sqrt")?.inputs[0] ?? topk.inputs[0]!;

const made = (match: Matcher, node: OnnxNode, found: Chosen, classes: readonly number[]): OnnxNode => ({
  ...inPlaceOf(node, `${PRIVATE}.Neighbours`, [distancesOf(match, found), found.values]),
  attributes: [
    ints("count", [found.count]),
    ints("classes", classes),
    ints("column", found.column === undefined ? [] : [found.column]),
  ],
});

function rewriteVotes(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const votes = node.inputs.map((input) => votesOf(match, input)).filter((each) => each !== undefined);
  const [first] = votes;
  const isWhole =
    votes.length === node.inputs.length && new AttributeReader(node.attributes).int("axis") === 1;
  const isOne = votes.every(
    ({ topk, values, column }) => topk === first?.topk && values === first.values && column === first.column,
  );
  if (!first || !isWhole || !isOne) return undefined;
  const classes = votes.map(({ classId }) => classId);
  // All neighbours must be of these classes for their counts to be shares.
  const known = new Set(classes);
  const isComplete = match.constant(first.values)!.numbers.every((id) => known.has(id));
  return isComplete && known.size === classes.length ? made(match, node, first, classes) : undefined;
}

/** The mean of the values of the nearest. */
function rewriteMean(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const found = chosen(match, node.inputs[0] ?? "");
  if (!found || found.column !== undefined) return undefined;
  const isOne = isReduction(match, node, 1, 1) && found.path === `reshape -1,${found.count}`;
  const isSeveral =
    isReduction(match, node, 2, 0) &&
    found.path === `transpose 1,0,2; reshape ${found.outputs},-1,${found.count}`;
  return isOne || isSeveral ? made(match, node, found, []) : undefined;
}

/** That of equal weights: sum of products over sum of weights, both of one axis. */
function rewriteWeightedMean(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const sum = match.writer(node.inputs[0], "ai.onnx.ReduceSum");
  const product = match.writer(sum?.inputs[0], "ai.onnx.Mul");
  const whole = match.writer(match.writer(node.inputs[1], "ai.onnx.Reshape")?.inputs[0], "ai.onnx.ReduceSum");
  const found = product ? chosen(match, product.inputs[0]!) : undefined;
  const weights = product?.inputs[1];
  const isMean =
    isReduction(match, sum, 1, 0) && isReduction(match, whole, 1, 0) && whole?.inputs[0] === weights;
  return found?.path === `reshape -1,${found?.count}` && isMean && areEqual(match, weights, found!.topk)
    ? made(match, node, found!, [])
    : undefined;
}

/** Votes as shares of all votes, which they are already. */
function rewriteShares(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const votes = match.writer(node.inputs[0], `${PRIVATE}.Neighbours`);
  const sum = match.writer(node.inputs[1], "ai.onnx.ReduceSum");
  const isShare = votes && isReduction(match, sum, 1, 1) && sum?.inputs[0] === node.inputs[0];
  return isShare ? inPlaceOf(node, "ai.onnx.Identity", node.inputs.slice(0, 1)) : undefined;
}

export const neighbours = (model: OnnxModel): OnnxModel => {
  const found = rewriteNodes(model, (node, match) => {
    if (node.type === "ai.onnx.Concat") return rewriteVotes(node, match);
    if (node.type === "ai.onnx.ReduceMean") return rewriteMean(node, match);
    return node.type === "ai.onnx.Div" ? rewriteWeightedMean(node, match) : undefined;
  });
  return rewriteNodes(found, (node, match) =>
    node.type === "ai.onnx.Div" ? rewriteShares(node, match) : undefined,
  );
};
