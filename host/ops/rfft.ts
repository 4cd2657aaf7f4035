import { ModelError } from "../ir/graph.ts";
import { inverseRealTransform, realTransform, realTwiddles, twiddles } from "./kiss_fft.ts";
import type { Lowering } from "./lowering.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require, rowsOf, withLast } from "./signal.ts";

const LEAST = 8;
const MOST = 8192;

function checkLength(node: string, length: number): void {
  const isPower = Number.isInteger(Math.log2(length));
  if (!isPower || length < LEAST || length > MOST)
    throw new ModelError(
      `node ${node}: fft_length: expected a power of two of ${LEAST} to ${MOST}, found ${length}`,
    );
}

type Transform = Bound<{ readonly fftLength: number }>;

/** The statements that both directions share. */
const SHARED = {
  arity: [1, 1],
  attributes: { fftLength: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16"], ["int16"]),
  macs: ({ attributes: { fftLength: n }, inputs }: Transform) =>
    rowsOf(inputs[0]!).rows * 2 * n * Math.log2(n),
} as const;

/** One call for each row; the inverse has all frequencies there, and so no length of its input. */
function lowerRows({ attributes, inputs, outputs }: Transform, to: Lowering, inverse: boolean): void {
  const [input, output] = [inputs[0]!, outputs[0]!];
  const { rows, length } = rowsOf(input);
  const fftLength = attributes.fftLength;
  const stage = twiddles(fftLength / 2, inverse);
  const real = realTwiddles(fftLength / 2, inverse);
  for (let row = 0; row < rows; row++)
    to.call(inverse ? "irfft_s16" : "rfft_s16", {
      input: to.at(input, 2 * row * length),
      output: to.at(output, 2 * row * rowsOf(output).length),
      twiddles: to.constant("twiddles", stage),
      realTwiddles: to.constant("real_twiddles", real),
      scratch: to.scratch(2 * fftLength),
      ...(!inverse && { inputLength: length }),
      fftLength,
    });
}

/**
 * Frequencies of real samples in 16 bits: [..., n] to [..., fftLength + 2], complex, zeros behind the samples
 * (TensorFlow Lite Micro, RfftInt16).
 */
export const rfft = defineOperator({
  name: "rfft",
  summary: "Fourier transform of real samples, in int16",
  ...SHARED,

  infer({ name, attributes, inputs }) {
    const input = inputs[0]!;
    checkLength(name, attributes.fftLength);
    const { length } = rowsOf(input);
    require(name, length <= attributes.fftLength, `at most ${attributes.fftLength} samples`, length);
    return [withLast(input.shape, attributes.fftLength + 2)];
  },

  evaluate({ attributes, inputs }, values) {
    const { rows, length } = rowsOf(inputs[0]!);
    const n = attributes.fftLength;
    const output = new Int16Array(rows * (n + 2));
    for (let row = 0; row < rows; row++) {
      const padded = new Int16Array(n);
      padded.set(values[0]!.subarray(row * length, (row + 1) * length));
      output.set(realTransform(padded), row * (n + 2));
    }
    return [output];
  },

  lower: (node, to) => lowerRows(node, to, false),
});

/** Real samples of frequencies: [..., fftLength + 2] to [..., fftLength] (TensorFlow Lite Micro, IrfftInt16). */
export const irfft = defineOperator({
  name: "irfft",
  summary: "inverse of the Fourier transform of real samples, in int16",
  ...SHARED,

  infer({ name, attributes, inputs }) {
    const input = inputs[0]!;
    checkLength(name, attributes.fftLength);
    const { length } = rowsOf(input);
    const expected = attributes.fftLength + 2;
    require(name, length === expected, `${expected} numbers of ${expected / 2} frequencies`, length);
    return [withLast(input.shape, attributes.fftLength)];
  },

  evaluate({ attributes, inputs }, values) {
    const { rows, length } = rowsOf(inputs[0]!);
    const n = attributes.fftLength;
    const output = new Int16Array(rows * n);
    for (let row = 0; row < rows; row++)
      output.set(
        inverseRealTransform(Int16Array.from(values[0]!.subarray(row * length, (row + 1) * length))),
        row * n,
      );
    return [output];
  },

  lower: (node, to) => lowerRows(node, to, true),
});
