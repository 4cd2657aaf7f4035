/**
 * logistic_regression 1.0.0, written by thimble X.Y.Z: change the model, not this file.
 *
 * Source model  logistic_regression.onnx, SHA-256 29c770a8b63da21d5f518f41c7b6c915e2e19cc22d1e0347e3fff39ce3fba5e5
 * Inputs        X: int16[1x2]
 * Outputs       probabilities: int16[1x2]
 * Work          4 multiply-accumulates in 2 layers
 * Memory        276 bytes: constants 247, arena 12 (lower bound 12)
 */

import { ABI_VERSION, STATUS_OK } from "thimble/assembly/abi";
import { fully_connected_w16_s16 } from "thimble/assembly/kernels/fully_connected_w16_s16";
import { logistic_s16 } from "thimble/assembly/kernels/logistic_s16";

export function invoke(): i32 {
  // LinearClassifier: int16[1x2] -> int16[1x2], 4 multiply-accumulates
  fully_connected_w16_s16(
    input_X, LinearClassifier, LinearClassifier_weights, LinearClassifier_bias, LinearClassifier_multiplier,
    LinearClassifier_shift, /* factorStep */ 0, /* batches */ 1, /* depth */ 2, /* outputs */ 2,
    /* outputBytes */ 2, /* outputZeroPoint */ 0, /* activationMin */ -32768, /* activationMax */ 32767,
  );

  // LinearClassifier/logistic: int16[1x2] -> int16[1x2]
  logistic_s16(
    LinearClassifier, LinearClassifier, LinearClassifier_logistic_table, /* length */ 2,
    /* multiplier */ 28475, /* shift */ 14,
  );

  return STATUS_OK;
}

const LinearClassifier_bias: usize = memory.data<i32>([
  -88180219, 88180219,
]);
const LinearClassifier_multiplier: usize = memory.data<i32>([
  22214,
]);
const LinearClassifier_weights: usize = memory.data<i16>([
  -32767, 11061, 32767, -11061,
]);
const LinearClassifier_logistic_table: usize = memory.data<i16>([
  -32768, -30721, -28691, -26692, -24738, -22844, -21020, -19276, -17619, -16056, -14589, -13220, -11949,
  -10776, -9697, -8709, -7807, -6987, -6245, -5573, -4968, -4423, -3935, -3497, -3106, -2756, -2444, -2167,
  -1919, -1700, -1505, -1331, -1178, -1042, -921, -814, -719, -636, -562, -496, -438, -387, -342, -302,
  -266, -235, -208, -183, -162, -143, -126, -111, -98, -87, -77, -68, -60, -53, -46, -41, -36, -32, -28,
  -25, -22, -19, -17, -15, -13, -12, -10, -9, -8, -7, -6, -6, -5, -4, -4, -3, -3, -3, -2, -2, -2, -2, -2,
  -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2, -2,
]);
const LinearClassifier_shift: usize = memory.data<i8>([
  30,
]);

const arena: usize = memory.data(12, 8);
const input_X: usize = arena + 0; // 4 bytes, live in steps 0..1
const LinearClassifier: usize = arena + 8; // 4 bytes, live in steps 1..3

export const abi: i32 = ABI_VERSION;

export const memory_bytes: i32 = <i32>arena + 12;

/** X: int16[1x2], scale 0.00007629627361893654, zero point 0 */
export const input_0: i32 = <i32>input_X;
export const input_0_bytes: i32 = 4;

/** probabilities: int16[1x2], scale 0.000030517578125, zero point 0 */
export const output_0: i32 = <i32>LinearClassifier;
export const output_0_bytes: i32 = 4;
