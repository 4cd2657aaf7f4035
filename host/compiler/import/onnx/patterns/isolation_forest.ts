import { AttributeReader } from "../attributes.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { forestAttributes } from "./forest_attributes.ts";
import { inPlaceOf, type Matcher, rewriteNodes } from "./match.ts";

/**
 * skl2onnx, IsolationForest: each tree gives the number of a leaf, of which dozens of nodes make a path's length, and
 * these are added up. A function of a leaf is a leaf: here the sum becomes one forest whose leaves add what the nodes
 * make of them. Any sum of functions of single trees is recognised.
 */

type Combine = (...values: readonly number[]) => number;

/** In float32, as ONNX Runtime computes; conditions are 0 or 1. */
const FUNCTIONS: Readonly<Record<string, Combine>> = {
  Add: (a = 0, b = 0) => a + b,
  Sub: (a = 0, b = 0) => a - b,
  Mul: (a = 0, b = 0) => a * b,
  Div: (a = 0, b = 0) => a / b,
  Max: Math.max,
  Min: Math.min,
  Neg: (a = 0) => -a,
  Log: (a = 0) => Math.log(a),
  Equal: (a, b) => (a === b ? 1 : 0),
  Greater: (a = 0, b = 0) => (a > b ? 1 : 0),
  Less: (a = 0, b = 0) => (a < b ? 1 : 0),
};

/** skl2onnx needs 26; a bad file may have any number. */
const MAX_STEPS = 100;

const TREE = "ai.onnx.ml.TreeEnsembleRegressor";
const INTEGERS = [6, 7];

type Column = readonly number[];

/** The find on the way back from an addend: one tree, and values for each of its leaves. */
interface Walk {
  readonly match: Matcher;
  readonly writers: ReadonlyMap<string, OnnxNode>;
  readonly known: Map<string, Column | undefined>;
  tree: OnnxNode | undefined;
}

function encode(node: OnnxNode, column: Column): Column | undefined {
  const attributes = new AttributeReader(node.attributes);
  const keys = [...attributes.ints("keys_int64s"), ...attributes.floats("keys_floats")];
  const values = attributes.floats("values_floats");
  const instead = attributes.float("default_float", 0);
  attributes.ignore("default_int64", "default_string");
  if (keys.length !== values.length || attributes.unread().length > 0) return undefined;
  const map = new Map(keys.map((key, i) => [key, values[i]!]));
  return column.map((x) => map.get(x) ?? instead);
}

/** A type that is none of integers changes no value of those that come about here. */
const cast = (node: OnnxNode, column: Column): Column =>
  INTEGERS.includes(new AttributeReader(node.attributes).int("to", 0)) ? column.map(Math.trunc) : column;

const isColumnShape = (match: Matcher, shape: string | undefined): boolean =>
  match.constant(shape)?.numbers.join() === "-1,1";

function leafWeights(walk: Walk, node: OnnxNode): Column | undefined {
  if (walk.tree && walk.tree !== node) return undefined;
  walk.tree = node;
  return [...new AttributeReader(node.attributes).floats("target_weights")];
}

function compute(walk: Walk, node: OnnxNode): Column | undefined {
  if (node.type === TREE) return leafWeights(walk, node);
  const [first] = node.inputs;
  const passing = { LabelEncoder: encode, Cast: cast, Identity: (_: OnnxNode, x: Column) => x } as const;
  if (node.opType === "Reshape")
    return isColumnShape(walk.match, node.inputs[1]) ? columnOf(walk, first) : undefined;
  const pass = Object.entries(passing).find(([type]) => type === node.opType)?.[1];
  if (pass) {
    const column = columnOf(walk, first);
    return column && pass(node, column);
  }
  const combine = FUNCTIONS[node.opType];
  const operands = node.inputs.map((input) => columnOf(walk, input));
  const columns = operands.filter((operand) => operand !== undefined);
  if (!combine || columns.length < operands.length || columns.length === 0) return undefined;
  const length = columns.reduce((most, column) => Math.max(most, column.length), 1);
  if (columns.some((column) => column.length !== 1 && column.length !== length)) return undefined;
  return Array.from({ length }, (_, i) =>
    Math.fround(combine(...columns.map((column) => (column.length === 1 ? column[0]! : column[i]!)))),
  );
}

/** The values that a name has, one for each leaf or the same one for all; undefined where it is something else. */
function columnOf(walk: Walk, name = ""): Column | undefined {
  const { known, writers, match } = walk;
  if (known.has(name)) return known.get(name);
  // Nodes of a bad file may form a ring.
  known.set(name, undefined);
  const constant = match.constant(name);
  const node = writers.get(name);
  if (constant?.numbers.length === 1) known.set(name, [...constant.numbers]);
  else if (node && known.size <= MAX_STEPS) known.set(name, compute(walk, node));
  return known.get(name);
}

interface FoldedTree {
  readonly input: string;
  readonly features: readonly number[];
  readonly attributes: AttributeReader;
  readonly node: OnnxNode;
  readonly weights: Column;
}

/** A tree's input, and which of its features are asked for, where a Gather chooses them. */
function inputOf(
  { match, writers }: Walk,
  tree: OnnxNode,
): Pick<FoldedTree, "input" | "features"> | undefined {
  const [input = ""] = tree.inputs;
  const asked = new AttributeReader(tree.attributes).ints("nodes_featureids");
  const gather = writers.get(input);
  if (gather?.type !== "ai.onnx.Gather") return { input, features: asked };
  const chosen = match.constant(gather.inputs[1])?.numbers;
  if (!chosen || new AttributeReader(gather.attributes).int("axis", 0) !== 1) return undefined;
  const features = asked.map((feature) => chosen[feature] ?? -1);
  return { input: gather.inputs[0] ?? "", features };
}

/** Whether there is one tree of one target, each leaf has one weight, and nothing else is added. */
function isPlain(attributes: AttributeReader): boolean {
  const leaves = attributes.strings("nodes_modes").filter((mode) => mode === "LEAF").length;
  return (
    new Set(attributes.ints("nodes_treeids")).size === 1 &&
    new Set(attributes.ints("target_nodeids")).size === leaves &&
    [attributes.ints("target_ids"), attributes.floats("target_weights")].every(
      ({ length }) => length === leaves,
    ) &&
    attributes.int("n_targets", 1) === 1 &&
    attributes.string("post_transform", "NONE") === "NONE" &&
    attributes.floats("base_values").length === 0
  );
}

function foldTree(match: Matcher, writers: Walk["writers"], addend: string): FoldedTree | undefined {
  const walk: Walk = { match, writers, known: new Map(), tree: undefined };
  const column = columnOf(walk, addend);
  const { tree: node } = walk;
  if (!node || !column) return undefined;
  const attributes = new AttributeReader(node.attributes);
  const input = inputOf(walk, node);
  if (!input || !isPlain(attributes)) return undefined;
  const leaves = attributes.ints("target_ids");
  return { ...input, attributes, node, weights: leaves.map((_, i) => column[i] ?? column[0]!) };
}

function rewriteSum(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const writers = new Map(
    match.model.nodes.flatMap((writer) => writer.outputs.map((output) => [output, writer] as const)),
  );
  const trees = node.inputs
    .map((input) => foldTree(match, writers, input))
    .filter((tree) => tree !== undefined);
  const [first] = trees;
  const isWhole =
    trees.length === node.inputs.length && new Set(trees.map(({ node: tree }) => tree)).size === trees.length;
  if (!first || !isWhole || trees.some(({ input }) => input !== first.input)) return undefined;
  const { opset } = first.node;
  const joined = trees.map(({ attributes, features, weights }) => {
    const targets = attributes.ints("target_ids");
    const nodes = attributes.ints("target_nodeids");
    const leaves = nodes.map((id, i) => ({ node: id, target: targets[i]!, weight: weights[i]! }));
    return { attributes, features, leaves };
  });
  return { ...inPlaceOf(node, TREE, [first.input]), opset, attributes: forestAttributes(joined, 1) };
}

/** 1 for inliers and -1 for outliers: 1 - 2 * (score < 0). */
function rewriteSign(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const mul = match.isNumber(node.inputs[1], 1) ? match.writer(node.inputs[0], "ai.onnx.Mul") : undefined;
  const less = match.isNumber(mul?.inputs[1], -2) ? match.writer(mul?.inputs[0], "ai.onnx.Less") : undefined;
  return less && match.isNumber(less.inputs[1], 0)
    ? inPlaceOf(node, "ai.onnx.Sign", less.inputs.slice(0, 1))
    : undefined;
}

export const isolationForest = (model: OnnxModel): OnnxModel =>
  rewriteNodes(model, (node, match) => {
    if (node.type === "ai.onnx.Sum") return rewriteSum(node, match);
    return node.type === "ai.onnx.Add" ? rewriteSign(node, match) : undefined;
  });
