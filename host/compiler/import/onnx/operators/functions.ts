import { isConstantValue, type Translation } from "../builder.ts";
import { foldElementwise } from "../fold.ts";
import { unary } from "./elementwise.ts";

/** Operators that are a function of one value. */

const plain = (type: string, name: string): Translation =>
  unary(`ai.onnx.${type}`, "unary_function", { function: name, alpha: 0, beta: 0 });

/** Up to two attributes of the ONNX operator with their defaults are the function's alpha and beta. */
const withParameters = (
  type: string,
  name: string,
  parameters: readonly (readonly [attribute: string, fallback: number])[],
): Translation => ({
  type: `ai.onnx.${type}`,
  translate(node) {
    const input = node.tensor(0);
    const [alpha = 0, beta = 0] = parameters.map(([key, fallback]) => node.attributes.float(key, fallback));
    return [node.label(node.add("unary_function", [input], { function: name, alpha, beta }), input.labels)];
  },
});

/** Also of integers, where they are constants. */
const foldable = (type: string, name: string, f: (x: number) => number): Translation => {
  const computed = plain(type, name);
  return {
    ...computed,
    translate(node) {
      const value = node.value(0);
      if (!isConstantValue(value)) return computed.translate(node);
      return [foldElementwise(node.outputName(0), value.type, [value], f)];
    },
  };
};

const gelu: Translation = {
  type: "ai.onnx.Gelu",
  translate(node) {
    const isTanh = node.attributes.string("approximate", "none") === "tanh";
    return [
      node.add("unary_function", [node.tensor(0)], { function: "gelu", alpha: isTanh ? 1 : 0, beta: 0 }),
    ];
  },
};

/** x * sigmoid(alpha * x) */
const swish: Translation = {
  type: "ai.onnx.Swish",
  translate(node) {
    const input = node.tensor(0);
    const alpha = node.addConstant(node.nameOf("alpha"), [], [node.attributes.float("alpha", 1)]);
    const gate = node.add("logistic", [node.add("mul", [input, alpha], { activation: "none" })], {});
    return [node.add("mul", [input, gate], { activation: "none" })];
  },
};

export const functions: readonly Translation[] = [
  foldable("Abs", "abs", Math.abs),
  withParameters("Celu", "celu", [["alpha", 1]]),
  plain("Ceil", "ceil"),
  plain("Cos", "cos"),
  withParameters("Elu", "elu", [["alpha", 1]]),
  plain("Erf", "erf"),
  plain("Exp", "exp"),
  plain("Floor", "floor"),
  gelu,
  withParameters("HardSigmoid", "hard_sigmoid", [
    ["alpha", 0.2],
    ["beta", 0.5],
  ]),
  unary("ai.onnx.HardSwish", "hard_swish"),
  plain("Log", "log"),
  plain("Mish", "mish"),
  foldable("Neg", "neg", (x) => -x),
  plain("Reciprocal", "reciprocal"),
  plain("Round", "round"),
  withParameters("Selu", "selu", [
    ["alpha", Math.fround(1.6732632)],
    ["gamma", Math.fround(1.050701)],
  ]),
  plain("Sign", "sign"),
  plain("Sin", "sin"),
  plain("Softplus", "softplus"),
  plain("Softsign", "softsign"),
  plain("Sqrt", "sqrt"),
  swish,
  withParameters("ThresholdedRelu", "thresholded_relu", [["alpha", 1]]),
].map((translation) => ({ summary: "a function of one value", ...translation }));
