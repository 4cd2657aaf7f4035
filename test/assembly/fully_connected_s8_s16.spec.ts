import { fully_connected_s8_s16 } from "../../assembly/kernels/fully_connected_s8_s16";
import { expectInt16, int32, int8, reset, room } from "./workbench";

/** One call with inputs of two values, two outputs, and factors of 2 and 1/4; the output's address. */
function run(input: StaticArray<i8>, weights: StaticArray<i8>, bias: StaticArray<i32>, least: i32): usize {
  const batches: i32 = input.length / 2;
  reset();
  const output: usize = room(batches * 4);
  fully_connected_s8_s16({
    input: int8(input),
    output,
    weights: int8(weights),
    bias: int32(bias),
    multiplier: int32([1 << 14, 1 << 14]),
    shift: int8([13, 16]),
    factorStep: 1,
    batches,
    depth: 2,
    outputs: 2,
    outputZeroPoint: 0,
    activationMin: <i16>least,
    activationMax: 32767,
  });
  return output;
}

describe("fully_connected_s8_s16", () => {
  test("products, bias, batches, and a factor for each output", () => {
    // 2 * (10 - 40 + 5), (-3 + 20 + 1) / 4 up; 2 * (-1280 + 5), (384 + 0 + 1) / 4
    const output: usize = run([1, 2, -128, 0], [10, -20, -3, 10], [5, 1], -32768);
    expectInt16(output, [-50, 5, -2550, 96]);
  });

  test("saturation, bounds, and biases near 2^31", () => {
    expectInt16(run([127, 127], [127, 127, -128, -128], [1000000000, -2147483648], -32768), [32767, -32768]);
    expectInt16(run([1, 0], [-5, 0, 4, 0], [0, 0], 0), [0, 1]);
  });
});
