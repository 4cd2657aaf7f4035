import { elements, ModelError, type Tensor } from "../ir/graph.ts";
import { clamp } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

/** Rows of frames that are added up apart from each other. */
function framesOf({ name, inputs }: Pick<Bound<unknown>, "name" | "inputs">) {
  const { shape } = inputs[0]!;
  if (shape.length < 2)
    throw new ModelError(`node ${name}: expected frames [..., n, size], found [${shape}]`);
  const [frames, size] = [shape.at(-2)!, shape.at(-1)!];
  return { rows: elements(shape) / (frames * size), frames, size };
}

/**
 * A stream of samples of overlapping frames, which it adds up and saturates (TensorFlow Lite Micro, OverlapAdd). Inputs:
 * frames [..., n, size], what was begun before (a state [rows, size]). Outputs: samples [..., n * frameStep], the next state.
 */
export const overlapAdd = defineOperator({
  name: "overlap_add",
  summary: "a stream of samples of overlapping frames, a state between inferences",
  arity: [2, 2],
  attributes: { frameStep: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16", "int16"], ["int16", "int16"]),

  infer(node) {
    const { rows, frames, size } = framesOf(node);
    const { frameStep } = node.attributes;
    require(node.name, frameStep > 0 && frameStep <= size, `a frame_step of 1 to ${size}`, frameStep);
    return [
      [...node.inputs[0]!.shape.slice(0, -2), frames * frameStep],
      [rows, size],
    ];
  },

  evaluate(node, values) {
    const { rows, frames, size } = framesOf(node);
    const step = node.attributes.frameStep;
    const input = values[0]!;
    const sums = Int16Array.from(values[1]!);
    const output = new Int16Array(rows * frames * step);
    for (let i = 0; i < rows * frames; i++) {
      const row = sums.subarray(Math.floor(i / frames) * size).subarray(0, size);
      for (let j = 0; j < size; j++) row[j] = clamp(row[j]! + input[i * size + j]!, -32768, 32767);
      output.set(row.subarray(0, step), i * step);
      row.copyWithin(0, step);
      row.fill(0, size - step);
    }
    return [output, sums];
  },

  lower(node, to) {
    const [input, state] = node.inputs as readonly [Tensor, Tensor];
    const [output, next] = node.outputs as readonly [Tensor, Tensor];
    to.call("overlap_add_s16", { input, state, output, ...framesOf(node), step: node.attributes.frameStep });
    to.alias(next, state);
  },
});
