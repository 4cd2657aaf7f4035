import { fully_connected_s16 } from "../../assembly/kernels/fully_connected_s16";
import { expectInt16, expectOutput, int16, int32, int8, ONE, reset, room } from "./workbench";

/** Factors of 64-bit sums are multiplier / 2^shift: 2^14 with shift 14 leaves a sum as it is. */
const WIDE_ONE: i32 = 1 << 14;

class Dense {
  batches: i32 = 1;
  depth: i32 = 1;
  outputs: i32 = 1;
  factorStep: i32 = 0;
  narrowSums: i32 = 0;
  outputBytes: i32 = 2;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -32768;
  activationMax: i32 = 32767;
}

class Operands {
  input: StaticArray<i16>;
  weights: StaticArray<i8>;
  bias: StaticArray<i32>;
  multiplier: StaticArray<i32> = [WIDE_ONE];
  shift: StaticArray<i8> = [14];
}

/** One call on a fresh workbench; the output's address. */
function run(d: Dense, o: Operands): usize {
  reset();
  const output: usize = room(d.batches * d.outputs * d.outputBytes);
  fully_connected_s16({
    input: int16(o.input),
    output,
    weights: int8(o.weights),
    bias: int32(o.bias),
    multiplier: int32(o.multiplier),
    shift: int8(o.shift),
    factorStep: <i8>d.factorStep,
    narrowSums: <i8>d.narrowSums,
    batches: d.batches,
    depth: d.depth,
    outputs: d.outputs,
    outputBytes: <i8>d.outputBytes,
    outputZeroPoint: <i16>d.outputZeroPoint,
    activationMin: <i16>d.activationMin,
    activationMax: <i16>d.activationMax,
  });
  return output;
}

describe("fully_connected_s16", () => {
  test("products, bias and batches", () => {
    const operands: Operands = { input: [1, 2, -300, 4], weights: [1, 10, -1, 100], bias: [1000, -2] };
    // 1 + 20 + 1000, -1 + 200 - 2; -300 + 40 + 1000, 300 + 400 - 2
    expectInt16(run({ batches: 2, depth: 2, outputs: 2 }, operands), [1021, 197, 740, 698]);
  });

  test("every remainder of the unrolled loop", () => {
    for (let depth = 1; depth <= 17; depth++) {
      const input = new StaticArray<i16>(depth);
      const weights = new StaticArray<i8>(depth);
      let sum: i32 = 0;
      for (let i = 0; i < depth; i++) {
        input[i] = <i16>(100 - 13 * i);
        weights[i] = <i8>(i + 1);
        sum += (100 - 13 * i) * (i + 1);
      }
      const operands: Operands = { input, weights, bias: [0] };
      expectInt16(run({ depth }, operands), [<i16>sum], ", depth " + depth.toString());
    }
  });

  test("sums beyond 32 bits are rounded once, narrow ones wrap", () => {
    const input = new StaticArray<i16>(600);
    const weights = new StaticArray<i8>(600);
    input.fill(-32768);
    weights.fill(-128);
    // 600 * 2^22 = 2516582400, times 2^-17 = 19200
    const wide: Operands = { input, weights, bias: [0], multiplier: [WIDE_ONE], shift: [31] };
    expectInt16(run({ depth: 600 }, wide), [19200]);
    // 2516582400 - 2^32 = -1778384896, times 2^-17 = -13568
    const narrow: Operands = { input, weights, bias: [0], multiplier: [ONE], shift: [-16] };
    expectInt16(run({ depth: 600, narrowSums: 1 }, narrow), [-13568]);
  });

  test("halves go up, those of narrow sums away from zero", () => {
    const wide: Operands = { input: [1, -1], weights: [5], bias: [0], shift: [15] };
    expectInt16(run({ batches: 2 }, wide), [3, -2]);
    const narrow: Operands = { input: [2, -2], weights: [5], bias: [0], multiplier: [ONE], shift: [-1] };
    expectInt16(run({ batches: 2, narrowSums: 1 }, narrow), [3, -3]);
  });

  test("a factor for each output", () => {
    const operands: Operands = {
      input: [100],
      weights: [1, 1, 1],
      bias: [0, 0, 0],
      multiplier: [WIDE_ONE, WIDE_ONE, 3 << 13],
      shift: [14, 16, 14],
    };
    expectInt16(run({ outputs: 3, factorStep: 1 }, operands), [100, 25, 150]);
  });

  test("activation bounds and saturation", () => {
    const operands: Operands = { input: [30000, -30000, 5], weights: [2], bias: [0] };
    expectInt16(run({ batches: 3 }, operands), [32767, -32768, 10]);
    expectInt16(run({ batches: 3, activationMin: 0, activationMax: 9 }, operands), [9, 0, 9]);
  });

  test("int8 outputs with a zero point", () => {
    const operands: Operands = { input: [50, -50, 300], weights: [1], bias: [0] };
    const dense: Dense = {
      batches: 3,
      outputBytes: 1,
      outputZeroPoint: 3,
      activationMin: -40,
      activationMax: 127,
    };
    expectOutput(run(dense, operands), [53, -40, 127]);
  });
});
