import { elements, ModelError, type Tensor } from "../ir/graph.ts";
import { callLstm, checkLstmTypes, evaluateSteps, lstmMacs, operands, shapeFault } from "./lstm_steps.ts";
import { defineOperator } from "./operator.ts";

/**
 * A layer of long short-term memory over the steps of its input. Inputs: [1, steps, inputs]; weights [units, inputs] of
 * the input, forget, cell and output gates; recurrent weights [units, units]; biases [units]; hidden state [1, units] and
 * cell state [1, units]. Outputs: [1, steps, units] and the next states. Int8 with a cell of int16, as in TFLite files.
 */
export const lstm = defineOperator({
  name: "lstm",
  summary: "long short-term memory over the steps of a sequence, with states between inferences (int8)",
  arity: [15, 15],
  attributes: { cellClip: "number" },
  quantization: { output: { kind: "range" } },
  checkTypes: checkLstmTypes,

  infer(node) {
    const { input, hidden, cell } = operands(node);
    const units = elements(cell.shape);
    const fault = elements(hidden.shape) === units ? shapeFault(node, units) : "expected states of one size";
    if (fault !== undefined) throw new ModelError(`node ${node.name}: ${fault}`);
    return [[1, input.shape[1]!, units], hidden.shape, cell.shape];
  },

  evaluate: evaluateSteps,

  lower(node, to) {
    const { hidden, cell } = operands(node);
    const [, nextHidden, nextCell] = node.outputs as [Tensor, Tensor, Tensor];
    callLstm(node, to, { hidden, cell });
    to.alias(nextHidden, hidden);
    to.alias(nextCell, cell);
  },

  macs: lstmMacs,
});
