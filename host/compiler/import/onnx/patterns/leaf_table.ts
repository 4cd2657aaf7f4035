import { AttributeReader } from "../attributes.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

const CLASSIFIER = "ai.onnx.ml.TreeEnsembleClassifier";

/** The classifier whose label chooses a column of a constant [outputs, classes, leaves]. */
function chooser(match: Matcher, node: OnnxNode): OnnxNode | undefined {
  if (node.type !== "ai.onnx.ml.ArrayFeatureExtractor") return undefined;
  const reshape = match.writer(node.inputs[1], "ai.onnx.Reshape");
  const tree = match.writer(reshape?.inputs[0], CLASSIFIER);
  const isList = match.constant(reshape?.inputs[1])?.numbers.join() === "1,-1";
  const isLabel = tree?.outputs[0] === match.source(reshape?.inputs[0] ?? "");
  return isList && isLabel && match.constant(node.inputs[0])?.shape.length === 3 ? tree : undefined;
}

const SLIGHT = 1e-5;

/** Whether the classes of each output and leaf add up to 1. */
function addUpToOne(match: Matcher, table: string | undefined): boolean {
  const { shape, numbers } = match.constant(table)!;
  const [outputs = 0, classes = 0, leaves = 0] = shape;
  return Array.from({ length: outputs * leaves }, (_, i) => {
    const first = Math.floor(i / leaves) * classes * leaves + (i % leaves);
    return Array.from({ length: classes }, (_, c) => numbers[first + c * leaves]!).reduce((a, b) => a + b, 0);
  }).every((sum) => Math.abs(sum - 1) < SLIGHT);
}

/** p of p / (sum of p) where the sum is known to be 1. */
function alreadyShares(match: Matcher, node: OnnxNode): string | undefined {
  if (node.type !== "ai.onnx.Div") return undefined;
  const sum = match.writer(node.inputs[1], "ai.onnx.ReduceSum");
  const transpose = match.writer(sum?.inputs[0], "ai.onnx.Transpose");
  const perm = transpose && new AttributeReader(transpose.attributes).ints("perm").join();
  const extractor = match.writer(transpose?.inputs[0], "ai.onnx.ml.ArrayFeatureExtractor");
  const isSum = sum?.inputs[0] === node.inputs[0] && match.isNumber(sum?.inputs[1], 2);
  const isTable = extractor && chooser(match, extractor) && perm === "0,2,1" && isSum;
  return isTable && addUpToOne(match, extractor.inputs[0]) ? node.inputs[0] : undefined;
}

/** skl2onnx, trees of several outputs: the number of the leaf, by which the probabilities of all outputs are chosen. */
export const leafTable = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    const share = alreadyShares(match, node);
    if (share !== undefined) return inPlaceOf(node, "ai.onnx.Identity", [share]);
    const tree = chooser(match, node);
    if (!tree) return undefined;
    const made = inPlaceOf(node, `${PRIVATE}.LeafTable`, [tree.inputs[0]!, node.inputs[0]!]);
    return { ...made, attributes: tree.attributes };
  });
