import { elements, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { elementwiseArguments, evaluateElementwise, inferElementwise, zeroPoints } from "./elementwise.ts";
import { clamp, kernelMultiplier, type Multiplier, roundHalfAway } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { lowerFunction, quantizedFunction, type RealFunction } from "./real_function.ts";
import { lowerRescale, rescaled } from "./rescale.ts";
import { elementBytes } from "./rows.ts";
import { lowerToTable } from "./unary.ts";
import { type WideMultiplier, wideMultiplier } from "./wide.ts";

const plain = <T extends Pick<Bound<unknown>, "attributes">>(node: T) => ({
  ...node,
  attributes: { activation: "none" as const },
});

/** Divisors are shifted by as much at most: with 17 bits of their own they fit 64. */
const MAX_SHIFT = 45;

/** The factor from a quotient of integers to one at the output's scale. */
function quotientFactor(a: Tensor, b: Tensor, output: Tensor): WideMultiplier {
  const { multiplier, shift } = wideMultiplier(
    perTensor(a).scale / (perTensor(b).scale * perTensor(output).scale),
  );
  const excess = Math.max(0, shift - MAX_SHIFT);
  return { multiplier: roundHalfAway(multiplier / 2 ** excess), shift: shift - excess };
}

/** Quantised, of two tensors: the quotient of integers at the output's scale, halves away from zero; beyond the range where the divisor is 0. */
function integerQuotient(a: Tensor, b: Tensor, output: Tensor): (x: number, y: number) => number {
  const [p, q, r] = [a, b, output].map((tensor) => perTensor(tensor).zeroPoint) as [number, number, number];
  const { multiplier, shift } = quotientFactor(a, b, output);
  const { min, max } = typeRange(output);
  return (x, y) => {
    const [dividend, divisor] = [x - p, y - q];
    if (dividend === 0) return r;
    if (divisor === 0) return dividend < 0 ? min : max;
    const size = BigInt(Math.abs(divisor)) << BigInt(shift);
    const twice = 2n * BigInt(Math.abs(dividend)) * BigInt(multiplier);
    const magnitude = Number((twice + size) / (2n * size));
    return clamp((dividend < 0 !== divisor < 0 ? -magnitude : magnitude) + r, min, max);
  };
}

/** Quantised: the real quotient, halves away from zero; beyond the range where the divisor is 0. */
function quantizedQuotient(a: Tensor, b: Tensor, output: Tensor): (x: number, y: number) => number {
  const [p, q, r] = [perTensor(a), perTensor(b), perTensor(output)];
  const { min, max } = typeRange(output);
  return (x, y) => {
    const [dividend, divisor] = [(x - p.zeroPoint) * p.scale, (y - q.zeroPoint) * q.scale];
    if (dividend === 0) return r.zeroPoint;
    return clamp(roundHalfAway(dividend / divisor / r.scale) + r.zeroPoint, min, max);
  };
}

const isScalar = ({ data, shape }: Tensor): boolean => data !== undefined && elements(shape) === 1;

/** The real value of a single constant. */
function realOf(constant: Tensor): number {
  const { scale, zeroPoint } = perTensor(constant);
  return (constant.data![0]! - zeroPoint) * scale;
}

/** The quotient of a constant and an int16 value, either way: a factor, or a function that takes a table. */
type WideQuotient = { readonly factor: Multiplier } | { readonly of: RealFunction };

function wideQuotient(a: Tensor, b: Tensor, output: Tensor): WideQuotient {
  if (!isScalar(b)) {
    const dividend = realOf(a);
    return { of: (y) => (dividend === 0 ? 0 : dividend / y) };
  }
  const divisor = realOf(b);
  if (divisor === 0) return { of: (x) => (x === 0 ? 0 : x / divisor) };
  return { factor: kernelMultiplier(perTensor(a).scale / (divisor * perTensor(output).scale)) };
}

/** As `wideQuotient`, of a pair of operands' values. */
function wideQuotientOf(a: Tensor, b: Tensor, output: Tensor): (x: number, y: number) => number {
  const quotient = wideQuotient(a, b, output);
  if ("factor" in quotient) return rescaled(typeRange(output), quotient.factor);
  if (isScalar(b)) return quantizedFunction(quotient.of, a, output);
  const f = quantizedFunction(quotient.of, b, output);
  return (_, y) => f(y);
}

function quotientOf(a: Tensor, b: Tensor, output: Tensor): (x: number, y: number) => number {
  if (output.dtype === "float32") return (x, y) => x / y;
  if (!isScalar(a) && !isScalar(b)) return integerQuotient(a, b, output);
  return output.dtype === "int16" ? wideQuotientOf(a, b, output) : quantizedQuotient(a, b, output);
}

function evaluate(node: Bound<unknown>, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
  return [evaluateElementwise(plain(node), values, quotientOf(a, b, output))];
}

/** Lowers to a table of all 8-bit values of the operand that is no constant. */
function lowerNarrow(node: Bound<unknown>, variable: Tensor, to: Lowering): void {
  const [a, b] = [node.inputs[0]!, node.inputs[1]!];
  lowerToTable({ ...node, inputs: [variable] }, to, (_, [x]) => {
    const every = { ...variable, shape: [x!.length] };
    const single = (tensor: Tensor): Tensor => ({ ...tensor, shape: [] });
    const outputs = [{ ...node.outputs[0]!, shape: every.shape }];
    return isScalar(b)
      ? evaluate({ ...node, inputs: [every, single(b)], outputs }, [x, b.data])
      : evaluate({ ...node, inputs: [single(a), every], outputs }, [a.data, x]);
  });
}

function lowerWide(node: Bound<unknown>, variable: Tensor, to: Lowering): void {
  const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
  const quotient = wideQuotient(a, b, output);
  const unary = { ...node, inputs: [variable] };
  if ("factor" in quotient) lowerRescale(unary, to, typeRange(output), quotient.factor);
  else lowerFunction(unary, to, quotient.of);
}

function lowerTensors(node: Bound<unknown>, to: Lowering): void {
  const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
  const { activationMin: _, activationMax: __, ...operands } = elementwiseArguments(plain(node), to);
  to.call("div", {
    ...operands,
    ...quotientFactor(a, b, output),
    ...zeroPoints(node),
    bytes: elementBytes(output),
  });
}

/** Element-wise a / b. Quantised with a single constant it is a function of one value. */
export const div = defineOperator({
  name: "div",
  summary: "quotient of two tensors, either of them perhaps a constant",
  arity: [2, 2],
  attributes: {},
  quantization: { output: { kind: "range" } },
  elementwise: "binary",
  neutral: { value: 1, operand: "second" },
  types: ["int8", "int16"],
  ownTypes: ["int16"],
  infer: (node) => inferElementwise(plain(node)),
  evaluate,
  lower(node, to) {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const variable = isScalar(b) ? a : b;
    if (!isScalar(a) && !isScalar(b)) return lowerTensors(node, to);
    const lowerQuotient = node.outputs[0]!.dtype === "int16" ? lowerWide : lowerNarrow;
    lowerQuotient(node, variable, to);
  },
});
