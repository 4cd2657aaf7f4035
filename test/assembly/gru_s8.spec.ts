import { gru_s8 } from "../../assembly/kernels/gru_s8";
import { expectOutput, int16, int32, int8, ONE, reset, scratch } from "./workbench";

/** A table that rises by 64: the logistic function of x is 2^14 + 3x / 16 then, the tangent 3x / 4. */
function straight(): StaticArray<i8> {
  const table = new StaticArray<i8>(512);
  for (let i = 0; i < 256; i++) {
    const value: i32 = 32768 + 64 * i;
    table[2 * i] = <i8>value;
    table[2 * i + 1] = <i8>(value >> 8);
  }
  return table;
}

/** One unit whose candidate alone has weights: both gates are one half. */
function check(
  inputs: StaticArray<i8>,
  recurrent: i8,
  recurrentBias: i32,
  start: i16,
  resetAfter: i32,
  outputShift: i32,
  expected: StaticArray<i8>,
): void {
  reset();
  const output: usize = int8(new StaticArray<i8>(inputs.length));
  gru_s8({
    input: int8(inputs),
    output,
    weights: int8([0, 0, 8]),
    recurrent: int8([0, 0, recurrent]),
    bias: int32([0, 0, 0]),
    recurrentBias: int32([recurrentBias]),
    factors: int32([ONE, 1, ONE, 1, ONE, 1, ONE, 1, ONE, 1, ONE, 1]),
    start: int16([start]),
    hidden: int8([1]),
    state: scratch(4),
    table: int8(straight()),
    steps: inputs.length,
    inputs: 1,
    units: 1,
    inputZeroPoint: 0,
    outputZeroPoint: 1,
    outputMultiplier: ONE,
    outputShift: <i8>outputShift,
    resetAfter: <i8>resetAfter,
  });
  expectOutput(output, expected);
}

describe("gru_s8", () => {
  test("half of the candidate, then half of the state", () => {
    check([4, 0], 0, 0, 0, 1, 1, [13, 7]);
  });

  test("the reset gate scales the product of the state", () => {
    check([4, 0], 4, 0, 0, 1, 1, [13, 16]);
  });

  test("and its bias", () => {
    check([4], 0, 20, 0, 1, 1, [17]);
  });

  test("the reset gate scales the state before the product", () => {
    check([4], 4, 0, 1024, 0, -3, [46]);
  });
});
