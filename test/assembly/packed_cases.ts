/** Cases of both kernels of four bits: random numbers against conv2d_s8, and sums at the bounds of a lane. */
import { check, compare, ConvolutionKernel, specify } from "./convolution";
import { filled8 } from "./layout";

/** With `lanes` bytes of scratch for each pixel. */
export function packedCases(kernel: ConvolutionKernel, lanes: i32): void {
  specify(kernel, lanes, true);

  test("two terms, two channels by hand", () => {
    // 3 * 7 - 2 * 8 = 5, -3 + 2 * 4 = 5 less 1
    check({ inputChannels: 2, outputChannels: 2 }, [3, 2], [7, -8, -1, 4], [0, -1], [1, 1], [5, 4]);
  });

  test("terms and channels around sixteen: those of a lane, and of a word", () => {
    for (let terms = 1; terms <= 49; terms += terms < 15 || terms > 33 ? 7 : 1) {
      for (let channels = 1; channels <= 33; channels += channels < 15 ? 7 : 1) {
        const seed: u32 = 100 * terms + channels;
        compare({ inputWidth: 2, inputChannels: terms, outputWidth: 2, outputChannels: channels }, seed);
      }
    }
  });

  test("lanes at their extremes, whatever their neighbours have", () => {
    const channels: i32 = 16;
    for (let value = -128; value <= 127; value += 255) {
      const rows = new StaticArray<i8>(channels * 32);
      const bias = new StaticArray<i32>(channels);
      const expected = new StaticArray<i8>(channels);
      for (let channel = 0; channel < channels; channel++) {
        const weight: i32 = (channel * 7) % 3 == 0 ? -8 : 7;
        for (let i = 0; i < 32; i++) rows[channel * 32 + i] = <i8>weight;
        bias[channel] = -32 * value * weight + channel - 3;
        expected[channel] = <i8>(channel - 3);
      }
      const input: StaticArray<i8> = filled8(32, <i8>value);
      const shift: StaticArray<i8> = filled8(channels, 1);
      check({ inputChannels: 32, outputChannels: channels }, input, rows, bias, shift, expected);
    }
  });

  test("windows with strides, dilation, padding and two images", () => {
    for (let inputs = 1; inputs <= 9; inputs += 4) {
      for (let channels = 1; channels <= 17; channels += 8) {
        compare({
          tile: 3, batches: 2, inputHeight: 5, inputWidth: 4, inputChannels: inputs, outputHeight: 3,
          outputWidth: 4, outputChannels: channels, kernelHeight: 3, kernelWidth: 2,
          strideHeight: 2, dilationWidth: 3, padTop: 1, padLeft: 2, inputZeroPoint: -7, outputZeroPoint: 9,
        });
      }
    }
  });

  test("in place, activation bounds and a positive shift", () => {
    compare({ inPlace: true, inputWidth: 5, inputChannels: 20, outputWidth: 5, outputChannels: 17 });
    compare({
      inputWidth: 9, inputChannels: 11, outputWidth: 9, outputChannels: 3, outputZeroPoint: -20,
      activationMin: -20, activationMax: 20,
    });
    // 3 * 2^3 = 24 and -3 * 2^4 = -48, beside 7 * 2^9, which saturates
    check({ outputChannels: 3 }, [1], [3, -3, 7], [0, 0, 0], [4, 5, 10], [24, -48, 127]);
  });
}
