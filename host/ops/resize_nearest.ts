import { allocate, byteSize, elements, ModelError, type Shape } from "../ir/graph.ts";
import { shortList } from "../plain.ts";
import { defineOperator } from "./operator.ts";

/** Tables of the kernel hold positions in 16 bits. */
const MAX_POSITION = 2 ** 15 - 1;

const isWithin = (positions: readonly number[], size: number): boolean =>
  positions.length > 0 && positions.every((n) => n >= 0 && n < size && n <= MAX_POSITION);

/**
 * Input: image [N, H, W, C]. Importers work out which row and column of it each row and column of the output is:
 * frameworks have many rules of rounding for that, which are all the same work here.
 */
export const resizeNearest = defineOperator({
  name: "resize_nearest",
  summary: "image of another size, each pixel the nearest one of the input",
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
        throw new ModelError(`node ${name}: ${what}: expected 0 to ${size - 1}, found ${shortList(list)}`);
    return [[batches, rows.length, columns.length, channels] satisfies Shape];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const [batches, height, width, channels] = inputs[0]!.shape as [number, number, number, number];
    const result = allocate(outputs[0]!.dtype, elements(outputs[0]!.shape));
    let next = 0;
    for (let batch = 0; batch < batches; batch++) {
      for (const row of attributes.rows) {
        for (const column of attributes.columns) {
          const pixel = ((batch * height + row) * width + column) * channels;
          result.set(values[0]!.subarray(pixel, pixel + channels), next);
          next += channels;
        }
      }
    }
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const [batches, height, width, channels] = input.shape as [number, number, number, number];
    to.call("resize_nearest", {
      input,
      output,
      rows: to.constant("rows", Int16Array.from(attributes.rows)),
      columns: to.constant("columns", Int16Array.from(attributes.columns)),
      batches,
      inputHeight: height,
      inputWidth: width,
      outputHeight: attributes.rows.length,
      outputWidth: attributes.columns.length,
      pixelBytes: byteSize({ dtype: input.dtype, shape: [channels] }),
    });
  },
});
