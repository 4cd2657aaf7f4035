import { fully_connected_w16_s16 } from "../../assembly/kernels/fully_connected_w16_s16";
import { expectInt16, expectOutput, int16, int32, int8, reset, room } from "./workbench";

/** One call with inputs of two values, two outputs, and factors of 1/2 and 2^-16; the output's address. */
function run(
  input: StaticArray<i16>,
  weights: StaticArray<i16>,
  bias: StaticArray<i32>,
  outputBytes: i32,
): usize {
  const batches: i32 = input.length / 2;
  const isShort: bool = outputBytes == 1;
  reset();
  const output: usize = room(batches * 2 * outputBytes);
  fully_connected_w16_s16({
    input: int16(input),
    output,
    weights: int16(weights),
    bias: int32(bias),
    multiplier: int32([1 << 14, 1 << 14]),
    shift: int8([15, 30]),
    factorStep: 1,
    batches,
    depth: 2,
    outputs: 2,
    outputBytes: <i8>outputBytes,
    outputZeroPoint: <i16>(isShort ? -3 : 0),
    activationMin: <i16>(isShort ? -128 : -32768),
    activationMax: <i16>(isShort ? 100 : 32767),
  });
  return output;
}

describe("fully_connected_w16_s16", () => {
  test("products, bias, batches, and a factor for each output", () => {
    // (100 + 20 * 2 + 6) / 2, (-32768 * 32767 + 0) / 2^16; (-100 + 6) / 2, (100 * -32768 + 1) / 2^16 = -49.99
    const output: usize = run([1, 20, -1, 0], [100, 2, -32768, 0], [6, 65536], 2);
    expectInt16(output, [73, 1, -47, 2]);
  });

  test("two greatest products need more than 32 bits", () => {
    // (2^30 + 2^30) / 2^16
    expectInt16(run([-32768, -32768], [0, 0, -32768, -32768], [0, 0], 2), [0, 32767]);
    expectInt16(run([-32768, -32768], [0, 0, 32767, -32768], [0, 0], 2), [0, 1]);
  });

  test("one factor for all outputs", () => {
    reset();
    const output: usize = room(4);
    const factor: usize = int32([1 << 14]);
    const operands: StaticArray<i16> = [7];
    const weights: usize = int16([3, -3]);
    const bias: usize = int32([0, 0]);
    const shift: usize = int8([14]);
    const x: usize = int16(operands);
    fully_connected_w16_s16({
      input: x,
      output,
      weights,
      bias,
      multiplier: factor,
      shift,
      factorStep: 0,
      batches: 1,
      depth: 1,
      outputs: 2,
      outputBytes: 2,
      outputZeroPoint: 0,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [21, -21]);
  });

  test("int8 outputs with zero point and bounds", () => {
    // 100 / 2 - 3, 0 - 3; 500 / 2 to 100
    expectOutput(run([1, 0, 5, 0], [100, 0, 0, 0], [0, 0], 1), [47, -3, 100, -3]);
  });
});
