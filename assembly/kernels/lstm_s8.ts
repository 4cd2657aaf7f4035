import { clamp, requantize } from "../fixed";
import { gate, logistic, narrow, tanh } from "../gates";

export const VERSION: i32 = 1;

/** The argument block of lstm_s8. */
@unmanaged
export class LstmS8Arguments {
  input: usize;
  output: usize;
  weights: usize;
  recurrent: usize;
  bias: usize;
  factors: usize;
  hidden: usize;
  cell: usize;
  table: usize;
  steps: i32;
  inputs: i32;
  units: i32;
  forgetMultiplier: i32;
  inputMultiplier: i32;
  outputMultiplier: i32;
  tanhMultiplier: i32;
  cellClip: i32;
  inputZeroPoint: i8;
  hiddenZeroPoint: i8;
  forgetShift: i8;
  inputShift: i8;
  outputShift: i8;
  tanhShift: i8;
}

/**
 * A layer of long short-term memory over `steps` steps: int8 in and out, int16 inside.
 *
 *   input       [steps, inputs] i8
 *   output      [steps, units] i8, of the type of the hidden state
 *   weights     [units, 4, inputs] i8, gates in the order input, forget, cell, output
 *   recurrent   [units, 4, units] i8
 *   bias        [units, 4] i32
 *   factors     [4, 4] i32: multiplier and shift of products with the input, then with the hidden state
 *   hidden      [units] i8, the state; written
 *   cell        [units] i16, the state; written
 *   table       [256] u16: 1 / (1 + exp(-x)) at i / 24, times 2^16
 *   tanhMultiplier, tanhShift   (x * multiplier + half) >> shift is a cell in steps of 1 / (3 * 2^12)
 *   cellClip    greatest magnitude of a cell; 32768 for no limit
 *
 * Semantics: TensorFlow Lite Micro, lstm_internal::LstmStep of int8 with cells of int16.
 */
export function lstm_s8(block: LstmS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const recurrent: usize = block.recurrent;
  const bias: usize = block.bias;
  const factors: usize = block.factors;
  const hidden: usize = block.hidden;
  const cell: usize = block.cell;
  const table: usize = block.table;
  const steps: i32 = block.steps;
  const inputs: i32 = block.inputs;
  const units: i32 = block.units;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const hiddenZeroPoint: i32 = block.hiddenZeroPoint;
  const forgetMultiplier: i32 = block.forgetMultiplier;
  const forgetShift: i32 = block.forgetShift;
  const inputMultiplier: i32 = block.inputMultiplier;
  const inputShift: i32 = block.inputShift;
  const outputMultiplier: i32 = block.outputMultiplier;
  const outputShift: i32 = block.outputShift;
  const tanhMultiplier: i32 = block.tanhMultiplier;
  const tanhShift: i32 = block.tanhShift;
  const cellClip: i32 = block.cellClip;
  const half: i32 = tanhShift > 0 ? 1 << (tanhShift - 1) : 0;
  for (let step = 0; step < steps; step++, input += inputs) {
    let weight: usize = weights;
    let again: usize = recurrent;
    let addend: usize = bias;
    for (let unit = 0; unit < units; unit++) {
      let forget: i32 = 0;
      let take: i32 = 0;
      let fresh: i32 = 0;
      let give: i32 = 0;
      for (let i = 0; i < 4; i++, addend += 4, weight += inputs, again += units) {
        const factor: usize = factors + (<usize>i << 4);
        const x: i32 =
          3 *
          narrow(
            gate(
              input,
              inputs,
              inputZeroPoint,
              weight,
              load<i32>(addend),
              load<i32>(factor),
              load<i32>(factor, 4),
            ) + gate(hidden, units, hiddenZeroPoint, again, 0, load<i32>(factor, 8), load<i32>(factor, 12)),
          );
        if (i == 0) take = logistic(table, x);
        else if (i == 1) forget = logistic(table, x);
        else if (i == 2) fresh = tanh(table, x);
        else give = logistic(table, x);
      }
      const place: usize = cell + (<usize>unit << 1);
      const kept: i32 = narrow(requantize(forget * <i32>load<i16>(place), forgetMultiplier, forgetShift));
      const added: i32 = narrow(requantize(take * fresh, inputMultiplier, inputShift));
      const value: i32 = clamp(narrow(kept + added), -cellClip, cellClip);
      store<i16>(place, value);
      const bounded: i32 = tanh(table, (value * tanhMultiplier + half) >> tanhShift);
      const scaled: i32 = requantize(bounded * give, outputMultiplier, outputShift);
      // The hidden state stays as it is until every unit has read it.
      store<i8>(output++, clamp(scaled + hiddenZeroPoint, -128, 127));
    }
    const last: usize = output - units;
    for (let unit: usize = 0; unit < <usize>units; unit++) store<i8>(hidden + unit, load<i8>(last + unit));
  }
}
