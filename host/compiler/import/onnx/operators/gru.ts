import type { Translation } from "../builder.ts";
import { biasesOf, initialStates, overSteps, readSequence, weightsOf } from "./recurrent.ts";

/** Update gate, reset gate, candidate: as ours. */
const ORDER = [0, 1, 2];
const CANDIDATE = 2;
const INITIAL_H = 5;

export const gru: Translation = {
  type: "ai.onnx.GRU",
  summary: "forward, of default activations, with constant weights and states",
  translate(node) {
    const sequence = readSequence(node, ORDER.length, ["sigmoid", "tanh"]);
    const resetAfter = node.attributes.int("linear_before_reset", 0) !== 0;
    const { inputs, states } = biasesOf(sequence);
    const bias = (role: string, values: Float64Array) =>
      node.addConstant(node.nameOf(role), [sequence.units], values);
    const constants = [
      ...weightsOf(sequence, ORDER),
      ...ORDER.map((gate) => {
        const sum = inputs[gate]!.map((x, i) => x + (gate === CANDIDATE ? 0 : states[gate]![i]!));
        return bias(`bias_${gate}`, sum);
      }),
      bias("recurrent_bias", states[CANDIDATE]!),
    ];
    const start = initialStates(sequence, [INITIAL_H]);
    return overSteps(sequence, (input, sample) =>
      node.add("gru_sequence", [input, ...constants, ...start[sample]!], { resetAfter }),
    );
  },
};
