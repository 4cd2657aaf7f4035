import { clamp, requantize } from "../fixed";
import { gate, logistic, narrow, tanh } from "../gates";

export const VERSION: i32 = 1;

/** Both sums of a gate. */
// @ts-ignore: decorator
@inline
function open(
  table: usize,
  input: usize,
  inputs: i32,
  inputZeroPoint: i32,
  weights: usize,
  bias: i32,
  hidden: usize,
  units: i32,
  outputZeroPoint: i32,
  recurrent: usize,
  factor: usize,
): i32 {
  const sum: i32 =
    gate(input, inputs, inputZeroPoint, weights, bias, load<i32>(factor), load<i32>(factor, 4)) +
    gate(hidden, units, outputZeroPoint, recurrent, 0, load<i32>(factor, 8), load<i32>(factor, 12));
  return logistic(table, 3 * narrow(sum));
}

/** The argument block of gru_s8. */
@unmanaged
export class GruS8Arguments {
  input: usize;
  output: usize;
  weights: usize;
  recurrent: usize;
  bias: usize;
  recurrentBias: usize;
  factors: usize;
  start: usize;
  hidden: usize;
  state: usize;
  table: usize;
  steps: i32;
  inputs: i32;
  units: i32;
  outputMultiplier: i32;
  inputZeroPoint: i8;
  outputZeroPoint: i8;
  outputShift: i8;
  resetAfter: i8;
}

/**
 * A layer of gated recurrent units over `steps` steps: int8 in and out, int16 inside.
 *
 *   input          [steps, inputs] i8
 *   output         [steps, units] i8
 *   weights        [units, 3, inputs] i8: update gate, reset gate, candidate
 *   recurrent      [units, 3, units] i8
 *   bias           [units, 3] i32
 *   recurrentBias  [units] i32: the candidate's that the reset gate scales too; read where `resetAfter`
 *   factors        [3, 4] i32: multiplier and shift of products with the input, then with the states
 *   start          [units] i16: the states before the first step, in 2^-15
 *   hidden         [units] i8: the same in the output's type
 *   state          [2, units] i16, scratch: the states, and what the reset gates leave of them in 2^-13
 *   table          [256] u16: 1 / (1 + exp(-x)) at i / 24, times 2^16
 *   resetAfter     whether the reset gate scales the product with the states, not the states
 *
 * Semantics: host/ops/gru_steps.ts. Gates are as those of lstm_s8.
 */
export function gru_s8(block: GruS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const recurrent: usize = block.recurrent;
  const bias: usize = block.bias;
  const recurrentBias: usize = block.recurrentBias;
  const factors: usize = block.factors;
  const start: usize = block.start;
  let hidden: usize = block.hidden;
  const state: usize = block.state;
  const table: usize = block.table;
  const steps: i32 = block.steps;
  const inputs: i32 = block.inputs;
  const units: i32 = block.units;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const outputMultiplier: i32 = block.outputMultiplier;
  const outputShift: i32 = block.outputShift;
  const resetAfter: i32 = block.resetAfter;
  const kept: usize = state + (<usize>units << 1);
  memory.copy(state, start, <usize>units << 1);
  for (let step = 0; step < steps; step++, input += inputs) {
    let weight: usize = weights + inputs;
    let again: usize = recurrent + units;
    // All reset gates come first: a candidate may depend on each of them.
    for (let unit = 0; unit < units; unit++, weight += 3 * inputs, again += 3 * units) {
      const addend: i32 = load<i32>(bias + 12 * <usize>unit, 4);
      const reset: i32 = open(
        table,
        input,
        inputs,
        inputZeroPoint,
        weight,
        addend,
        hidden,
        units,
        outputZeroPoint,
        again,
        factors + 16,
      );
      const place: usize = <usize>unit << 1;
      const value: i32 = resetAfter ? reset : (reset * <i32>load<i16>(state + place) + (1 << 16)) >> 17;
      store<i16>(kept + place, value);
    }
    weight = weights;
    again = recurrent;
    for (let unit = 0; unit < units; unit++, weight += 3 * inputs, again += 3 * units) {
      const addend: usize = bias + 12 * <usize>unit;
      const update: i32 = open(
        table,
        input,
        inputs,
        inputZeroPoint,
        weight,
        load<i32>(addend),
        hidden,
        units,
        outputZeroPoint,
        again,
        factors,
      );
      const multiplier: i32 = load<i32>(factors, 40);
      const shift: i32 = load<i32>(factors, 44);
      let row: usize = again + (<usize>units << 1);
      let sum: i32 = 0;
      if (resetAfter) {
        const after: i32 = load<i32>(recurrentBias + (<usize>unit << 2));
        sum = gate(hidden, units, outputZeroPoint, row, after, multiplier, shift);
        sum = (<i32>load<i16>(kept + (<usize>unit << 1)) * sum + (1 << 14)) >> 15;
      } else {
        for (let at = kept; at < kept + (<usize>units << 1); at += 2, row++) {
          sum += <i32>load<i16>(at) * <i32>load<i8>(row);
        }
        sum = narrow(requantize(sum, multiplier, shift));
      }
      sum += gate(
        input,
        inputs,
        inputZeroPoint,
        weight + (<usize>inputs << 1),
        load<i32>(addend, 8),
        load<i32>(factors, 32),
        load<i32>(factors, 36),
      );
      const place: usize = state + (<usize>unit << 1);
      const candidate: i32 = tanh(table, 3 * narrow(sum));
      const value: i32 = (update * <i32>load<i16>(place) + (32768 - update) * candidate + (1 << 14)) >> 15;
      store<i16>(place, value);
      const scaled: i32 = requantize(value, outputMultiplier, outputShift);
      store<i8>(output++, clamp(scaled + outputZeroPoint, -128, 127));
    }
    hidden = output - units;
  }
}
