import { FullyConnectedPerChannelS8Arguments } from "../../assembly/kernels/fully_connected_per_channel_s8";
import { FullyConnectedS8Arguments } from "../../assembly/kernels/fully_connected_s8";
import { filled32, filled8, inBlocks } from "./layout";
import { copyOf, expectOutput, int32, int8, ONE, Random, reset, room, scratch } from "./workbench";

/** A dense layer's numbers; what is left out is one input, one output, and neutral. */
export class Dense {
  batches: i32 = 1;
  depth: i32 = 1;
  outputs: i32 = 1;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

/** A kernel with one factor for all outputs. */
export type DenseKernel = (block: FullyConnectedS8Arguments) => void;

/** A kernel with a factor for each. */
export type PerChannelKernel = (block: FullyConnectedPerChannelS8Arguments) => void;

/** A kernel and what distinguishes it. */
export class Variant {
  kernel: DenseKernel | null = null;
  perChannel: PerChannelKernel | null = null;
  /** For each output. */
  scratchBytes: i32 = 0;
}

/** Which of them a spec is about. Functions of tests can't capture it: there are no closures. */
let subject: Variant | null = null;

class Operands {
  input: StaticArray<i8>;
  /** [outputs, depth] */
  rows: StaticArray<i8>;
  /** A zero point is folded in already. */
  bias: StaticArray<i32>;
  /** Of several factors the kernels with one use the first. */
  multiplier: StaticArray<i32>;
  shift: StaticArray<i8>;
}

/** One call on a fresh workbench; the output's address. */
function run(variant: Variant, d: Dense, o: Operands): usize {
  reset();
  const output: usize = room(d.batches * d.outputs);
  const input: usize = int8(o.input);
  const weights: usize = int8(inBlocks(o.rows, d.outputs));
  const bias: usize = int32(o.bias);
  const batches: i32 = d.batches;
  const depth: i32 = d.depth;
  const outputs: i32 = d.outputs;
  const outputZeroPoint: i8 = <i8>d.outputZeroPoint;
  const activationMin: i8 = <i8>d.activationMin;
  const activationMax: i8 = <i8>d.activationMax;
  const kernel: DenseKernel | null = variant.kernel;
  if (kernel) {
    const multiplier: i32 = o.multiplier[0];
    const shift: i8 = o.shift[0];
    kernel({
      input, output, weights, bias, multiplier, shift, scratch: scratch(variant.scratchBytes * outputs),
      batches, depth, outputs, outputZeroPoint, activationMin, activationMax,
    });
  } else {
    const multiplier: usize = int32(o.multiplier);
    const shift: usize = int8(o.shift);
    variant.perChannel!({
      input, output, weights, bias, multiplier, shift, scratch: scratch(variant.scratchBytes * outputs),
      batches, depth, outputs, outputZeroPoint, activationMin, activationMax,
    });
  }
  return output;
}

/** Each output has the factor multiplier * 2^shift / 2^31. */
export function checkFactors(
  d: Dense,
  input: StaticArray<i8>,
  rows: StaticArray<i8>,
  bias: StaticArray<i32>,
  multiplier: StaticArray<i32>,
  shift: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  expectOutput(run(subject!, d, { input, rows, bias, multiplier, shift }), expected);
}

/** All outputs have the factor multiplier * 2^shift / 2^31, or 1. */
export function check(
  d: Dense,
  input: StaticArray<i8>,
  rows: StaticArray<i8>,
  bias: StaticArray<i32>,
  expected: StaticArray<i8>,
  shift: i8 = 1,
  multiplier: i32 = ONE,
): void {
  const multipliers: StaticArray<i32> = filled32(d.outputs, multiplier);
  checkFactors(d, input, rows, bias, multipliers, filled8(d.outputs, shift), expected);
}

/** On random numbers the outputs are those of `small`. */
function compare(small: Variant, d: Dense, seed: u32 = 1): void {
  const random: Random = { state: seed };
  const operands: Operands = {
    input: random.int8s(d.batches * d.depth),
    rows: random.int8s(d.outputs * d.depth),
    bias: random.int32s(d.outputs, -4096, 4096),
    multiplier: random.int32s(d.outputs, 1 << 30, i32.MAX_VALUE),
    shift: random.int8s(d.outputs, -12, -5),
  };
  const expected: StaticArray<i8> = copyOf(run(small, d, operands), d.batches * d.outputs);
  const label: string = " of depth " + d.depth.toString() + ", " + d.outputs.toString() + " outputs";
  expectOutput(run(subject!, d, operands), expected, label);
}

/** Depths around the chunk of the stationary kernels, with full and with narrower blocks; several rows. */
export function compareAll(small: Variant): void {
  for (let depth = 1; depth <= 70; depth++) {
    for (let outputs = 1; outputs <= 9; outputs++) compare(small, { depth, outputs }, 100 * depth + outputs);
  }
  compare(small, { batches: 3, depth: 64, outputs: 8 });
  compare(small, { batches: 3, depth: 97, outputs: 7 });
  compare(small, {
    batches: 4, depth: 33, outputs: 6, outputZeroPoint: -5, activationMin: -5, activationMax: 40,
  });
}

/** Cases for every kernel of dense layers. */
export function denseCases(variant: Variant): void {
  subject = variant;

  test("three inputs to two outputs", () => {
    // 1*1 + 2*2 + 3*3 + 10 = 24;  1*-1 + 2*0 + 3*1 - 10 = -8
    check({ depth: 3, outputs: 2 }, [1, 2, 3], [1, 2, 3, -1, 0, 1], [10, -10], [24, -8]);
  });

  test("depth 9", () => {
    // 1 + 4 + ... + 81 = 285, minus 200 = 85
    check({ depth: 9 }, [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], [-200], [85]);
  });

  test("depth 33, five outputs: a chunk and a rest, a block of four and one of one", () => {
    // 33 inputs of 1, the last one 2: rows of n have n * 34
    const input: StaticArray<i8> = filled8(33, 1);
    input[32] = 2;
    const rows = new StaticArray<i8>(5 * 33);
    for (let i = 0; i < rows.length; i++) rows[i] = <i8>(i / 33 + 1);
    check({ depth: 33, outputs: 5 }, input, rows, [0, 1, 2, 3, -100], [34, 69, 104, 127, 70]);
  });

  test("two rows of inputs", () => {
    // 1*1 + 2*10, 1*2 - 2*1; 3*1 + 4*10, 3*2 - 4*1
    check({ batches: 2, depth: 2, outputs: 2 }, [1, 2, 3, 4], [1, 10, 2, -1], [0, 0], [21, 0, 43, 2]);
    // The first output only
    check({ batches: 2, depth: 2 }, [1, 2, 3, 4], [1, 10], [0], [21, 43]);
  });

  test("an input zero point arrives folded into the bias", () => {
    // (7 - 5)*3 + (9 - 5)*4 = 22; folded: 7*3 + 9*4 - 5*(3 + 4)
    check({ depth: 2 }, [7, 9], [3, 4], [-35], [22]);
  });

  test("factors 1/2 and 1/4, halves up in the first rounding and away from zero in the second", () => {
    check({ outputs: 2 }, [1], [3, -3], [0, 0], [2, -1], 0); // 1.5, -1.5
    check({ outputs: 2 }, [1], [6, -6], [0, 0], [2, -2], -1); // 1.5, -1.5
  });

  test("a multiplier of zero leaves the zero point", () => {
    check({ outputZeroPoint: -7 }, [100], [100], [12345], [-7], 0, 0);
  });

  test("zero points at both ends", () => {
    check({ outputs: 2, outputZeroPoint: -128 }, [1], [100, -1], [0, 0], [-28, -128]);
    check({ outputs: 2, outputZeroPoint: 127 }, [1], [1, -100], [0, 0], [127, 27]);
  });

  test("saturation and activation bounds", () => {
    check({ outputs: 2 }, [100], [2, -2], [0, 0], [127, -128]);
    check(
      { outputs: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [3],
      [1, 4, -4], // 3 + 4 = 7, 12 + 4 = 16, -12 + 4 = -8
      [0, 0, 0],
      [7, 10, 4],
    );
  });

  if (variant.scratchBytes == 0) {
    // The fast kernels are not called where this could happen (host/ops/lanes.ts).
    test("the accumulator wraps at 32 bits, as the reference's does", () => {
      // 2^31 - 1 + 1 is -2^31, times 2^-24 is -128; -2^31 - 1 is 2^31 - 1, times 2^-25 is 64
      check({}, [1], [1], [i32.MAX_VALUE], [-128], -23);
      check({}, [1], [-1], [i32.MIN_VALUE], [64], -24);
    });
  }

  if (variant.kernel) return;

  test("each output has its own factor: 1, 1/2, 3/4 and 0", () => {
    // 2*1 + 4*2 + bias 2 = 12 for all; 3 * 2^29 is three quarters of 2^31
    checkFactors(
      { depth: 2, outputs: 4 },
      [2, 4],
      [1, 2, 1, 2, 1, 2, 1, 2],
      [2, 2, 2, 2],
      [ONE, ONE, 3 << 29, 0],
      [1, 0, 0, 0],
      [12, 6, 9, 0],
    );
  });

  test("two rows start with the first factor again", () => {
    // 3*1, 3*2/2; 5*1, 5*2/2
    checkFactors({ batches: 2, outputs: 2 }, [3, 5], [1, 2], [0, 0], [ONE, ONE], [1, 0], [3, 3, 5, 5]);
  });
}
