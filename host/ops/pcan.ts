import { elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { bitLength, constantData, exactTypes, OWN_TYPES, require } from "./signal.ts";

/** Three numbers for each bit length from 3 to 32 behind those of 0, 1 and 2: greatest index that is read, plus 1. */
const TABLE = 125;
const SNR_BITS = 12;
const OUTPUT_BITS = 6;

/** A function of x by a parabola for each bit length (TensorFlow Lite Micro, WideDynamicFunction). */
function gainOf(x: number, table: ArrayLike<number>): number {
  if (x <= 2) return table[x]!;
  const interval = bitLength(x);
  const at = 4 * interval - 6;
  const fraction = (interval < 11 ? x << (11 - interval) : x >>> (interval - 11)) & 0x3ff;
  const slope = Math.imul((table[at + 2]! * fraction) >> 5, 1) + (table[at + 1]! << 5);
  const rounded = (Math.imul(slope, fraction) + (1 << 14)) >> 15;
  return ((rounded + table[at]!) << 16) >> 16;
}

/** x^2/4 below 2, x - 1 from there on: 12 fraction bits in, 6 out. */
const shrink = (x: number): number =>
  x < 2 << SNR_BITS
    ? Math.imul(x, x) >>> (2 + 2 * SNR_BITS - OUTPUT_BITS)
    : (x >>> (SNR_BITS - OUTPUT_BITS)) - (1 << OUTPUT_BITS);

/**
 * Per-channel amplitude normalisation: signals times a function of the noise, shrunk. Inputs: signals, noise estimates,
 * the function's table (TensorFlow Lite Micro, ApplyPcanAutoGainControlFixed).
 */
export const pcan = defineOperator({
  name: "pcan",
  summary: "gain control of each channel by its noise",
  arity: [3, 3],
  attributes: { snrShift: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["uint32", "uint32", "int16"], ["uint32"]),

  infer({ name, attributes, inputs }) {
    const [input, noise, table] = [inputs[0]!, inputs[1]!, inputs[2]!];
    require(name, noise.shape.join() === input.shape.join(), `noise of [${input.shape}]`, `[${noise.shape}]`);
    constantData(name, table);
    require(name, elements(table.shape) >= TABLE, `a table of ${TABLE} numbers`, elements(table.shape));
    const { snrShift } = attributes;
    require(name, snrShift >= 0 && snrShift <= 63, "snr_shift of 0 to 63", snrShift);
    return [input.shape];
  },

  evaluate({ attributes }, values) {
    const [signals, noise, table] = [values[0]!, values[1]!, values[2]!];
    return [
      Uint32Array.from(signals, (x, i) => {
        // A negative gain counts as one of 32 bits without a sign.
        const product = BigInt(x) * BigInt(gainOf(noise[i]!, table) >>> 0);
        return shrink(Number(BigInt.asUintN(32, product >> BigInt(attributes.snrShift))));
      }),
    ];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, noise, table, output] = [inputs[0]!, inputs[1]!, inputs[2]!, outputs[0]!];
    to.overwrite(output, input);
    to.call("pcan_u32", {
      input,
      noise,
      table,
      output,
      length: elements(output.shape),
      snrShift: attributes.snrShift,
    });
  },
});
