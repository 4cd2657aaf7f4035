/** Parts that the operators of signals share: whole numbers, of types that each prescribes. */
import { type DType, elements, ModelError, type Shape, type Tensor, type TensorData } from "../ir/graph.ts";
import type { Bound } from "./operator.ts";

/** The rule of `checkTypes`: one type for each input and output. */
export const exactTypes =
  (inputs: readonly DType[], outputs: readonly DType[]) =>
  (node: Pick<Bound<unknown>, "inputs" | "outputs">): string | undefined => {
    const found = (tensors: readonly (Tensor | undefined)[]): string =>
      tensors.map((tensor) => tensor?.dtype ?? "none").join(" ");
    const [from, to] = [found(node.inputs), found(node.outputs)];
    if (from !== inputs.join(" ")) return `expected inputs of ${inputs.join(" ")}, found ${from}`;
    if (to !== outputs.join(" ")) return `expected outputs of ${outputs.join(" ")}, found ${to}`;
    return undefined;
  };

/** Its own types, which no calibration chooses. */
export const OWN_TYPES = { output: { kind: "own" } } as const;

/** The last axis, and how many rows of it a tensor has. */
export function rowsOf({ shape }: Tensor): { readonly rows: number; readonly length: number } {
  const length = shape.at(-1) ?? 1;
  return { rows: elements(shape) / length, length };
}

export const withLast = (shape: Shape, last: number): Shape => [...shape.slice(0, -1), last];

/** Throws ModelError unless a condition holds that a file may break. */
export function require(node: string, holds: boolean, expected: string, found: unknown): void {
  if (!holds) throw new ModelError(`node ${node}: expected ${expected}, found ${found}`);
}

/** The numbers of a constant; throws ModelError where it is computed. */
export function constantData(node: string, tensor: Tensor): TensorData {
  if (!tensor.data) throw new ModelError(`node ${node}: input ${tensor.name}: expected a constant`);
  return tensor.data;
}

/** x as a number of 16 bits, signed. */
export const wrap16 = (x: number): number => (x << 16) >> 16;

/** The position of the highest bit that is set, from 1; 0 for 0. */
export const bitLength = (x: number): number => 32 - Math.clz32(x);
