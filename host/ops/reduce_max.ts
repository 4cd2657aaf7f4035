import { allocate } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { inferReduction, offsets, reducedValues, reductionArguments, splitAxes } from "./reduction.ts";
import { permuteReduction } from "./traits.ts";

/** Over `axes`, an ascending list; the output shares the input's quantisation. */
function extremum(
  name: "reduce_max" | "reduce_min",
  choose: (a: number, b: number) => number,
  summary: string,
) {
  return defineOperator({
    name,
    summary,
    arity: [1, 1],
    attributes: { axes: "ints", keepDims: "boolean" },
    quantization: { output: { kind: "same" } },
    permute: permuteReduction,
    infer: inferReduction,
    steps: reducedValues,

    evaluate({ attributes, inputs, outputs }, values) {
      const { kept, reduced } = splitAxes(inputs[0]!.shape, attributes.axes);
      const within = offsets(reduced);
      const chosen = Array.from(offsets(kept), (base) =>
        within.reduce((best, offset) => choose(best, values[0]![base + offset]!), values[0]![base]!),
      );
      const result = allocate(outputs[0]!.dtype, chosen.length);
      result.set(chosen);
      return [result];
    },

    lower({ attributes, inputs, outputs }, to) {
      const [input, output] = [inputs[0]!, outputs[0]!];
      // The least of some values is ~ the greatest of their complements: one kernel for both.
      to.call("reduce_max_s8", {
        input,
        output,
        ...reductionArguments(input, attributes.axes),
        flip: name === "reduce_max" ? 0 : -1,
      });
    },
  });
}

export const reduceMax = extremum("reduce_max", Math.max, "greatest value over any axes");
export const reduceMin = extremum("reduce_min", Math.min, "least value over any axes");
