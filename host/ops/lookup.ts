import { ModelError, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

const VALUES = 256;
const NARROW: readonly string[] = ["int8", "uint8"];

const evaluate = (
  node: Bound<{ readonly table: readonly number[] }>,
  values: readonly (TensorData | undefined)[],
): readonly TensorData[] => [evaluateUnary(node, values[0]!, (x) => node.attributes.table[x & 0xff]!)];

/** `table` holds the output for each of the input's bit patterns, 0 to 255. */
export const lookup = defineOperator({
  name: "lookup",
  summary: "any function of 8-bit values: what files compute in float between two scales becomes one",
  arity: [1, 1],
  attributes: { table: "ints" },
  quantization: { output: { kind: "range" } },
  checkTypes: ({ inputs, outputs, attributes }) => {
    const [from, to] = [inputs[0]!, outputs[0]!];
    if (!NARROW.includes(from.dtype) || !NARROW.includes(to.dtype))
      return `lookup from ${from.dtype} to ${to.dtype} is not supported`;
    const { min, max } = typeRange(to);
    const wrong = attributes.table.find((value) => value < min || value > max);
    return wrong === undefined ? undefined : `table: expected values of ${to.dtype}, found ${wrong}`;
  },
  infer({ name, attributes, inputs }) {
    if (attributes.table.length !== VALUES)
      throw new ModelError(`node ${name}: expected ${VALUES} values, found ${attributes.table.length}`);
    return [inputs[0]!.shape];
  },
  evaluate,
  lower: (node, to) => lowerToTable(node, to, evaluate),
});
