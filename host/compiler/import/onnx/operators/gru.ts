import { elements } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { biasesOf, initialStates, overSteps, readSequence, weightsOf } from "./recurrent.ts";

/** Update gate, reset gate, candidate: as ours. */
const ORDER = [0, 1, 2];
const CANDIDATE = 2;
const INITIAL_H = 5;
/** Where a logistic function is 0 or 1 in float32. */
const GATE = 30;

export const gru: Translation = {
  type: "ai.onnx.GRU",
  summary: "of default activations, with constant weights and states",
  translate(node) {
    const sequence = readSequence(node, ORDER.length, ["sigmoid", "tanh"]);
    const resetAfter = node.attributes.int("linear_before_reset", 0) !== 0;
    const bias = (role: string, values: Float64Array) =>
      node.addConstant(node.nameOf(role), [sequence.units], values);
    const constants = sequence.directions.map((direction) => {
      const { inputs, states } = biasesOf(sequence, direction);
      const sums = ORDER.map((gate) => {
        const sum = inputs[gate]!.map((x, i) => x + (gate === CANDIDATE ? 0 : states[gate]![i]!));
        return bias(`bias_${direction.index}_${gate}`, sum);
      });
      const again = bias(`recurrent_bias_${direction.index}`, states[CANDIDATE]!);
      return [...weightsOf(sequence, ORDER, direction), ...sums, again];
    });
    return overSteps(sequence, (input, direction, sample) => {
      const start = initialStates(sequence, [INITIAL_H], direction, sample);
      return node.add("gru_sequence", [input, ...constants[direction.index]!, ...start], { resetAfter });
    });
  },
};

/** The GRU whose update gate is shut and whose reset gate is open: its candidate is the new state. */
export const rnn: Translation = {
  type: "ai.onnx.RNN",
  summary: "of tanh, with constant weights and states",
  translate(node) {
    const sequence = readSequence(node, 1, ["tanh"]);
    const { units, inputs: depth } = sequence;
    const fill = (role: string, shape: readonly number[], value: number) =>
      node.addConstant(node.nameOf(role), shape, new Array<number>(elements(shape)).fill(value));
    const none = [fill("no_weights", [units, depth], 0), fill("no_recurrent_weights", [units, units], 0)];
    const gates = [fill("shut", [units], -GATE), fill("open", [units], GATE)];
    const constants = sequence.directions.map((direction) => {
      const { inputs, states } = biasesOf(sequence, direction);
      const [weights, recurrent] = weightsOf(sequence, [0], direction);
      const sum = inputs[0]!.map((x, i) => x + states[0]![i]!);
      const bias = node.addConstant(node.nameOf(`bias_${direction.index}`), [units], sum);
      const [w, r] = none;
      return [w!, w!, weights!, r!, r!, recurrent!, ...gates, bias, fill("no_bias", [units], 0)];
    });
    return overSteps(sequence, (input, direction, sample) => {
      const start = initialStates(sequence, [INITIAL_H], direction, sample);
      return node.add("gru_sequence", [input, ...constants[direction.index]!, ...start], {
        resetAfter: false,
      });
    });
  },
};
