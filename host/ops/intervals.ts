import { allocate, ModelError, perTensor, quantized, type Tensor } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { checkNarrow, checkShape, elementBytes, featuresOf, rowsOf, withFeatures } from "./rows.ts";

type Three = readonly [Tensor, Tensor, Tensor];

/**
 * The integers from which, or up to which, an input is inside. An end is rounded as an input is, so that values
 * that are equal to it are decided right whatever the scale.
 */
function quantizeEnds(ends: Tensor, input: Tensor, isLow: boolean, isOpen: boolean): Tensor {
  const { scale, zeroPoint } = perTensor(input);
  const { min, max } = typeRange(input);
  const inward = isLow ? 1 : -1;
  const inside = (end: number): number =>
    roundHalfAway(Math.fround(end / scale)) + zeroPoint + (isOpen ? inward : 0);
  // One beyond the type's range is never reached, or always.
  const data = Int32Array.from(ends.data!, (end) => clamp(inside(end), min - 1, max + 1));
  return { ...ends, dtype: "int32", data };
}

/** Ends beyond are for all numbers. */
const FARTHEST = 2 ** 31;

/**
 * Inputs: x [..., features], lower and upper ends [outputs]. Output i is 1 where x[features[i]] is between the
 * ends, else 0. Ends belong to their interval unless they are open.
 */
export const intervals = defineOperator({
  name: "intervals",
  summary: "whether values are in intervals, as 0 or 1: thresholds, bins, categories",
  arity: [3, 3],
  attributes: { features: "ints", openLow: "boolean", openHigh: "boolean" },
  quantization: { output: { kind: "fixed", quantization: quantized(1, 0), int16: quantized(2 ** -15, 0) } },
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const [input, low, high] = inputs as unknown as Three;
    const { features } = attributes;
    if (features.length < 1 || features.some((i) => i < 0 || i >= featuresOf(input)))
      throw new ModelError(`node ${name}: expected features below ${featuresOf(input)}, found ${features}`);
    checkShape(name, "lower ends", low, [features.length]);
    checkShape(name, "upper ends", high, [features.length]);
    return [withFeatures(input, features.length)];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const { features, openLow, openHigh } = attributes;
    const output = outputs[0]!;
    const [x, low, high] = [values[0]!, values[1]!, values[2]!];
    const isFloat = output.dtype === "float32";
    const one = output.dtype === "int16" ? 32767 : 1;
    const result = allocate(output.dtype, rowsOf(output) * features.length);
    for (let next = 0; next < result.length; next++) {
      const i = next % features.length;
      const value = x[Math.floor(next / features.length) * featuresOf(inputs[0]!) + features[i]!]!;
      const above = isFloat && openLow ? value > low[i]! : value >= low[i]!;
      const below = isFloat && openHigh ? value < high[i]! : value <= high[i]!;
      result[next] = above && below ? one : 0;
    }
    return [result];
  },

  /** Ends that are no number's limits. */
  tells({ attributes, inputs }, feature) {
    const ends = inputs
      .slice(1)
      .flatMap((tensor) =>
        Array.from(tensor!.data!).filter(
          (end, i) =>
            Math.abs(end) < FARTHEST && (feature === undefined || attributes.features[i] === feature),
        ),
      );
    if (ends.length === 0) return undefined;
    const [min, max] = [ends.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))];
    return { min: Math.ceil(min) - 1, max: Math.floor(max) + 1 };
  },

  checkTypes: checkNarrow,
  quantizeConstants({ attributes, inputs }) {
    const [input, low, high] = inputs as unknown as Three;
    return new Map([
      [1, quantizeEnds(low, input, true, attributes.openLow)],
      [2, quantizeEnds(high, input, false, attributes.openHigh)],
    ]);
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, low, high] = inputs as unknown as Three;
    const output = outputs[0]!;
    const table = new Int32Array(3 * attributes.features.length);
    attributes.features.forEach((feature, i) => {
      table.set([feature * elementBytes(input), low.data![i]!, high.data![i]!], 3 * i);
    });
    to.call("intervals", {
      input,
      output,
      table: to.constant("intervals", table),
      rows: rowsOf(input),
      rowBytes: featuresOf(input) * elementBytes(input),
      outputs: attributes.features.length,
      inputBytes: elementBytes(input),
      outputBytes: elementBytes(output),
      one: output.dtype === "int16" ? 32767 : 1,
    });
  },
});
