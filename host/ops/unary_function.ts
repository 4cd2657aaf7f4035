import { perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { platt } from "./coupling.ts";
import { erf } from "./erf.ts";
import { clamp, kernelMultiplier, type Multiplier, quantizeMultiplier, requantize } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateFunction, lowerFunction, type RealFunction } from "./real_function.ts";
import { lowerRescale, rescaled } from "./rescale.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

/** Halves to the nearest even number, as IEEE 754 and ONNX round. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** log(1 + exp(x)) where exp(x) may be beyond all numbers. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** GELU by the tanh that approximates it (Hendrycks and Gimpel, 2016). */
const geluTanh = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

type WithParameters = (x: number, alpha: number, beta: number) => number;

const FUNCTIONS = {
  elu: (x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x)),
  /** beta is ONNX's gamma. */
  selu: (x, alpha, beta) => beta * (x > 0 ? x : alpha * Math.expm1(x)),
  celu: (x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x / alpha)),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  neg: (x) => -x,
  square: (x) => x * x,
  hard_sigmoid: (x, alpha, beta) => clamp(alpha * x + beta, 0, 1),
  /** x times the hard sigmoid; `hard_swish` is the one that TensorFlow Lite computes in 16-bit steps. */
  hard_swish_float: (x, alpha, beta) => x * clamp(alpha * x + beta, 0, 1),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  /** alpha 1: the approximation by tanh. */
  gelu: (x, alpha) => (alpha === 1 ? geluTanh(x) : 0.5 * x * (1 + erf(x / Math.SQRT2))),
  mish: (x) => x * Math.tanh(softplus(x)),
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  sign: Math.sign,
  sin: Math.sin,
  cos: Math.cos,
  thresholded_relu: (x, alpha) => (x > alpha ? x : 0),
  platt,
} satisfies Readonly<Record<string, WithParameters>>;

type FunctionName = keyof typeof FUNCTIONS;
/** Values of the attribute. */
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** Nothing is below 0 there, but a value near it may be rounded to the other side. */
const FROM_ZERO: readonly FunctionName[] = ["log", "sqrt", "rsqrt"];

interface UnaryAttributes {
  readonly function: FunctionName;
  /** Parameters of the functions that have any; 0 elsewhere. */
  readonly alpha: number;
  readonly beta: number;
}

/** TensorFlow Lite Micro rescales magnitudes, in two roundings, rather than looking them up. */
function quantizedAbs(input: Tensor, output: Tensor): (value: number) => number {
  const [from, to] = [perTensor(input), perTensor(output)];
  const factor = quantizeMultiplier(from.scale / to.scale);
  return (value) =>
    clampTo(requantize(Math.abs(value - from.zeroPoint), factor) + to.zeroPoint, typeRange(output));
}

interface Factors {
  readonly positive: Multiplier;
  readonly negative: Multiplier;
}

/** Factors of int16 values on either side of 0, where they are all that the function is: no line rounds them. */
function wideFactors({ attributes, inputs, outputs }: Bound<UnaryAttributes>): Factors | undefined {
  const { function: name } = attributes;
  if (outputs[0]!.dtype !== "int16" || (name !== "abs" && name !== "neg")) return undefined;
  const ratio = perTensor(inputs[0]!).scale / perTensor(outputs[0]!).scale;
  const negative = kernelMultiplier(-ratio);
  return { negative, positive: name === "neg" ? negative : kernelMultiplier(ratio) };
}

/** The real function, of what a quantised input is taken for. */
function realFunction({ attributes, outputs }: Bound<UnaryAttributes>): RealFunction {
  const { function: name, alpha, beta } = attributes;
  const f: WithParameters = FUNCTIONS[name];
  const low = outputs[0]!.dtype !== "float32" && FROM_ZERO.includes(name) ? 0 : Number.NEGATIVE_INFINITY;
  return (x) => f(Math.max(x, low), alpha, beta);
}

function evaluate(
  node: Bound<UnaryAttributes>,
  values: readonly (TensorData | undefined)[],
): readonly TensorData[] {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const factors = wideFactors(node);
  if (factors) {
    const f = rescaled(typeRange(output), factors.positive, factors.negative);
    return [evaluateUnary(node, values[0]!, f)];
  }
  if (node.attributes.function === "abs" && output.dtype !== "float32")
    return [evaluateUnary(node, values[0]!, quantizedAbs(input, output))];
  return evaluateFunction(node, values, realFunction(node));
}

export const unaryFunction = defineOperator({
  name: "unary_function",
  summary: `a function of one value: ${FUNCTION_NAMES.join(", ")}`,
  arity: [1, 1],
  attributes: { function: FUNCTION_NAMES, alpha: "number", beta: "number" },
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  types: ["int8", "int16"],
  ownTypes: ["int16"],
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower(node, to) {
    const output = node.outputs[0]!;
    const factors = wideFactors(node);
    if (factors) lowerRescale(node, to, typeRange(output), factors.positive, factors.negative);
    else if (output.dtype === "int16") lowerFunction(node, to, realFunction(node));
    else lowerToTable(node, to, evaluate);
  },
});
