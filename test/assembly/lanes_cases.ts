/** Cases of both kernels with lanes: random numbers against conv2d_s8, and sums at the bound of a lane. */
import { check, compare, ConvolutionKernel } from "./convolution";
import { convolutionCases } from "./convolution_cases";
import { filled8 } from "./layout";

/** Functions of tests can't capture it: there are no closures. */
let mostTerms: i32 = 0;

/** The sizes of these 64 weights add up to 2^13 - 1, the most that a lane holds. */
function greatestWeights(): StaticArray<i8> {
  const row: StaticArray<i8> = filled8(64, -128);
  row[63] = -127;
  return row;
}

/** A pixel of `sections` * 64 inputs of -128; in each channel the greatest sum that a section can have. */
export function checkExtremes(channels: i32, signs: i32, sections: i32): void {
  const terms: i32 = 64 * sections;
  const rows = new StaticArray<i8>(channels * terms);
  const bias = new StaticArray<i32>(channels);
  const expected = new StaticArray<i8>(channels);
  const greatest: StaticArray<i8> = greatestWeights();
  for (let channel = 0; channel < channels; channel++) {
    const negative: bool = ((signs >> channel) & 1) == 1;
    // The bias brings the sum back to a number that tells any error: -128 * -8191, -128 * 127 * 64.
    bias[channel] = sections * (negative ? 128 * 127 * 64 : -128 * 8191) + channel - 3;
    expected[channel] = <i8>(channel - 3);
    for (let i = 0; i < terms; i++) rows[channel * terms + i] = negative ? 127 : greatest[i & 63];
  }
  check(
    { inputChannels: terms, outputChannels: channels },
    filled8(terms, -128),
    rows,
    bias,
    filled8(channels, 1),
    expected,
  );
}

/** For a kernel of up to `terms` terms, with `lanes` bytes of scratch for each pixel. */
export function lanesCases(kernel: ConvolutionKernel, lanes: i32, terms: i32): void {
  mostTerms = terms;
  convolutionCases(kernel, lanes);

  test("every number of terms and channels up to 7, gathered or read in place", () => {
    for (let terms = 1; terms <= mostTerms; terms++) {
      for (let channels = 1; channels <= 7; channels++) {
        const seed: u32 = 100 * terms + channels;
        compare({ inputWidth: 3, inputChannels: terms, outputWidth: 3, outputChannels: channels }, seed);
      }
    }
  });

  test("every tile, smaller and larger than the pixels", () => {
    for (let tile = 1; tile <= 8; tile++) {
      compare({ tile, inputWidth: 7, inputChannels: 8, outputWidth: 7, outputChannels: 4 });
      compare({ tile, inputWidth: 7, inputChannels: mostTerms, outputWidth: 7, outputChannels: 4 });
    }
  });

  test("in place, with terms that could be read where they lie and others", () => {
    for (let tile = 1; tile <= 6; tile++) {
      for (let channels = 1; channels <= 8; channels++) {
        compare({
          tile, inPlace: true, inputWidth: 5, inputChannels: 8, outputWidth: 5, outputChannels: channels,
        });
        compare({
          tile, inPlace: true, inputWidth: 5, inputChannels: mostTerms - 3, outputWidth: 5,
          outputChannels: channels,
        });
      }
    }
  });

  test("windows with strides, dilation, padding and two images", () => {
    for (let inputs = 1; inputs <= 9; inputs++) {
      for (let channels = 1; channels <= 5; channels++) {
        compare({
          tile: 3, batches: 2, inputHeight: 5, inputWidth: 4, inputChannels: inputs, outputHeight: 3,
          outputWidth: 4, outputChannels: channels, kernelHeight: 3, kernelWidth: 2,
          strideHeight: 2, dilationWidth: 3, padTop: 1, padLeft: 2, inputZeroPoint: -7, outputZeroPoint: 9,
        });
      }
    }
  });

  test("activation bounds: the zero point at the lower one, at the upper one, and between", () => {
    for (let zeroPoint = -20; zeroPoint <= 20; zeroPoint += 20) {
      compare({
        inputWidth: 9, inputChannels: 11, outputWidth: 9, outputChannels: 3, outputZeroPoint: zeroPoint,
        activationMin: -20, activationMax: 20,
      });
    }
  });

  test("lanes at their extremes, whatever their neighbours have", () => {
    for (let signs = 0; signs < 8; signs++) checkExtremes(3, signs, 1);
    for (let signs = 0; signs < 32; signs++) checkExtremes(5, signs, 1);
  });

  test("the greatest sums of the other sign: inputs of 127", () => {
    // 127 * -8191 and 127 * 8128, and what the bias leaves of them
    const rows = new StaticArray<i8>(128);
    const greatest: StaticArray<i8> = greatestWeights();
    for (let i = 0; i < 64; i++) {
      rows[i] = greatest[i];
      rows[64 + i] = 127;
    }
    check(
      { inputChannels: 64, outputChannels: 2 },
      filled8(64, 127),
      rows,
      [127 * 8191 - 1, 1 - 127 * 8128],
      [1, 1],
      [-1, 1],
    );
  });

  test("a positive shift", () => {
    // 3 * 2^3 = 24 and -3 * 2^4 = -48, beside 100 * 2^9, which saturates
    check({ outputChannels: 3 }, [1], [3, -3, 100], [0, 0, 0], [4, 5, 10], [24, -48, 127]);
  });
}
