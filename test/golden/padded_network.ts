/**
 * padded_network 1.0.0, written by thimble X.Y.Z: change the model, not this file.
 *
 * Source model  padded.tflite, SHA-256 44a21f433e687239741ed4364af8316da9ad337b0605bec5fe38d89629f55a67
 * Inputs        t0: int8[1x5x5x2]
 * Outputs       t13: int8[1x3]
 * Work          480 multiply-accumulates in 4 layers
 * Memory        322 bytes: constants 240, arena 66 (lower bound 66)
 */

import { ABI_VERSION, STATUS_OK } from "thimble/assembly/abi";
import { conv2d_s8 } from "thimble/assembly/kernels/conv2d_s8";
import { depthwise_conv2d_s8 } from "thimble/assembly/kernels/depthwise_conv2d_s8";
import { fully_connected_s8 } from "thimble/assembly/kernels/fully_connected_s8";

export function invoke(): i32 {
  // conv2d_1: int8[1x5x5x2] -> int8[1x2x2x4], 288 multiply-accumulates
  conv2d_s8(
    input_t0, conv2d_1, conv2d_1_weights, conv2d_1_bias, conv2d_1_multiplier, conv2d_1_shift,
    /* batches */ 1, /* inputHeight */ 5, /* inputWidth */ 5, /* inputChannels */ 2, /* outputHeight */ 2,
    /* outputWidth */ 2, /* outputChannels */ 4, /* kernelHeight */ 3, /* kernelWidth */ 3, /* groups */ 1,
    /* strideHeight */ 2, /* strideWidth */ 2, /* dilationHeight */ 1, /* dilationWidth */ 1,
    /* padTop */ 0, /* padLeft */ 0, /* inputZeroPoint */ -111, /* outputZeroPoint */ -32,
    /* activationMin */ -128, /* activationMax */ 127,
  );

  // depthwise_conv2d_3: int8[1x2x2x4] -> int8[1x2x2x4], 144 multiply-accumulates
  depthwise_conv2d_s8(
    conv2d_1, depthwise_conv2d_3, depthwise_conv2d_3_weights, depthwise_conv2d_3_bias,
    depthwise_conv2d_3_multiplier, depthwise_conv2d_3_shift, /* batches */ 1, /* inputHeight */ 2,
    /* inputWidth */ 2, /* inputChannels */ 4, /* outputHeight */ 2, /* outputWidth */ 2,
    /* depthMultiplier */ 1, /* kernelHeight */ 3, /* kernelWidth */ 3, /* strideHeight */ 1,
    /* strideWidth */ 1, /* dilationHeight */ 1, /* dilationWidth */ 1, /* padTop */ 1, /* padLeft */ 1,
    /* inputZeroPoint */ -32, /* outputZeroPoint */ -128, /* activationMin */ -128, /* activationMax */ 127,
  );

  // reshape_4: int8[1x2x2x4] -> int8[1x16]
  // the same buffer under another shape

  // fully_connected_5: int8[1x16] -> int8[1x3], 48 multiply-accumulates
  fully_connected_s8(
    depthwise_conv2d_3, fully_connected_5, fully_connected_5_weights, fully_connected_5_bias,
    /* multiplier */ 1451768649, /* shift */ -2, /* batches */ 1, /* depth */ 16, /* outputs */ 3,
    /* outputZeroPoint */ -10, /* activationMin */ -10, /* activationMax */ 127,
  );

  return STATUS_OK;
}

const conv2d_1_multiplier: usize = memory.data<i32>([
  1640820961, 1814370838, 1955310891, 1587742038,
]);
const conv2d_1_bias: usize = memory.data<i32>([
  2815, -2304, -1889, 1601,
]);
const depthwise_conv2d_3_multiplier: usize = memory.data<i32>([
  1160235582, 2029367560, 1651842651, 1474727201,
]);
const depthwise_conv2d_3_bias: usize = memory.data<i32>([
  -1201, -2537, -1985, 1390,
]);
const fully_connected_5_bias: usize = memory.data<i32>([
  -125984, -44806, -2441,
]);
const conv2d_1_shift: usize = memory.data<i8>([
  -8, -9, -9, -8,
]);
const conv2d_1_weights: usize = memory.data<i8>([
  -86, 118, 60, -62, 49, 86, -28, -106, 8, 76, -1, 26, 92, -124, -84, -55, -78, 67, 45, 24, 118, 50, 93, 61,
  54, 101, 78, -23, -104, 23, -78, 84, 51, -44, 56, 122, -59, -21, 19, -69, -41, -110, -44, 91, -124, -22,
  -59, 40, 6, 31, 91, -18, -14, -98, 13, -95, 42, -124, 108, -121, 96, -12, 38, 94, -99, -11, -107, -89,
  -23, -16, -106, -112,
]);
const depthwise_conv2d_3_shift: usize = memory.data<i8>([
  -7, -8, -9, -8,
]);
const depthwise_conv2d_3_weights: usize = memory.data<i8>([
  49, 21, -86, 64, 111, -94, -7, -5, 45, -55, 72, 15, 102, 98, -97, -5, 81, 54, 13, -72, -40, 86, -83, 113,
  -43, -26, -126, -72, -40, -55, -25, 4, 93, -47, 99, -32,
]);
const fully_connected_5_weights: usize = memory.data<i8>([
  -77, -65, -89, -18, -104, -102, -69, -41, -101, -8, -106, -101, -91, 14, -26, -20, 76, -16, 27, -98, -50,
  124, -79, 17, -43, -119, -109, 23, 19, 60, -60, -126, 34, 105, -76, 56, -93, 29, 106, -80, 4, -48, -5,
  -34, -26, -21, -21, 36,
]);

const arena: usize = memory.data(66, 8);
const input_t0: usize = arena + 16; // 50 bytes, live in steps 0..1
const conv2d_1: usize = arena + 0; // 16 bytes, live in steps 1..2
const depthwise_conv2d_3: usize = arena + 16; // 16 bytes, live in steps 2..3
const fully_connected_5: usize = arena + 0; // 3 bytes, live in steps 3..4

export const abi: i32 = ABI_VERSION;

export const memory_bytes: i32 = <i32>arena + 66;

/** t0: int8[1x5x5x2], scale 0.021456800401210785, zero point -111 */
export const input_0: i32 = <i32>input_t0;
export const input_0_bytes: i32 = 50;

/** t13: int8[1x3], scale 0.0235294122248888, zero point -10 */
export const output_0: i32 = <i32>fully_connected_5;
export const output_0_bytes: i32 = 3;
