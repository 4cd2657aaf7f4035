import { allocate, elements, fromBytes, type Tensor, type TensorData } from "../ir/graph.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";

/** Operators of one value: evaluated per element, lowered to a table. */

/** Applies `f` to each value; the result has the output's type. */
export function evaluateUnary(
  { outputs }: Bound<unknown>,
  x: TensorData,
  f: (value: number) => number,
): TensorData {
  const output = outputs[0]!;
  const result = allocate(output.dtype, x.length);
  x.forEach((value, i) => {
    result[i] = f(value);
  });
  return result;
}

/** All 256 values of an 8-bit tensor in the order of their bit patterns. */
const everyValue = (input: Tensor): TensorData =>
  fromBytes(
    input.dtype,
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );

/** An 8-bit function has 256 results: the reference computes them at build time. */
export function lowerToTable<A>(
  node: Bound<A>,
  to: Lowering,
  evaluate: (node: Bound<A>, values: readonly TensorData[]) => readonly TensorData[],
): void {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const table = evaluate(node, [everyValue(input)])[0]!;
  to.overwrite(output, input);
  to.call("lookup_s8", { input, output, table: to.constant("table", table), length: elements(input.shape) });
}
