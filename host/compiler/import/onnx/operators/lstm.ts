import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { biasesOf, initialStates, overSteps, readSequence, weightsOf } from "./recurrent.ts";

/** Gates of ONNX are input, output, forget, cell; ours are input, forget, cell, output. */
const ORDER = [0, 2, 3, 1];
const INITIAL_H = 5;
const INITIAL_C = 6;
const PEEPHOLES = 7;

export const lstm: Translation = {
  type: "ai.onnx.LSTM",
  summary: "of default activations, with constant weights and states; outputs Y and Y_h",
  translate(node) {
    const sequence = readSequence(node, ORDER.length, ["sigmoid", "tanh", "tanh"]);
    if (node.attributes.int("input_forget", 0) !== 0)
      throw new ModelError("input_forget: expected 0, found 1");
    if (node.has(PEEPHOLES) && node.floats(PEEPHOLES).numbers.some((x) => x !== 0))
      throw new ModelError("peepholes are not supported");
    const constants = sequence.directions.map((direction) => {
      const { inputs, states } = biasesOf(sequence, direction);
      const biases = ORDER.map((gate) => {
        const sum = inputs[gate]!.map((x, i) => x + states[gate]![i]!);
        return node.addConstant(node.nameOf(`bias_${direction.index}_${gate}`), [sequence.units], sum);
      });
      return [...weightsOf(sequence, ORDER, direction), ...biases];
    });
    return [
      ...overSteps(sequence, (input, direction, sample) => {
        const start = initialStates(sequence, [INITIAL_H, INITIAL_C], direction, sample);
        return node.add("lstm_sequence", [input, ...constants[direction.index]!, ...start], {});
      }),
      undefined,
    ];
  },
};
