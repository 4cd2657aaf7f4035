/**
 * logistic_regression 1.0.0, written by thimble X.Y.Z: change the model, not this file.
 *
 * Source model  logistic_regression.onnx, SHA-256 29c770a8b63da21d5f518f41c7b6c915e2e19cc22d1e0347e3fff39ce3fba5e5
 * Inputs        X: int8[1x2]
 * Outputs       probabilities: int8[1x2]
 * Work          4 multiply-accumulates in 2 layers
 * Memory        298 bytes: constants 268, arena 10 (lower bound 10)
 */

import { ABI_VERSION, STATUS_OK } from "thimble/assembly/abi";
import { fully_connected_s8 } from "thimble/assembly/kernels/fully_connected_s8";
import { lookup_s8 } from "thimble/assembly/kernels/lookup_s8";

export function invoke(): i32 {
  // LinearClassifier: int8[1x2] -> int8[1x2], 4 multiply-accumulates
  fully_connected_s8(
    input_X, LinearClassifier, LinearClassifier_weights, LinearClassifier_bias, /* multiplier */ 1496637718,
    /* shift */ -7, /* scratch */ 0, /* batches */ 1, /* depth */ 2, /* outputs */ 2,
    /* outputZeroPoint */ -1, /* activationMin */ -128, /* activationMax */ 127,
  );

  // LinearClassifier/logistic: int8[1x2] -> int8[1x2]
  lookup_s8(
    LinearClassifier, LinearClassifier, LinearClassifier_logistic_table, /* length */ 2,
  );

  return STATUS_OK;
}

const LinearClassifier_bias: usize = memory.data<i32>([
  -4218, 4218,
]);
const LinearClassifier_weights: usize = memory.data<i8>([
  -127, 127, 43, -43,
]);
const LinearClassifier_logistic_table: usize = memory.data<i8>([
  3, 6, 9, 11, 14, 17, 20, 23, 25, 28, 31, 34, 36, 39, 41, 44, 47, 49, 51, 54, 56, 58, 61, 63, 65, 67, 69,
  71, 73, 75, 77, 79, 81, 82, 84, 85, 87, 89, 90, 91, 93, 94, 95, 97, 98, 99, 100, 101, 102, 103, 104, 105,
  106, 107, 108, 109, 110, 110, 111, 112, 112, 113, 114, 114, 115, 115, 116, 116, 117, 117, 118, 118, 119,
  119, 119, 120, 120, 120, 121, 121, 121, 122, 122, 122, 122, 123, 123, 123, 123, 124, 124, 124, 124, 124,
  124, 125, 125, 125, 125, 125, 125, 125, 125, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 127,
  127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, -127, -127, -127, -127, -127, -127, -127,
  -127, -127, -127, -127, -127, -127, -126, -126, -126, -126, -126, -126, -126, -126, -126, -126, -126,
  -125, -125, -125, -125, -125, -125, -125, -125, -124, -124, -124, -124, -124, -124, -123, -123, -123,
  -123, -122, -122, -122, -122, -121, -121, -121, -120, -120, -120, -119, -119, -119, -118, -118, -117,
  -117, -116, -116, -115, -115, -114, -114, -113, -112, -112, -111, -110, -110, -109, -108, -107, -106,
  -105, -104, -103, -102, -101, -100, -99, -98, -97, -95, -94, -93, -91, -90, -89, -87, -85, -84, -82, -81,
  -79, -77, -75, -73, -71, -69, -67, -65, -63, -61, -58, -56, -54, -51, -49, -47, -44, -41, -39, -36, -34,
  -31, -28, -25, -23, -20, -17, -14, -11, -9, -6, -3, 0,
]);

const arena: usize = memory.data(10, 8);
const input_X: usize = arena + 0; // 2 bytes, live in steps 0..1
const LinearClassifier: usize = arena + 8; // 2 bytes, live in steps 1..3

export const abi: i32 = ABI_VERSION;

export const memory_bytes: i32 = <i32>arena + 10;

/** X: int8[1x2], scale 0.022216470912098885, zero point -9 */
export const input_0: i32 = <i32>input_X;
export const input_0_bytes: i32 = 2;

/** probabilities: int8[1x2], scale 0.00390625, zero point -128 */
export const output_0: i32 = <i32>LinearClassifier;
export const output_0_bytes: i32 = 2;
