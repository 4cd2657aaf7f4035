import { elements, ModelError, type Shape, type Tensor } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";

/** Parts that operators share that take rows of features, and whose constants have a row for each output. */

/** The number of features, for an input [..., features]. */
export const featuresOf = ({ shape }: Pick<Tensor, "shape">): number => shape.at(-1) ?? 1;

export const rowsOf = (tensor: Pick<Tensor, "shape">): number => elements(tensor.shape) / featuresOf(tensor);

/** The input's shape with another number of features. */
export const withFeatures = ({ shape }: Pick<Tensor, "shape">, features: number): Shape =>
  shape.length === 0 ? [features] : shape.with(-1, features);

/** Throws ModelError where a constant is not of the shape that the others ask for. */
export function checkShape(node: string, role: string, { shape }: Tensor, expected: Shape): void {
  if (shape.join() !== expected.join())
    throw new ModelError(`node ${node}: expected ${role} [${expected}], found [${shape}]`);
}

const NARROW: readonly string[] = ["int8", "int16"];

/** The fault in an input that a quantised operator reads as int8 or int16. */
export function checkNarrow({
  inputs,
  outputs,
}: {
  inputs: readonly (Tensor | undefined)[];
  outputs: readonly Tensor[];
}) {
  const [input, output] = [inputs[0]!, outputs[0]!];
  if (
    (input.dtype === "float32") !== (output.dtype === "float32") ||
    (input.dtype !== "float32" && !NARROW.includes(input.dtype))
  )
    return `input ${input.name}: expected int8 or int16 for an output of ${output.dtype}, found ${input.dtype}`;
  return undefined;
}

/** The greatest magnitude of an input's integers without their zero point. */
export function greatestInput(input: Tensor): number {
  const { min, max } = typeRange(input);
  const zeroPoint = input.quantization!.zeroPoints[0]!;
  return Math.max(max - zeroPoint, zeroPoint - min);
}

/** Bytes of an element: kernels that read int8 and int16 are told which. */
export const elementBytes = ({ dtype }: Pick<Tensor, "dtype">): number => (dtype === "int8" ? 1 : 2);
