import { allocate, byteSize, ModelError } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { featuresOf, rowsOf, withFeatures } from "./rows.ts";

/** Runs of neighbouring indices: where each starts in the output, and how many. */
function runsOf(indices: readonly number[]): { from: number; to: number; length: number }[] {
  const runs: { from: number; to: number; length: number }[] = [];
  indices.forEach((from, to) => {
    const last = runs.at(-1);
    if (last && last.from + last.length === from) last.length++;
    else runs.push({ from, to, length: 1 });
  });
  return runs;
}

/** Elements of the last axis by number, in any order. */
export const select = defineOperator({
  name: "select",
  summary: "elements of the last axis by number: columns of a table",
  arity: [1, 1],
  attributes: { indices: "ints" },
  quantization: { output: { kind: "same" } },
  types: ["int8", "int16", "int32"],

  infer({ name, attributes, inputs }) {
    const { indices } = attributes;
    if (indices.length < 1 || indices.some((i) => i < 0 || i >= featuresOf(inputs[0]!)))
      throw new ModelError(
        `node ${name}: expected indices below ${featuresOf(inputs[0]!)}, found ${indices}`,
      );
    return [withFeatures(inputs[0]!, indices.length)];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const { indices } = attributes;
    const result = allocate(outputs[0]!.dtype, rowsOf(outputs[0]!) * indices.length);
    for (let next = 0; next < result.length; next++) {
      const row = Math.floor(next / indices.length) * featuresOf(inputs[0]!);
      result[next] = values[0]![row + indices[next % indices.length]!]!;
    }
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const bytes = byteSize({ dtype: input.dtype, shape: [1] });
    for (const { from, to: at, length } of runsOf(attributes.indices)) {
      to.call("copy_s8", {
        input: to.at(input, from * bytes),
        output: to.at(output, at * bytes),
        rows: rowsOf(input),
        length: length * bytes,
        inputStride: featuresOf(input) * bytes,
        outputStride: featuresOf(output) * bytes,
      });
    }
  },
});
