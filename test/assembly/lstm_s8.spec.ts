import { lstm_s8 } from "../../assembly/kernels/lstm_s8";
import { copyOf, expectOutput, int32, int8, ONE, reset, scratch } from "./workbench";

/** A table that rises by 64: the logistic function of x is 2^14 + x / 16 then, the tangent x / 4. */
function straight(): StaticArray<i8> {
  const table = new StaticArray<i8>(512);
  for (let i = 0; i < 256; i++) {
    const value: i32 = 32768 + 64 * i;
    table[2 * i] = <i8>value;
    table[2 * i + 1] = <i8>(value >> 8);
  }
  return table;
}

/** One unit whose cell gate alone has a weight; returns the hidden state and the cell. */
function check(
  inputs: StaticArray<i8>,
  recurrent: i8,
  cellClip: i32,
  expected: StaticArray<i8>,
): StaticArray<i8> {
  reset();
  const states: usize = scratch(10);
  memory.fill(states, 0, 10);
  store<i8>(states, 1);
  store<i16>(states + 8, 10);
  const output: usize = int8(new StaticArray<i8>(inputs.length));
  lstm_s8({
    input: int8(inputs),
    output,
    weights: int8([0, 0, 8, 0]),
    recurrent: int8([0, 0, recurrent, 0]),
    bias: int32([0, 0, 0, 0]),
    factors: int32([ONE, 1, ONE, 1, ONE, 1, ONE, 1, ONE, 1, ONE, 1, ONE, 1, ONE, 1]),
    hidden: states,
    cell: states + 8,
    table: int8(straight()),
    steps: inputs.length,
    inputs: 1,
    units: 1,
    inputZeroPoint: 0,
    hiddenZeroPoint: 1,
    forgetMultiplier: ONE,
    forgetShift: -13,
    inputMultiplier: ONE,
    inputShift: -13,
    outputMultiplier: ONE,
    outputShift: -13,
    tanhMultiplier: 3,
    tanhShift: 0,
    cellClip,
  });
  expectOutput(output, expected);
  return copyOf(states, 10);
}

describe("lstm_s8", () => {
  test("one step: what is kept and what is added", () => {
    const states = check([4], 0, 32768, [27]);
    expect<i8>(states[0]).toBe(27, "the hidden state is the output");
    expect<i8>(states[8]).toBe(34, "the cell");
  });

  test("the second step starts from the first", () => {
    check([4, 0], 0, 32768, [27, 27]);
  });

  test("the hidden state goes into the gates", () => {
    check([4, 0], 4, 32768, [27, 85]);
  });

  test("the cell is clipped", () => {
    const states = check([4], 0, 20, [16]);
    expect<i8>(states[8]).toBe(20, "the cell");
  });
});
