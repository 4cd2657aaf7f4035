import { allocate, ModelError, perTensor, type Shape, type Tensor, type TensorData } from "../ir/graph.ts";
import { type Activation, activationRange, clampTo, type Range } from "./activation.ts";
import { broadcastShape, broadcastStrides, broadcastValues, mergeLoops } from "./broadcast.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";

/** Parts that add, sub and mul share: broadcasting, the fused activation and the loops of their kernels. */

type Inputs = Pick<Bound<{ readonly activation: Activation }>, "name" | "inputs">;
const MAX_LOOPS = 4;

export function inferElementwise({ name, inputs }: Inputs): readonly Shape[] {
  const [a, b] = inputs as [Tensor, Tensor];
  const shape = broadcastShape(name, a.shape, b.shape);
  if (!loops(a, b, shape)) {
    throw new ModelError(
      `node ${name}: expected a broadcast of at most ${MAX_LOOPS} alternating axes, found [${a.shape}] with [${b.shape}]`,
    );
  }
  return [shape];
}

const loops = (a: Tensor, b: Tensor, shape: Shape) =>
  mergeLoops(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)], MAX_LOOPS);

export function evaluateElementwise(
  { attributes, inputs, outputs }: Bound<{ readonly activation: Activation }>,
  values: readonly (TensorData | undefined)[],
  combine: (a: number, b: number) => number,
): TensorData {
  const output = outputs[0]!;
  const range = activationRange(attributes.activation, output);
  const a = broadcastValues(values[0]!, inputs[0]!, output.shape);
  const b = broadcastValues(values[1]!, inputs[1]!, output.shape);
  const result = allocate(output.dtype, a.length);
  for (let i = 0; i < result.length; i++) result[i] = clampTo(combine(a[i]!, b[i]!), range);
  return result;
}

/** The kernel arguments that only 8-bit values have. */
export function zeroPoints({ inputs, outputs }: Pick<Bound<unknown>, "inputs" | "outputs">) {
  const [aZeroPoint, bZeroPoint, outputZeroPoint] = [...inputs, ...outputs].map(
    (tensor) => perTensor(tensor!).zeroPoint,
  ) as [number, number, number];
  return { aZeroPoint, bZeroPoint, outputZeroPoint };
}

/**
 * The kernel arguments that describe operands, loops and clamping. An operand of the output's shape may be
 * overwritten: the kernels read each of its elements right before they write there.
 */
export function elementwiseArguments(
  { attributes, inputs, outputs }: Bound<{ readonly activation: Activation }>,
  to: Lowering,
): Record<string, Tensor | number> {
  const [a, b, output] = [inputs[0]!, inputs[1]!, outputs[0]!];
  const whole = [a, b].filter(({ shape }) => shape.join() === output.shape.join());
  whole.some((operand) => to.overwrite(output, operand));
  const { sizes, strides } = loops(a, b, output.shape)!;
  const range: Range = activationRange(attributes.activation, output);
  const bytes = output.dtype === "int16" ? 2 : 1;
  const inBytes = (list: readonly number[]) => list.map((stride) => stride * bytes);
  const numbered = (prefix: string, list: readonly number[]) =>
    Object.fromEntries(list.map((value, i) => [`${prefix}${i}`, value]));
  return {
    a,
    b,
    output,
    ...numbered("size", sizes),
    ...numbered("aStride", inBytes(strides[0]!)),
    ...numbered("bStride", inBytes(strides[1]!)),
    activationMin: range.min,
    activationMax: range.max,
  };
}
