import type { Shape, Tensor, TensorData } from "../ir/graph.ts";
import { checkQueue, lowerQueue, type Queue, stateShapes, writeQueue } from "./fifo.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require, rowsOf } from "./signal.ts";

interface Attributes {
  readonly frameSize: number;
  readonly frameStep: number;
  readonly prefill: boolean;
}

type Node = Pick<Bound<Attributes>, "attributes" | "inputs">;

export const framerQueue = ({ frameSize, frameStep, prefill }: Attributes): Queue => ({
  write: frameStep,
  read: frameSize,
  discard: frameStep,
  prefill: prefill ? frameSize - frameStep : 0,
  extend: 0,
});

const framesOf = ({ attributes, inputs }: Node): number => rowsOf(inputs[0]!).length / attributes.frameStep;

function evaluateFramer(node: Node, values: readonly TensorData[]): TensorData[] {
  const { attributes, inputs } = node;
  const [input, before, levels] = values as readonly [Int16Array, Int16Array, Int32Array];
  const { rows } = rowsOf(inputs[0]!);
  const [frames, queue] = [framesOf(node), framerQueue(attributes)];
  const output = new Int16Array(rows * frames * queue.read);
  const [samples, level] = [before.slice(), levels.slice()];
  const capacity = samples.length / rows;
  let valid = 1;
  for (let i = 0; i < rows * frames; i++) {
    const row = Math.floor(i / frames);
    const written = writeQueue(
      queue,
      input.subarray(i * queue.write, (i + 1) * queue.write),
      samples.subarray(row * capacity, (row + 1) * capacity),
      level.subarray(2 * row, 2 * row + 2),
    );
    if (!written.isValid) valid = 0;
    output.set(written.output, i * queue.read);
    samples.set(written.samples, row * capacity);
    level.set(written.level, 2 * row);
  }
  return [output, Int8Array.of(valid), samples, level];
}

/**
 * Overlapping frames of a stream of samples (TensorFlow Lite Micro, SignalFramer). Inputs: samples [..., n * frameStep],
 * and two states. Outputs: frames [..., n, frameSize], whether all of them are whole [] (one that is not has zeros), the
 * next states.
 */
export const framer = defineOperator({
  name: "framer",
  summary: "overlapping frames of a stream of samples, a state between inferences",
  arity: [3, 3],
  attributes: { frameSize: "int", frameStep: "int", prefill: "boolean" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16", "int16", "int32"], ["int16", "int8", "int16", "int32"]),

  infer(node) {
    const { name, attributes } = node;
    const input = node.inputs[0]!;
    const { rows, length } = rowsOf(input);
    const { frameStep } = attributes;
    checkQueue(name, framerQueue(attributes));
    require(name, length % frameStep === 0, `a multiple of ${frameStep} samples`, length);
    const frames: Shape = [...input.shape.slice(0, -1), framesOf(node), attributes.frameSize];
    return [frames, [], ...stateShapes(framerQueue(attributes), rows)];
  },

  evaluate: (node, values) => evaluateFramer(node, values as readonly TensorData[]),

  lower({ attributes, inputs, outputs }, to) {
    const [input, samples, level] = inputs as readonly [Tensor, Tensor, Tensor];
    const [output, valid, ...next] = outputs as readonly [Tensor, Tensor, Tensor, Tensor];
    const { rows } = rowsOf(input);
    lowerQueue(to, { queue: framerQueue(attributes), rows, input, output, valid, samples, level });
    to.alias(next[0], samples);
    to.alias(next[1], level);
  },
});
