import { conv2d_long_lanes_s8 } from "../../assembly/kernels/conv2d_long_lanes_s8";
import { compare } from "./convolution";
import { checkExtremes, lanesCases } from "./lanes_cases";

describe("conv2d_long_lanes_s8", () => {
  lanesCases(conv2d_long_lanes_s8, 8 + 12, 70);

  test("terms of several sections: totals beside the lanes", () => {
    const counts: StaticArray<i32> = [71, 72, 96, 127, 128, 129, 136, 191, 192, 200];
    for (let i = 0; i < counts.length; i++) {
      for (let channels = 1; channels <= 4; channels++) {
        compare({
          tile: 2, inputWidth: 5, inputChannels: counts[i], outputWidth: 5, outputChannels: channels,
        });
      }
    }
  });

  test("a window of more terms than a section, with padding", () => {
    compare({
      inputHeight: 3, inputWidth: 3, inputChannels: 9, outputHeight: 3, outputWidth: 3, outputChannels: 5,
      kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1, inputZeroPoint: 127, outputZeroPoint: -128,
    });
  });

  test("lanes at their extremes in every section", () => {
    for (let signs = 0; signs < 8; signs++) {
      checkExtremes(3, signs, 2);
      checkExtremes(3, signs, 3);
    }
  });
});
