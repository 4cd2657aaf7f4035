import type { OnnxModel, OnnxNode } from "../model.ts";
import { inPlaceOf, type Matcher, otherInput, PRIVATE, rewriteNodes } from "./match.ts";

const ROOTED = ["ai.onnx.Sqrt", "ai.onnx.ArgMin"];

/** Input and centres of |x|^2 + (|c|^2 - 2 c x), which skl2onnx adds up with a Gemm. */
function squares(node: OnnxNode, match: Matcher): { x: string; centres: string } | undefined {
  if (node.type !== "ai.onnx.Add") return undefined;
  const norms = node.inputs.find((name) => match.constant(name));
  const inner = match.writer(otherInput(node, norms ?? ""), "ai.onnx.Add");
  const length = inner && match.writer(inner.inputs[0], "ai.onnx.ReduceSumSquare");
  const gemm = inner && match.writer(inner.inputs[1], "ai.onnx.Gemm");
  const centres = match.constant(gemm?.inputs[1]);
  const expected = match.constant(norms);
  const [x] = length?.inputs ?? [];
  const zero = match.writer(gemm?.inputs[2], "ai.onnx.Mul");
  const isZero = zero?.inputs.some((name) => match.isNumber(name, 0));
  if (!gemm || !centres || !expected || x === undefined || gemm.inputs[0] !== x || !isZero) return undefined;
  const alpha = gemm.attributes.find(({ name }) => name === "alpha")?.f;
  const transposed = gemm.attributes.find(({ name }) => name === "transB")?.i === 1n;
  const features = centres.shape[1] ?? 0;
  const isNorm = expected.numbers.every((norm, i) => {
    const row = centres.numbers.subarray(i * features, (i + 1) * features);
    return Math.abs(row.reduce((sum, c) => sum + c * c, 0) - norm) <= 1e-4 * Math.max(norm, 1);
  });
  return alpha === -2 && transposed && isNorm && expected.numbers.length === centres.shape[0]
    ? { x, centres: gemm.inputs[1]! }
    : undefined;
}

/** Whether nothing but their roots and the nearest centre is wanted of the squares. */
const isRooted = (value: string, match: Matcher): boolean =>
  !match.isOutput(value) && match.readers(value).every(({ type }) => ROOTED.includes(type));

function rewrite(node: OnnxNode, match: Matcher): OnnxNode | undefined {
  const found = squares(node, match);
  if (found) {
    const type = isRooted(node.outputs[0]!, match) ? "Distances" : "SquaredDistances";
    return inPlaceOf(node, `${PRIVATE}.${type}`, [found.x, found.centres]);
  }
  const before = node.type === "ai.onnx.Sqrt" ? match.writer(node.inputs[0], "ai.onnx.Add") : undefined;
  if (!before || !squares(before, match) || !isRooted(before.outputs[0]!, match)) return undefined;
  return inPlaceOf(node, "ai.onnx.Identity", node.inputs);
}

/** skl2onnx, KMeans: the distances to all centres. */
export const clusters = (model: OnnxModel): OnnxModel => rewriteNodes(model, rewrite);
