import { allocate, byteSize, elements, ModelError, type Shape, type TensorData } from "../ir/graph.ts";
import { shortList } from "../plain.ts";
import { type Bound, defineOperator } from "./operator.ts";

/** Positions are whole numbers of this part of a pixel. */
export const POSITION_UNIT = 2 ** 20;
/** Integers are weighed in steps of this part of a pixel, as TensorFlow Lite Micro does. */
const WEIGHT_UNIT = 2 ** 10;

type Resize = Bound<{ readonly rows: readonly number[]; readonly columns: readonly number[] }>;

const isWithin = (positions: readonly number[], size: number): boolean =>
  positions.length > 0 &&
  size <= 2 ** 15 &&
  positions.every((n) => n >= 0 && n <= (size - 1) * POSITION_UNIT);

/** Positions in the unit of weights of integers. */
const coarse = (positions: readonly number[]): number[] =>
  positions.map((n) => Math.floor(n / (POSITION_UNIT / WEIGHT_UNIT) + 0.5));

interface Place {
  readonly low: number;
  readonly high: number;
  /** Weight of the higher one; the other has the rest of `unit`. */
  readonly weight: number;
}

const placesOf = (positions: readonly number[], unit: number): Place[] =>
  positions.map((n) => {
    const [low, weight] = [Math.floor(n / unit), n % unit];
    return { low, weight, high: weight === 0 ? low : low + 1 };
  });

/** Halves away from zero, as 20 bits are cut off. */
const rounded = (sum: number): number => Math.trunc((sum + (sum > 0 ? 2 ** 19 : -(2 ** 19))) / 2 ** 20);

function evaluate({ attributes, inputs, outputs }: Resize, [x]: readonly TensorData[]): TensorData {
  const [batches, height, width, channels] = inputs[0]!.shape as [number, number, number, number];
  const isFloat = outputs[0]!.dtype === "float32";
  const unit = isFloat ? POSITION_UNIT : WEIGHT_UNIT;
  const [rows, columns] = [attributes.rows, attributes.columns].map((list) =>
    placesOf(isFloat ? list : coarse(list), unit),
  ) as [Place[], Place[]];
  const result = allocate(outputs[0]!.dtype, elements(outputs[0]!.shape));
  let next = 0;
  for (let batch = 0; batch < batches; batch++) {
    for (const row of rows) {
      for (const column of columns) {
        for (let channel = 0; channel < channels; channel++) {
          const at = (y: number, line: number): number =>
            x![((batch * height + y) * width + line) * channels + channel]!;
          const mix = (y: number): number =>
            at(y, column.low) * (unit - column.weight) + at(y, column.high) * column.weight;
          const sum = mix(row.low) * (unit - row.weight) + mix(row.high) * row.weight;
          result[next++] = isFloat ? sum / unit ** 2 : rounded(sum);
        }
      }
    }
  }
  return result;
}

/**
 * Input: image [N, H, W, C]. `rows` and `columns` are where in it each row and column of the output lies, in steps of 2^-20
 * of a pixel: importers work that out by the rule of their framework.
 */
export const resizeBilinear = defineOperator({
  name: "resize_bilinear",
  summary: "image of another size, each pixel a mean of the four of the input that it lies between",
  arity: [1, 1],
  attributes: { rows: "ints", columns: "ints" },
  quantization: { output: { kind: "same" } },
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    const [batches, height, width, channels] = shape as [number, number, number, number];
    const { rows, columns } = attributes;
    if (shape.length !== 4) throw new ModelError(`node ${name}: expected rank 4, found [${shape}]`);
    for (const [what, list, size] of [
      ["rows", rows, height],
      ["columns", columns, width],
    ] as const)
      if (!isWithin(list, size))
        throw new ModelError(
          `node ${name}: ${what}: expected places from 0 to ${size - 1} pixels, found ${shortList(list)} of 2^-20`,
        );
    return [[batches, rows.length, columns.length, channels] satisfies Shape];
  },

  evaluate: (node, values) => [evaluate(node, values as TensorData[])],

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const [batches, height, width, channels] = input.shape as [number, number, number, number];
    to.call("resize_bilinear", {
      input,
      output,
      rows: to.constant("rows", Int32Array.from(coarse(attributes.rows))),
      columns: to.constant("columns", Int32Array.from(coarse(attributes.columns))),
      batches,
      inputHeight: height,
      inputWidth: width,
      outputHeight: attributes.rows.length,
      outputWidth: attributes.columns.length,
      channels,
      bytes: byteSize({ dtype: input.dtype, shape: [] }),
    });
  },

  macs: ({ outputs }) => 4 * elements(outputs[0]!.shape),
});
