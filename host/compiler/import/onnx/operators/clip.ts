import { ModelError } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Translation } from "../builder.ts";
import { foldElementwise } from "../fold.ts";

const MOST = 3.4028234663852886e38;

/** Bounds are attributes before version 11 and constant inputs since; infinite ones are none. */
function bound(node: Context, name: string, input: number, fallback: number): number {
  if (node.opset < 11) return node.attributes.float(name, fallback);
  if (!node.has(input)) return fallback;
  const [value = Number.NaN] = node.floats(input).numbers;
  if (Number.isNaN(value)) throw new ModelError(`${name}: expected a number, found ${value}`);
  return Math.min(Math.max(value, -MOST), MOST);
}

const ACTIVATIONS: Readonly<Record<string, string>> = {
  [`0,${MOST}`]: "relu",
  "0,6": "relu6",
  "-1,1": "relu_n1_to_1",
};

/** Constants of any type, such as weights of fewer bits than their type has. */
function clipConstant(node: Context) {
  const value = node.constant(0);
  const limits = [1, 2].map((i) => (node.has(i) ? node.constant(i).numbers[0]! : undefined));
  const [low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY] = limits;
  return foldElementwise(node.outputName(0), value.type, [value], (x) => Math.min(Math.max(x, low), high));
}

export const clip: Translation = {
  type: "ai.onnx.Clip",
  summary: "with constant bounds; 0 and 6 is relu6, which is fused",
  translate(node) {
    if (node.opset >= 11 && isConstantValue(node.value(0))) return [clipConstant(node)];
    const [min, max] = [bound(node, "min", 1, -MOST), bound(node, "max", 2, MOST)];
    const activation = ACTIVATIONS[`${min},${max}`];
    const input = node.tensor(0);
    if (activation) return [node.add("relu", [input], { activation })];
    // The upper bound is applied last, and so counts where they cross.
    return [node.add("clip", [input], { min: Math.min(min, max), max })];
  },
};
