import { ModelError, type Shape, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS, type Activation, type Range } from "./activation.ts";
import { broadcastShape, broadcastStrides, broadcastValues, mergeLoops } from "./broadcast.ts";
import { clamp } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { constantData, exactTypes, OWN_TYPES } from "./signal.ts";

/** By the number that the kernel knows them by. */
const OPERATIONS = ["add", "sub", "mul", "div", "minimum", "maximum"] as const;

const COMPUTE: Record<(typeof OPERATIONS)[number], (a: number, b: number) => number> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: Math.imul,
  div: (a, b) => (a / b) | 0,
  minimum: Math.min,
  maximum: Math.max,
};

/** The numbers that are left of int32. */
export const RANGES: Record<Activation, Range> = {
  none: { min: -2147483648, max: 2147483647 },
  relu: { min: 0, max: 2147483647 },
  relu6: { min: 0, max: 6 },
  relu_n1_to_1: { min: -1, max: 1 },
};

const MAX_LOOPS = 4;

const loopsOf = (a: Tensor, b: Tensor, shape: Shape) =>
  mergeLoops(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)], MAX_LOOPS);

/** The kernel does not ask whether it divides by zero: the divisor is a constant. */
function checkDivisor({
  name,
  attributes,
  inputs,
}: Pick<Bound<{ operation: string }>, "name" | "attributes" | "inputs">): void {
  if (attributes.operation !== "div") return;
  if (constantData(name, inputs[1]!).includes(0))
    throw new ModelError(`node ${name}: expected a divisor other than 0, found 0`);
}

/** Arithmetic of whole numbers in int32, which wraps; quotients lose their fraction; the activation clamps them. */
export const integerArithmetic = defineOperator({
  name: "integer_arithmetic",
  summary: "sums, differences, products, quotients, minima and maxima in int32",
  arity: [2, 2],
  attributes: { operation: OPERATIONS, activation: ACTIVATIONS },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int32", "int32"], ["int32"]),

  infer(node) {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const shape = broadcastShape(node.name, a.shape, b.shape);
    checkDivisor(node);
    if (!loopsOf(a, b, shape))
      throw new ModelError(
        `node ${node.name}: expected a broadcast of at most ${MAX_LOOPS} alternating axes, found [${a.shape}] with [${b.shape}]`,
      );
    return [shape];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const { shape } = outputs[0]!;
    const compute = COMPUTE[attributes.operation];
    const { min, max } = RANGES[attributes.activation];
    const a = broadcastValues(values[0]!, inputs[0]!, shape);
    const b = broadcastValues(values[1]!, inputs[1]!, shape);
    return [Int32Array.from(a, (value, i) => clamp(compute(value, b[i]!), min, max))];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [a, b, output] = [inputs[0]!, inputs[1]!, outputs[0]!];
    const whole = [a, b].filter(({ shape }) => shape.join() === output.shape.join());
    whole.some((operand) => to.overwrite(output, operand));
    const { sizes, strides } = loopsOf(a, b, output.shape)!;
    const numbered = (prefix: string, list: readonly number[], by: number) =>
      Object.fromEntries(list.map((value, i) => [`${prefix}${i}`, value * by]));
    const { min, max } = RANGES[attributes.activation];
    to.call("arithmetic_s32", {
      a,
      b,
      output,
      ...numbered("size", sizes, 1),
      ...numbered("aStride", strides[0]!, 4),
      ...numbered("bStride", strides[1]!, 4),
      activationMin: min,
      activationMax: max,
      operation: OPERATIONS.indexOf(attributes.operation),
    });
  },
});
