/** Hand-computed cases for every kernel with the contract of conv2d_s8. */
import { check, ConvolutionKernel, specify } from "./convolution";
import { filled8 } from "./layout";

export function convolutionCases(kernel: ConvolutionKernel, lanes: i32): void {
  specify(kernel, lanes);

  test("1x1 window: two pixels of two channels to two channels", () => {
    // 1*1 + 2*10 + 5 = 26    -1*1 + 2*2 - 5 = -2
    // 3*1 + 4*10 + 5 = 48    -1*3 + 2*4 - 5 = 0
    check(
      { inputWidth: 2, inputChannels: 2, outputWidth: 2, outputChannels: 2 },
      [1, 2, 3, 4],
      [1, 10, -1, 2],
      [5, -5],
      [1, 1],
      [26, -2, 48, 0],
    );
  });

  test("2x2 window in a 3x3 image without padding", () => {
    // 1*1 + 2*2 + 4*3 + 5*4 = 37, and so on, one pixel further each
    check(
      { inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 2, 3, 4],
      [0],
      [1],
      [37, 47, 67, 77],
    );
  });

  test("3x3 window of ones with a border of padding", () => {
    // The corner sees 1 + 2 + 4 + 5 = 12, the middle everything, 45.
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 3, outputWidth: 3, kernelHeight: 3, kernelWidth: 3,
        padTop: 1, padLeft: 1,
      },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
      [0],
      [1],
      [12, 21, 16, 27, 45, 33, 24, 39, 28],
    );
  });

  test("padding counts as the zero point, not as 0", () => {
    // As above, each value one less: 4 pixels in a corner's window, 6 at an edge, 9 in the middle.
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 3, outputWidth: 3, kernelHeight: 3, kernelWidth: 3,
        padTop: 1, padLeft: 1, inputZeroPoint: 1,
      },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
      [0],
      [1],
      [8, 15, 12, 21, 36, 27, 20, 33, 24],
    );
  });

  test("padding on the top and left only, wider than the window", () => {
    // Rows and columns 0 and 1 lie in the padding and give the bias.
    check(
      { inputHeight: 1, inputWidth: 1, outputHeight: 3, outputWidth: 3, padTop: 2, padLeft: 2 },
      [5],
      [3],
      [7],
      [1],
      [7, 7, 7, 7, 7, 7, 7, 7, 22],
    );
  });

  test("strides of 2 rows and 3 columns", () => {
    // 1  .  .  4 / . / 9  .  .  12
    check(
      { inputHeight: 3, inputWidth: 4, outputHeight: 2, outputWidth: 2, strideHeight: 2, strideWidth: 3 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [1],
      [0],
      [1],
      [1, 4, 9, 12],
    );
  });

  test("dilations of 2 rows and 3 columns", () => {
    // The corners: 1*1 + 4*2 + 9*3 + 12*4 = 84
    check(
      { inputHeight: 3, inputWidth: 4, kernelHeight: 2, kernelWidth: 2, dilationHeight: 2, dilationWidth: 3 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [1, 2, 3, 4],
      [0],
      [1],
      [84],
    );
  });

  test("dilation with padding: taps outside count as the zero point", () => {
    // One row 1 2 3, taps two apart with weights 1 and 10, one column of padding on the left:
    // output 0 sees columns -1 and 1: 2*10 = 20; output 1 sees 0 and 2: 1*1 + 3*10 = 31;
    // output 2 sees 1 and 3: 2*1 = 2.
    check(
      { inputWidth: 3, outputWidth: 3, kernelWidth: 2, dilationWidth: 2, padLeft: 1 },
      [1, 2, 3],
      [1, 10],
      [0],
      [1],
      [20, 31, 2],
    );
  });

  test("nine terms: more than a small chunk", () => {
    // 1 + 4 + 9 + ... + 81 = 285, minus 200
    check(
      { inputChannels: 9 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [-200],
      [1],
      [85],
    );
  });

  test("seven terms, two outputs", () => {
    // 1 + 2 + ... + 7 = 28; 1 - 2 + 3 - 4 + 5 - 6 + 7 = 4
    check(
      { inputChannels: 7, outputChannels: 2 },
      [1, 2, 3, 4, 5, 6, 7],
      [1, 1, 1, 1, 1, 1, 1, 1, -1, 1, -1, 1, -1, 1],
      [0, 0],
      [1, 1],
      [28, 4],
    );
  });

  test("a row of the window in the padding", () => {
    // Rows 1 2 and 3 4 below a row of padding: 1*3 + 2*4 = 11, then 1*1 + 2*2 + 3*3 + 4*4 = 30
    check(
      { inputHeight: 2, inputWidth: 2, outputHeight: 2, kernelHeight: 2, kernelWidth: 2, padTop: 1 },
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [0],
      [1],
      [11, 30],
    );
  });

  test("each channel has its own factor: 1, 1/2, 1/4 and 2", () => {
    check({ outputChannels: 4 }, [8], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, -1, 2], [8, 4, 2, 16]);
  });

  test("input zero point -128, output zero point -128", () => {
    // (127 + 128) / 2 = 127.5 goes to 128, minus 128
    check({ inputZeroPoint: -128, outputZeroPoint: -128 }, [127], [1], [0], [0], [0]);
  });

  test("input zero point 127, output zero point 127", () => {
    // (-128 - 127) / 2 = -127.5 goes up to -127, plus 127
    check({ inputZeroPoint: 127, outputZeroPoint: 127 }, [-128], [1], [0], [0], [0]);
  });

  test("results beyond int8 saturate", () => {
    // 100 * 2 = 200 and 100 * -2 = -200
    check({ outputChannels: 2 }, [100], [2, -2], [0, 0], [1, 1], [127, -128]);
  });

  test("activation bounds, after the zero point is added", () => {
    // 3*1 + 4 = 7, 3*4 + 4 = 16 to 10, 3*-4 + 4 = -8 to 4: RELU around a zero point of 4
    check(
      { outputChannels: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [3],
      [1, 4, -4],
      [0, 0, 0],
      [1, 1, 1],
      [7, 10, 4],
    );
  });

  test("two images, each with its own window", () => {
    // 1 + 2, 2 + 3; 10 + 20, 20 + 30
    check(
      { batches: 2, inputWidth: 3, outputWidth: 2, kernelWidth: 2 },
      [1, 2, 3, 10, 20, 30],
      [1, 1],
      [0],
      [1],
      [3, 5, 30, 50],
    );
  });

  test("the greatest products: 16 times 255 * -128 with the greatest bias", () => {
    // 16 * 255 * -128 = -522240, plus 522241 = 1
    check(
      { inputChannels: 16, inputZeroPoint: -128 },
      filled8(16, 127),
      filled8(16, -128),
      [522241],
      [1],
      [1],
    );
  });

  test("five channels of two terms: a block of four and one of one", () => {
    // 2 * (1, 2, 3, 4, 5) + 3 * (10, 9, 8, 7, 6)
    check(
      { inputChannels: 2, outputChannels: 5 },
      [2, 3],
      [1, 10, 2, 9, 3, 8, 4, 7, 5, 6],
      [0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1],
      [32, 31, 30, 29, 28],
    );
  });

  test("halves: up in the first rounding, away from zero in the second", () => {
    // 3/2, -3/2; 6/4, -6/4; 20/8, -20/8
    check(
      { outputChannels: 6 },
      [1],
      [3, -3, 6, -6, 20, -20],
      [0, 0, 0, 0, 0, 0],
      [0, 0, -1, -1, -2, -2],
      [2, -1, 2, -2, 3, -3],
    );
    // Just beside the halves: 5/4, -5/4; 7/4, -7/4. 11/8 is 6/4 after the first rounding, and so 2.
    check(
      { outputChannels: 6 },
      [1],
      [5, -5, 7, -7, 11, -11],
      [0, 0, 0, 0, 0, 0],
      [-1, -1, -1, -1, -2, -2],
      [2, -1, 2, -2, 2, -1],
    );
  });

  test("the least shift that any layer of lanes may have: sums of half a step, and of less", () => {
    // 2^24 * 2^-25 = 1/2, and two less; the sum is the bias alone.
    check(
      { outputChannels: 4 },
      [0],
      [1, 1, 1, 1],
      [1 << 24, -(1 << 24), (1 << 24) - 2, 2 - (1 << 24)],
      [-24, -24, -24, -24],
      [1, -1, 0, 0],
    );
  });

  test("fewer pixels than a tile, and a tile that the pixels do not fill", () => {
    check({ tile: 9, inputWidth: 3, outputWidth: 3 }, [1, 2, 3], [2], [1], [1], [3, 5, 7]);
    check({ tile: 2, inputWidth: 3, outputWidth: 3 }, [1, 2, 3], [2], [1], [1], [3, 5, 7]);
    check({ tile: 1, inputWidth: 3, outputWidth: 3 }, [1, 2, 3], [2], [1], [1], [3, 5, 7]);
  });

  test("in place: as many outputs as inputs, and fewer", () => {
    // (1, 2), (3, 4), (5, 6): the sum and the difference, then the sum alone
    const pixels: StaticArray<i8> = [1, 2, 3, 4, 5, 6];
    check(
      { tile: 2, inPlace: true, inputWidth: 3, inputChannels: 2, outputWidth: 3, outputChannels: 2 },
      pixels,
      [1, 1, 1, -1],
      [0, 0],
      [1, 1],
      [3, -1, 7, -1, 11, -1],
    );
    check(
      { tile: 2, inPlace: true, inputWidth: 3, inputChannels: 2, outputWidth: 3 },
      pixels,
      [1, 1],
      [0],
      [1],
      [3, 7, 11],
    );
  });
}
