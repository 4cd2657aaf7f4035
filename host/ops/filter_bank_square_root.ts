import { elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

/** The greatest whole number whose square is not above x. */
function floorRoot(x: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << 31n; bit > 0n; bit >>= 1n) if ((root + bit) ** 2n <= x) root += bit;
  return root;
}

/** The nearest whole number to the root; below 2^32 at most 65535, else 2^32 - 1 (TensorFlow Lite Micro, Sqrt64). */
function nearestRoot(x: bigint): number {
  const root = floorRoot(x);
  const most = x < 1n << 32n ? 0xffffn : 0xffffffffn;
  return Number(x - root * root > root && root !== most ? root + 1n : root);
}

/** Roots of sums of 64 bits [channels, 2], shifted to the right by an exponent []. */
export const filterBankSquareRoot = defineOperator({
  name: "filter_bank_square_root",
  summary: "square roots of energies",
  arity: [2, 2],
  attributes: {},
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["uint32", "int32"], ["uint32"]),

  infer({ name, inputs }) {
    const [input, bits] = [inputs[0]!, inputs[1]!];
    require(name, input.shape.length >= 1 &&
      input.shape.at(-1) === 2, "integers of 64 bits", `[${input.shape}]`);
    require(name, elements(bits.shape) === 1, "one exponent", `[${bits.shape}]`);
    return [input.shape.slice(0, -1)];
  },

  evaluate(_, values) {
    const [sums, bits] = [values[0]!, values[1]!];
    const wide = new BigUint64Array(Uint32Array.from(sums).buffer);
    // Shifts of a register count modulo its width.
    return [Uint32Array.from(wide, (x) => nearestRoot(x) >>> (bits[0]! & 31))];
  },

  lower({ inputs, outputs }, to) {
    const output = outputs[0]!;
    to.call("square_root_u64", {
      input: inputs[0]!,
      bits: inputs[1]!,
      output,
      length: elements(output.shape),
    });
  },
});
