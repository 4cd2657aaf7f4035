import { allocate, ModelError, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { featuresOf, rowsOf, withFeatures } from "./rows.ts";

type Neighbours = Bound<{ readonly count: number }>;

/** The table is finer than an int8 output by so many bits, where its numbers allow it. */
const FINER_BITS = 7;
const MOST = 32767;

/** The table in steps of the output's scale over a power of two. */
function quantizeTable(table: Tensor, output: Tensor): Tensor {
  const { scale } = perTensor(output);
  const greatest = Array.from(table.data!).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let step = output.dtype === "int8" ? scale / 2 ** FINER_BITS : scale;
  while (Math.round(greatest / step) > MOST) step *= 2;
  const data = Int16Array.from(table.data!, (x) => roundHalfAway(x / step));
  return { ...table, dtype: "int16", data, quantization: quantized(step, 0) };
}

/** By how many bits the table is finer than the output; below 0 it is coarser. */
const finerBits = (table: Tensor, output: Tensor): number =>
  Math.round(Math.log2(perTensor(output).scale / perTensor(table).scale));

/** Numbers of the `count` least values of a row, of equal ones the first. */
function least(values: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: values.length }, (_, i) => i);
  return order.sort((a, b) => values[a]! - values[b]! || a - b).slice(0, count);
}

function evaluate({ attributes, inputs, outputs }: Neighbours, values: readonly TensorData[]): TensorData {
  const [x, rows] = values as [TensorData, TensorData];
  const [input, table, output] = [inputs[0]!, inputs[1]!, outputs[0]!];
  const [candidates, width] = [featuresOf(input), featuresOf(output)];
  const isFloat = output.dtype === "float32";
  const finer = isFloat ? 0 : finerBits(table, output);
  const mean = (sum: number): number => {
    if (isFloat) return sum / attributes.count;
    const rounded = roundHalfAway(sum / (attributes.count * 2 ** finer));
    return clampTo(rounded + perTensor(output).zeroPoint, typeRange(output));
  };
  const result = allocate(output.dtype, rowsOf(output) * width);
  for (let row = 0; row < rowsOf(output); row++) {
    const chosen = least(x.subarray(row * candidates, (row + 1) * candidates), attributes.count);
    for (let i = 0; i < width; i++)
      result[row * width + i] = mean(
        chosen.reduce((sum, candidate) => sum + rows[candidate * width + i]!, 0),
      );
  }
  return result;
}

const READ: Readonly<Record<string, number>> = { int8: 1, int16: 2, int32: 4 };

/**
 * Inputs: distances [..., candidates], a table [candidates, outputs]. Output [..., outputs]: the mean of the rows of the
 * table that belong to the `count` least distances, of equal ones the first.
 */
export const neighbours = defineOperator({
  name: "neighbours",
  summary: "the mean of what belongs to the nearest of stored rows: k nearest neighbours",
  arity: [2, 2],
  attributes: { count: "int" },
  quantization: { output: { kind: "range" } },
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const [input, table] = [inputs[0]!, inputs[1]!];
    const candidates = featuresOf(input);
    if (table.shape.length !== 2 || table.shape[0] !== candidates || table.shape[1]! < 1)
      throw new ModelError(`node ${name}: expected a table of ${candidates} rows, found [${table.shape}]`);
    if (!(attributes.count >= 1 && attributes.count <= candidates))
      throw new ModelError(`node ${name}: expected 1 to ${candidates} neighbours, found ${attributes.count}`);
    return [withFeatures(input, table.shape[1]!)];
  },

  evaluate: (node, values) => [evaluate(node, values as TensorData[])],

  checkTypes({ inputs, outputs }) {
    const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
    const fits = to === "float32" ? from === "float32" : READ[from] !== undefined;
    return fits ? undefined : `distances: expected integers for an output of ${to}, found ${from}`;
  },
  quantizeConstants: ({ inputs, outputs }) => new Map([[1, quantizeTable(inputs[1]!, outputs[0]!)]]),

  lower({ attributes, inputs, outputs }, to) {
    const [input, table, output] = [inputs[0]!, inputs[1]!, outputs[0]!];
    const finer = finerBits(table, output);
    to.call("neighbours", {
      input,
      table,
      output,
      scratch: to.scratch(4 * attributes.count),
      rows: rowsOf(input),
      candidates: featuresOf(input),
      count: attributes.count,
      outputs: featuresOf(output),
      outputZeroPoint: perTensor(output).zeroPoint,
      inputBytes: READ[input.dtype]!,
      outputBytes: READ[output.dtype]!,
      leftShift: Math.max(-finer, 0),
      rightShift: Math.max(finer, 0),
    });
  },
});
