import { elements, ModelError, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { evaluateElementwise, inferElementwise } from "./elementwise.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
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

function evaluate(node: Bound<unknown>, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
  const quotient =
    output.dtype === "float32" ? (x: number, y: number) => x / y : quantizedQuotient(a, b, output);
  return [evaluateElementwise(plain(node), values, quotient)];
}

const isScalar = ({ data, shape }: Tensor): boolean => data !== undefined && elements(shape) === 1;

/** Element-wise a / b. Quantised, one of them has to be a single constant: then it is a function of one value. */
export const div = defineOperator({
  name: "div",
  summary: "quotient of a tensor and one constant, either way",
  arity: [2, 2],
  attributes: {},
  quantization: { output: { kind: "range" } },
  elementwise: "binary",
  neutral: { value: 1, operand: "second" },
  infer: (node) => inferElementwise(plain(node)),
  evaluate,
  lower(node, to) {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const variable = isScalar(b) ? a : b;
    if (!isScalar(a) && !isScalar(b))
      throw new ModelError(
        `node ${node.name}: expected one operand of an int8 quotient to be a single constant`,
      );
    lowerToTable({ ...node, inputs: [variable] }, to, (_, [x]) => {
      const every = { ...variable, shape: [x!.length] };
      const single = (tensor: Tensor): Tensor => ({ ...tensor, shape: [] });
      const outputs = [{ ...node.outputs[0]!, shape: every.shape }];
      return isScalar(b)
        ? evaluate({ ...node, inputs: [every, single(b)], outputs }, [x, b.data])
        : evaluate({ ...node, inputs: [single(a), every], outputs }, [a.data, x]);
    });
  },
});
