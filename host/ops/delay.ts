import type { Tensor } from "../ir/graph.ts";
import { checkQueue, lowerQueue, type Queue, stateShapes, writeQueue } from "./fifo.ts";
import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require, rowsOf } from "./signal.ts";

export const delayQueue = (length: number, delayLength: number): Queue => ({
  write: length,
  read: length,
  discard: length,
  prefill: delayLength,
  extend: 0,
});

/**
 * A stream of samples later by some, zeros first (TensorFlow Lite Micro, SignalDelay). Inputs: samples [..., n], and two
 * states. Outputs: samples [..., n], the next states.
 */
export const delay = defineOperator({
  name: "delay",
  summary: "a stream of samples later by some, a state between inferences",
  arity: [3, 3],
  attributes: { delayLength: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16", "int16", "int32"], ["int16", "int16", "int32"]),

  infer({ name, attributes, inputs }) {
    const input = inputs[0]!;
    const { rows, length } = rowsOf(input);
    require(name, attributes.delayLength >= 0, "a delay_length from 0 on", attributes.delayLength);
    const queue = delayQueue(length, attributes.delayLength);
    checkQueue(name, queue);
    return [input.shape, ...stateShapes(queue, rows)];
  },

  evaluate({ attributes, inputs }, values) {
    const [input, before, levels] = values as readonly [Int16Array, Int16Array, Int32Array];
    const { rows, length } = rowsOf(inputs[0]!);
    const queue = delayQueue(length, attributes.delayLength);
    const [output, samples, level] = [input.slice(), before.slice(), levels.slice()];
    const capacity = samples.length / rows;
    for (let row = 0; row < rows; row++) {
      const part = samples.subarray(row * capacity, (row + 1) * capacity);
      const own = level.subarray(2 * row, 2 * row + 2);
      const written = writeQueue(queue, input.subarray(row * length, (row + 1) * length), part, own);
      output.set(written.output, row * length);
      part.set(written.samples);
      own.set(written.level);
    }
    return [output, samples, level];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, samples, level] = inputs as readonly [Tensor, Tensor, Tensor];
    const [output, ...next] = outputs as readonly [Tensor, Tensor, Tensor];
    const { rows, length } = rowsOf(input);
    const queue = delayQueue(length, attributes.delayLength);
    lowerQueue(to, { queue, rows, input, output, valid: undefined, samples, level });
    to.alias(next[0], samples);
    to.alias(next[1], level);
  },
});
