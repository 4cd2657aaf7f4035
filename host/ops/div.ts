import { elements, ModelError, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { evaluateElementwise, inferElementwise } from "./elementwise.ts";
import { clamp, kernelMultiplier, type Multiplier, roundHalfAway } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { lowerFunction, quantizedFunction, type RealFunction } from "./real_function.ts";
import { lowerRescale, rescaled } from "./rescale.ts";
import { lowerToTable } from "./unary.ts";

const plain = <T extends Pick<Bound<unknown>, "attributes">>(node: T) => ({
  ...node,
  attributes: { activation: "none" as const },
});

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

/** Element-wise a / b. Quantised, one of them has to be a single constant: then it is a function of one value. */
export const div = defineOperator({
  name: "div",
  summary: "quotient of a tensor and one constant, either way",
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
    if (!isScalar(a) && !isScalar(b))
      throw new ModelError(
        `node ${node.name}: expected one operand of a quantised quotient to be a single constant`,
      );
    const lowerQuotient = node.outputs[0]!.dtype === "int16" ? lowerWide : lowerNarrow;
    lowerQuotient(node, variable, to);
  },
});
