import { layer_norm } from "../../assembly/kernels/layer_norm";
import { expectInt16, expectOutput, int16, int32, int8, reset, room } from "./workbench";

describe("layer_norm", () => {
  test("int8 rows of two channels, each with its factor and addend", () => {
    reset();
    const output: usize = room(4);
    layer_norm({
      input: int8([3, 7, -128, 127]),
      output,
      // 10 and -20 steps of the output, with 6 fraction bits
      factors: int32([10 << 6, -20 << 6]),
      addends: int32([0, 5 << 8]),
      rows: 2,
      depth: 2,
      inner: 1,
      channels: 2,
      epsilon: 0,
      zeroPoint: 0,
      outputZeroPoint: 1,
      epsilonShift: 0,
      // 18 + 6 - 8
      shift: 16,
      inputBytes: 1,
      outputBytes: 1,
      center: 1,
    });
    // -1 * 10 + 1 and 1 * -20 + 5 + 1
    expectOutput(output, [-9, -14, -9, -14]);
  });

  test("root mean square, int16 out, epsilon, rows of zeros", () => {
    reset();
    const output: usize = room(8);
    layer_norm({
      input: int8([3, 4, 0, 0]),
      output,
      factors: int32([1000 << 6]),
      addends: int32([0]),
      rows: 2,
      depth: 2,
      inner: 2,
      channels: 1,
      // 4 times 11.5: with the mean square of 12.5, 24
      epsilon: 23,
      zeroPoint: 0,
      outputZeroPoint: 0,
      epsilonShift: 1,
      shift: 16,
      inputBytes: 1,
      outputBytes: 2,
      center: 0,
    });
    // 3000 and 4000 over the root of 24
    expectInt16(output, [612, 816, 0, 0]);
  });

  test("int16, one value far from the others", () => {
    reset();
    const values: usize = int16([32767, 32767, 32767, 5]);
    const output: usize = room(8);
    layer_norm({
      input: values,
      output,
      factors: int32([1 << 23]),
      addends: int32([-3 << 8]),
      rows: 1,
      depth: 4,
      inner: 4,
      channels: 1,
      epsilon: 0,
      zeroPoint: 0,
      outputZeroPoint: 0,
      epsilonShift: 0,
      shift: 20,
      inputBytes: 2,
      outputBytes: 2,
      center: 1,
    });
    // 1 / sqrt(3) and -sqrt(3), times 2^13
    expectInt16(output, [4727, 4727, 4727, -14192]);
  });
});
