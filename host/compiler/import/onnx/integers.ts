/**
 * Integers as values. A module computes with real numbers, which whole numbers are: what moves them, compares them, or
 * adds and multiplies them within their type gives the same. Where integers would wrap around or be cut off, as the
 * quotient of two is, a node is refused.
 */
import { type Limits, ModelError } from "../../../ir/graph.ts";
import { isFloat } from "./constant.ts";
import type { OnnxNode } from "./model.ts";

const INT32: Limits = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/** Least and greatest value of each type. Float32 holds no more of wide types, and no sensor has more. */
const LIMITS: Readonly<Record<string, Limits>> = {
  BOOL: { min: 0, max: 1 },
  INT8: { min: -128, max: 127 },
  UINT8: { min: 0, max: 255 },
  INT16: { min: -32768, max: 32767 },
  UINT16: { min: 0, max: 65535 },
  INT32,
  UINT32: { min: 0, max: 2 ** 32 - 1 },
  INT64: INT32,
  UINT64: { min: 0, max: 2 ** 32 - 1 },
};

/** The least and the greatest value of a type; undefined where it is none of integers. */
export const limitsOf = (type: string): Limits | undefined => LIMITS[type];

/** Operators whose values are some of those that they read. */
const MOVES = new Set(
  `Concat DepthToSpace Dropout Expand Flatten Gather Identity Pad Reshape Shape Size Slice SpaceToDepth Split Squeeze
   Tile Transpose Unsqueeze`.split(/\s+/),
);
/** Operators that do not go beyond the values that they read, but for a sign. */
const KEEPS = new Set("Abs Clip Max Min ReduceMax ReduceMin Relu Sign".split(" "));
/** Operators that real numbers do as well, while the type is not left. */
const ARITHMETIC = new Set("Add Gemm MatMul Mul Neg ReduceSum Sub".split(" "));
const COMPARISONS = new Set("And Equal Greater GreaterOrEqual Less LessOrEqual Not Or".split(" "));
/** Operators that state the type of what they write, or write indices. */
const OTHERS = new Set("ArgMax ArgMin Cast DequantizeLinear OneHot".split(" "));

/** Types that sums and products of people's numbers do not leave. */
const WIDE = new Set(["INT32", "INT64"]);

/**
 * The type of integers that a node writes when it reads integers of `type`; undefined where it writes float, or says
 * itself what it writes. Throws ModelError where that would not be what real numbers give.
 */
export function integersAfter({ type: operator, opType }: OnnxNode, type: string): string | undefined {
  // Operators of ai.onnx.ml compute in float whatever they read.
  if (!operator.startsWith("ai.onnx.") || operator.startsWith("ai.onnx.ml.")) return undefined;
  if (type === "STRING" && !MOVES.has(opType))
    throw new ModelError("of strings: expected an encoder of categories, which a module has numbers for");
  if (COMPARISONS.has(opType)) return "BOOL";
  if (OTHERS.has(opType)) return undefined;
  const isExact =
    MOVES.has(opType) || (type !== "BOOL" && KEEPS.has(opType)) || (ARITHMETIC.has(opType) && WIDE.has(type));
  if (isExact) return type;
  throw new ModelError(
    ARITHMETIC.has(opType)
      ? `of ${type}: expected INT32, INT64 or float: narrower integers wrap around`
      : `of ${type}: expected float: in integers the results are cut off, which a module does not do`,
  );
}

/** Whether values of one type are the same ones in another. */
export function keepsValues(from: string, to: string): boolean {
  if (isFloat(to) || from === to) return true;
  const [inner, outer] = [LIMITS[from], LIMITS[to]];
  return inner !== undefined && outer !== undefined && outer.min <= inner.min && inner.max <= outer.max;
}
