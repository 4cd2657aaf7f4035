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
  summary: "forward, of default activations, with constant weights and states; outputs Y and Y_h",
  translate(node) {
    const sequence = readSequence(node, ORDER.length, ["sigmoid", "tanh", "tanh"]);
    if (node.attributes.int("input_forget", 0) !== 0)
      throw new ModelError("input_forget: expected 0, found 1");
    if (node.has(PEEPHOLES) && node.floats(PEEPHOLES).numbers.some((x) => x !== 0))
      throw new ModelError("peepholes are not supported");
    const { inputs, states } = biasesOf(sequence);
    const constants = [
      ...weightsOf(sequence, ORDER),
      ...ORDER.map((gate) => {
        const sum = inputs[gate]!.map((x, i) => x + states[gate]![i]!);
        return node.addConstant(node.nameOf(`bias_${gate}`), [sequence.units], sum);
      }),
    ];
    const start = initialStates(sequence, [INITIAL_H, INITIAL_C]);
    return [
      ...overSteps(sequence, (input, sample) =>
        node.add("lstm_sequence", [input, ...constants, ...start[sample]!], {}),
      ),
      undefined,
    ];
  },
};
