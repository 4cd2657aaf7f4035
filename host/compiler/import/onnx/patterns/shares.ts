import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** A sum over the second of two axes that stays as an axis of 1. */
function rowSum(match: Matcher, value: string | undefined): OnnxNode | undefined {
  const sum = match.writer(value, "ai.onnx.ReduceSum");
  const isKept = sum?.attributes.every(({ name, i }) => name !== "keepdims" || i === 1n);
  return isKept && match.isNumber(sum?.inputs[1], 1) ? sum : undefined;
}

/** p of p / (sum of p), where a sum of no class at all is taken for equal shares, or is not. */
function whole(match: Matcher, share: string | undefined, sum: string | undefined): string | undefined {
  const plain = rowSum(match, sum);
  if (plain && share !== undefined && plain.inputs[0] === share) return share;
  const [shareSum, totalSum] = [match.writer(share, "ai.onnx.Add"), match.writer(sum, "ai.onnx.Add")];
  const total = rowSum(match, totalSum?.inputs[0]);
  const isNone = match.writer(shareSum?.inputs[1], "ai.onnx.Not");
  const count = match.writer(totalSum?.inputs[1], "ai.onnx.Mul");
  const of = isNone && match.source(isNone.inputs[0] ?? "");
  const isGuarded = of === total?.outputs[0] && match.writer(count?.inputs[0], "ai.onnx.Not") === isNone;
  return total && isGuarded && total.inputs[0] === shareSum?.inputs[0] ? total.inputs[0] : undefined;
}

function rewrite(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  if (node.type !== "ai.onnx.Div") return undefined;
  const p = whole(match, node.inputs[0], node.inputs[1]);
  const score = p === undefined ? undefined : match.writer(p, "ai.onnx.Sigmoid")?.inputs[0];
  if (score !== undefined) return inPlaceOf(node, `${PRIVATE}.SigmoidShares`, [score]);
  if (p === undefined) return undefined;
  // Only what is known to be positive: L1 divides by a sum of magnitudes.
  if (isProbability(match, p)) return inPlaceOf(node, `${PRIVATE}.Shares`, [p]);
  const isGuarded = p !== node.inputs[0];
  return isGuarded && isProbability(match, p, MAY_BE_ZERO)
    ? inPlaceOf(node, `${PRIVATE}.GuardedShares`, [p])
    : undefined;
}

const POSITIVE = ["ai.onnx.Sigmoid", `${PRIVATE}.NegatedSigmoid`];
/** All of these may be 0 at once. */
const MAY_BE_ZERO = [`${PRIVATE}.Steps`];
const MOVING = ["ai.onnx.Concat", "ai.onnx.Reshape", "ai.onnx.Slice"];

/** Whether a value is one or more probabilities; `also`: types of nodes with heights, of which none may be negative. */
function isProbability(match: Matcher, value: string, also: readonly string[] = []): boolean {
  const node = match.model.nodes.find(({ outputs }) => outputs.includes(match.source(value)));
  if (!node) return false;
  if (POSITIVE.includes(node.type)) return true;
  if (also.includes(node.type))
    return match.constant(node.inputs[2])?.numbers.every((height) => height >= 0) === true;
  if (/^ai\.onnx\.ml\.\w+Classifier$/.test(node.type)) return node.outputs[1] === match.source(value);
  if (!MOVING.includes(node.type)) return false;
  const parts = node.type === "ai.onnx.Concat" ? node.inputs : node.inputs.slice(0, 1);
  return parts.every((part) => isProbability(match, part, also));
}

/** skl2onnx, one classifier against the rest: their probabilities as shares of their sum. */
export const shares = (model: OnnxModel): OnnxModel => rewriteNodes(model, rewrite);
