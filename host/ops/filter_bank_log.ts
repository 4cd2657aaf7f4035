import { elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { bitLength, exactTypes, OWN_TYPES, require } from "./signal.ts";

const FRACTION_BITS = 16;
const ONE = 1 << FRACTION_BITS;
const SEGMENT_BITS = 7;
const SEGMENTS = 1 << SEGMENT_BITS;
/** log(2) with 16 fraction bits. */
const LOG_2 = 45426;

/** How far log2(1 + x) lies above x at the ends of 128 segments, with 16 fraction bits. */
export const LOG_TABLE = Uint16Array.from({ length: SEGMENTS + 1 }, (_, i) =>
  Math.round(ONE * (Math.log2(1 + i / SEGMENTS) - i / SEGMENTS)),
);

/** log2 of the fraction of x, whose highest bit is `integer`, between neighbouring segments on a straight line. */
function fractionOf(x: number, integer: number): number {
  const rest = x - 2 ** integer;
  const fraction =
    integer < FRACTION_BITS
      ? rest << (FRACTION_BITS - integer)
      : Math.floor(rest / 2 ** (integer - FRACTION_BITS));
  const segment = fraction >> (FRACTION_BITS - SEGMENT_BITS);
  const [from, to] = [LOG_TABLE[segment]!, LOG_TABLE[segment + 1]!];
  const position = fraction - (segment << (FRACTION_BITS - SEGMENT_BITS));
  return fraction + from + (((to - from) * position) >> FRACTION_BITS);
}

/** The natural logarithm of x > 1 times `scale` (TensorFlow Lite Micro, Log32). */
function scaledLog(x: number, scale: number): number {
  const integer = bitLength(x) - 1;
  const log2 = integer * ONE + fractionOf(x, integer);
  const natural = Math.floor((LOG_2 * log2 + ONE / 2) / ONE);
  return Number(BigInt.asUintN(32, BigInt(scale) * BigInt(natural) + BigInt(ONE / 2))) >>> FRACTION_BITS;
}

/** log(x * 2^inputCorrectionBits) times a scale, in 16 bits; 0 where that is not above 1. */
export const filterBankLog = defineOperator({
  name: "filter_bank_log",
  summary: "scaled logarithms of whole numbers",
  arity: [1, 1],
  attributes: { outputScale: "int", inputCorrectionBits: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["uint32"], ["int16"]),

  infer({ name, attributes, inputs }) {
    const { outputScale, inputCorrectionBits: bits } = attributes;
    require(name, bits >= 0 && bits <= 31, "input_correction_bits of 0 to 31", bits);
    require(name, outputScale >= 0, "an output_scale that is not negative", outputScale);
    return [inputs[0]!.shape];
  },

  evaluate({ attributes }, values) {
    const { outputScale, inputCorrectionBits } = attributes;
    return [
      Int16Array.from(values[0]!, (value) => {
        const x = (value << inputCorrectionBits) >>> 0;
        return x > 1 ? Math.min(scaledLog(x, outputScale), 32767) : 0;
      }),
    ];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    to.call("log_u32", {
      input,
      output,
      table: to.constant("table", Int16Array.from(LOG_TABLE)),
      length: elements(input.shape),
      ...attributes,
    });
  },
});
