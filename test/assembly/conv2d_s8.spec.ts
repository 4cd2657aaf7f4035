import { conv2d_s8 } from "../../assembly/kernels/conv2d_s8";
import { check } from "./convolution";
import { convolutionCases } from "./convolution_cases";
import { inBlocks } from "./layout";

describe("conv2d_s8", () => {
  convolutionCases(conv2d_s8, 0);

  test("two groups of two inputs and two outputs", () => {
    // Outputs 0 and 1 see (1, 2): 1 + 2 = 3, 1 - 2 = -1.
    // Outputs 2 and 3 see (3, 4): 2*3 + 4 = 10, -3 + 5*4 = 17.
    check(
      { inputChannels: 4, outputChannels: 4, groups: 2 },
      [1, 2, 3, 4],
      [1, 1, 1, -1, 2, 1, -1, 5],
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [3, -1, 10, 17],
    );
  });

  test("two groups of five channels: blocks of four, one, four, one", () => {
    // 2 * (1 .. 5), 3 * (6 .. 10)
    check(
      { inputChannels: 2, outputChannels: 10, groups: 2 },
      [2, 3],
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      [2, 4, 6, 8, 10, 18, 21, 24, 27, 30],
    );
  });

  test("weights lie in blocks of four channels, group by group", () => {
    const rows: StaticArray<i8> = [1, 10, 2, 20, 3, 30, 4, 40, 5, 50];
    const blocks: StaticArray<i8> = [1, 2, 3, 4, 10, 20, 30, 40, 5, 50];
    expect(inBlocks(rows, 5)).toStrictEqual(blocks);
    const inGroups: StaticArray<i8> = [1, 2, 10, 20, 3, 4, 30, 40];
    expect(inBlocks([1, 10, 2, 20, 3, 30, 4, 40], 4, 2)).toStrictEqual(inGroups);
  });
});
