import { elements, type Tensor } from "../ir/graph.ts";
import { checkQueue, lowerQueue, type Queue, stateShapes, writeQueue } from "./fifo.ts";
import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

interface Attributes {
  readonly channels: number;
  readonly left: number;
  readonly right: number;
  readonly step: number;
}

export const stackerQueue = ({ channels, left, right, step }: Attributes): Queue => ({
  write: channels,
  read: channels * (left + right + 1),
  discard: channels * step,
  prefill: 0,
  extend: left,
});

/**
 * Rows of features with those before and after them (TensorFlow Lite Micro, SignalStacker). Inputs: features
 * [channels], and two states. Outputs: rows [(left + 1 + right) * channels], oldest first, whether there are new ones []
 * (else they are zeros), the next states.
 */
export const stacker = defineOperator({
  name: "stacker",
  summary: "rows of features with their neighbours in time, a state between inferences",
  arity: [3, 3],
  attributes: { channels: "int", left: "int", right: "int", step: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16", "int16", "int32"], ["int16", "int8", "int16", "int32"]),

  infer({ name, attributes, inputs }) {
    const { channels, left, right } = attributes;
    require(name, left >= 0 && right >= 0, "contexts from 0 on", `${left} and ${right}`);
    const queue = stackerQueue(attributes);
    checkQueue(name, queue);
    const { shape } = inputs[0]!;
    require(name, shape.length === 1 && shape[0] === channels, `features [${channels}]`, `[${shape}]`);
    return [[queue.read], [], ...stateShapes(queue, 1)];
  },

  evaluate({ attributes }, values) {
    const [input, before, level] = values as readonly [Int16Array, Int16Array, Int32Array];
    const written = writeQueue(stackerQueue(attributes), input, before, level);
    return [written.output, Int8Array.of(written.isValid ? 1 : 0), written.samples, written.level];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, samples, level] = inputs as readonly [Tensor, Tensor, Tensor];
    const [output, valid, ...next] = outputs as readonly [Tensor, Tensor, Tensor, Tensor];
    lowerQueue(to, { queue: stackerQueue(attributes), rows: 1, input, output, valid, samples, level });
    to.alias(next[0], samples);
    to.alias(next[1], level);
  },

  steps: ({ outputs }) => elements(outputs[0]!.shape),
});
