import { AttributeReader } from "../attributes.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";
import { ints } from "./forest_attributes.ts";
import { inPlaceOf, type Matcher, PRIVATE, rewriteNodes } from "./match.ts";

/** The input whose columns are multiplied, and their numbers: none for a column of ones. */
interface Product {
  readonly input?: string;
  readonly columns: readonly number[];
}

/** A product of more columns has no bits left in integers. */
const MOST_FACTORS = 4;

function isOnes(match: Matcher, value: string): boolean {
  const fill = match.writer(value, "ai.onnx.ConstantOfShape");
  const constant = fill && new AttributeReader(fill.attributes).tensor("value");
  return constant?.numbers.length === 1 && constant.numbers[0] === 1;
}

function productOf(match: Matcher, value: string): Product | undefined {
  if (isOnes(match, value)) return { columns: [] };
  const prod = match.writer(value, "ai.onnx.ReduceProd");
  const reader = prod && new AttributeReader(prod.attributes);
  const axes = reader?.ints("axes") ?? [];
  const isOfColumns = axes.length > 0 ? axes.join() === "1" : match.isNumber(prod?.inputs[1], 1);
  const choose = match.writer(prod?.inputs[0], "ai.onnx.ml.ArrayFeatureExtractor");
  const columns = match.constant(choose?.inputs[1])?.numbers;
  if (!choose || !columns || !isOfColumns || reader?.int("keepdims", 1) !== 1) return undefined;
  return columns.length >= 1 && columns.length <= MOST_FACTORS
    ? { input: match.source(choose.inputs[0]!), columns: [...columns] }
    : undefined;
}

function rewrite(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  if (node.type !== "ai.onnx.Concat" || new AttributeReader(node.attributes).int("axis", 0) !== 1)
    return undefined;
  const products = node.inputs.map((input) => productOf(match, input)).filter((found) => found !== undefined);
  const inputs = new Set(products.flatMap(({ input }) => (input === undefined ? [] : [input])));
  const [input] = inputs;
  if (products.length !== node.inputs.length || inputs.size !== 1 || input === undefined) return undefined;
  const attributes = [
    ints(
      "degrees",
      products.map(({ columns }) => columns.length),
    ),
    ints(
      "columns",
      products.flatMap(({ columns }) => columns),
    ),
  ];
  return { ...inPlaceOf(node, `${PRIVATE}.Polynomial`, [input]), attributes };
}

/** skl2onnx, PolynomialFeatures: products of columns, each by three nodes of its own. */
export const polynomial = (model: OnnxModel): OnnxModel => rewriteNodes(model, rewrite);
