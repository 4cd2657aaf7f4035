import { allocate, elements, ModelError, perTensor, type Shape, type Tensor } from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { mergeLoops } from "./broadcast.ts";
import { kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";

interface Axes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** The input's kept and reduced axes with their element strides. */
function split(shape: Shape, axes: readonly number[]): { kept: Axes; reduced: Axes } {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const pick = (wanted: boolean): Axes => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
    return { sizes: chosen.map((axis) => shape[axis]!), strides: chosen.map((axis) => strides[axis]!) };
  };
  return { kept: pick(false), reduced: pick(true) };
}

/** Offsets of all positions of some axes, in order. */
const offsets = ({ sizes, strides }: Axes): number[] =>
  sizes.reduce<number[]>(
    (list, size, axis) =>
      list.flatMap((base) => Array.from({ length: size }, (_, i) => base + i * strides[axis]!)),
    [0],
  );

/** The factor from a sum to the mean at the output's scale (TensorFlow Lite, QuantizedMeanOrSum). */
function meanFactor(input: Tensor, output: Tensor, count: number): Multiplier {
  const { multiplier, shift } = kernelMultiplier(perTensor(input).scale / perTensor(output).scale);
  const extra = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift);
  return { multiplier: Math.floor((multiplier * 2 ** extra) / count), shift: shift - extra };
}

/** Mean over `axes`, an ascending list. */
export const mean = defineOperator({
  name: "mean",
  summary: "mean over any axes",
  arity: [1, 1],
  attributes: { axes: "ints", keepDims: "boolean" },
  quantization: { output: { kind: "range" } },
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    const { axes, keepDims } = attributes;
    if (axes.some((axis, i) => axis < 0 || axis >= shape.length || axis <= (axes[i - 1] ?? -1))) {
      throw new ModelError(`node ${name}: expected ascending axes below ${shape.length}, found ${axes}`);
    }
    const { kept, reduced } = split(shape, axes);
    if (!mergeLoops(kept.sizes, [kept.strides], 2) || !mergeLoops(reduced.sizes, [reduced.strides], 2)) {
      throw new ModelError(
        `node ${name}: expected at most two separate groups of axes, found ${axes} of [${shape}]`,
      );
    }
    return [
      keepDims
        ? shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
        : shape.filter((_, axis) => !axes.includes(axis)),
    ];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const { kept, reduced } = split(input.shape, attributes.axes);
    const within = offsets(reduced);
    const sums = offsets(kept).map((base) =>
      within.reduce((sum, offset) => sum + values[0]![base + offset]!, 0),
    );
    const result = allocate(output.dtype, sums.length);
    if (output.dtype === "float32") {
      result.set(sums.map((sum) => sum / within.length));
    } else {
      const factor = meanFactor(input, output, within.length);
      const correction = perTensor(input).zeroPoint * within.length;
      const { zeroPoint } = perTensor(output);
      const range = typeRange(output);
      result.set(sums.map((sum) => clampTo(requantize(sum - correction, factor) + zeroPoint, range)));
    }
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const { kept, reduced } = split(input.shape, attributes.axes);
    const outer = mergeLoops(kept.sizes, [kept.strides], 2)!;
    const inner = mergeLoops(reduced.sizes, [reduced.strides], 2)!;
    const count = elements(reduced.sizes);
    const bytes = output.dtype === "int16" ? 2 : 1;
    const shared = {
      input,
      output,
      kept0: outer.sizes[0]!,
      kept1: outer.sizes[1]!,
      reduced0: inner.sizes[0]!,
      reduced1: inner.sizes[1]!,
      keptStride0: bytes * outer.strides[0]![0]!,
      keptStride1: bytes * outer.strides[0]![1]!,
      reducedStride0: bytes * inner.strides[0]![0]!,
      reducedStride1: bytes * inner.strides[0]![1]!,
      ...meanFactor(input, output, count),
    };
    if (output.dtype === "int16") return to.call("mean_s16", shared);
    to.call("mean_s8", {
      ...shared,
      correction: perTensor(input).zeroPoint * count,
      outputZeroPoint: perTensor(output).zeroPoint,
    });
  },
});
