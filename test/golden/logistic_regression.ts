/**
 * logistic_regression 1.0.0, written by thimble X.Y.Z: change the model, not this file.
 *
 * Source model  logistic_regression.onnx, SHA-256 29c770a8b63da21d5f518f41c7b6c915e2e19cc22d1e0347e3fff39ce3fba5e5
 * Inputs        X: int16[1x2]
 * Outputs       probabilities: int16[1x2]
 * Work          4 multiply-accumulates in 2 layers
 * Memory        344 bytes: constants 316, arena 12 (lower bound 12)
 */

import { ABI_VERSION, STATUS_OK } from "thimble/assembly/abi";
import { FullyConnectedW16S16Arguments, fully_connected_w16_s16 } from "thimble/assembly/kernels/fully_connected_w16_s16";
import { SigmoidS16Arguments, logistic_s16 } from "thimble/assembly/kernels/logistic_s16";

export function invoke(): i32 {
  // LinearClassifier: int16[1x2] -> int16[1x2], 4 multiply-accumulates
  fully_connected_w16_s16(LinearClassifier_arguments);

  // LinearClassifier/logistic: int16[1x2] -> int16[1x2]
  logistic_s16(LinearClassifier_logistic_arguments);

  return STATUS_OK;
}

const arena: usize = memory.data(12, 8);
const input_X: usize = arena + 0; // 4 bytes, live in steps 0..1
const LinearClassifier: usize = arena + 8; // 4 bytes, live in steps 1..3

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

/** Arguments of a call of fully_connected_w16_s16. */
const LinearClassifier_arguments = changetype<FullyConnectedW16S16Arguments>(memory.data<usize>([
  /* input */ input_X, /* output */ LinearClassifier, /* weights */ LinearClassifier_weights,
  /* bias */ LinearClassifier_bias, /* multiplier */ LinearClassifier_multiplier,
  /* shift */ LinearClassifier_shift,
]));
memory.data<i32>([
  /* batches */ 1, /* depth */ 2, /* outputs */ 2,
]);
memory.data<i16>([
  /* outputZeroPoint */ 0, /* activationMin */ -32768, /* activationMax */ 32767,
]);
memory.data<i8>([
  /* factorStep */ 0, /* outputBytes */ 2,
]);

/** Arguments of a call of logistic_s16. */
const LinearClassifier_logistic_arguments = changetype<SigmoidS16Arguments>(memory.data<usize>([
  /* input */ LinearClassifier, /* output */ LinearClassifier, /* table */ LinearClassifier_logistic_table,
]));
memory.data<i32>([
  /* length */ 2, /* multiplier */ 28475,
]);
memory.data<i8>([
  /* shift */ 14,
]);

export const abi: i32 = ABI_VERSION;

export const memory_bytes: i32 = <i32>changetype<usize>(LinearClassifier_logistic_arguments) + 24;
export const constants: i32 = <i32>LinearClassifier_bias;

/** X: int16[1x2], scale 0.00007629627361893654, zero point 0 */
export const input_0: i32 = <i32>input_X;
export const input_0_bytes: i32 = 4;

/** probabilities: int16[1x2], scale 0.000030517578125, zero point 0 */
export const output_0: i32 = <i32>LinearClassifier;
export const output_0_bytes: i32 = 4;
