/**
 * padded_network 1.0.0, written by thimble X.Y.Z: change the model, not this file.
 *
 * Source model  padded.tflite, SHA-256 44a21f433e687239741ed4364af8316da9ad337b0605bec5fe38d89629f55a67
 * Inputs        t0: int8[1x5x5x2]
 * Outputs       t13: int8[1x3]
 * Work          480 multiply-accumulates in 4 layers
 * Memory        587 bytes: constants 431, arena 138 (lower bound 138)
 */

import { ABI_VERSION, STATUS_OK } from "thimble/assembly/abi";
import { Conv2dS8Arguments, conv2d_s8 } from "thimble/assembly/kernels/conv2d_s8";
import { DepthwiseConv2dS8Arguments, depthwise_conv2d_s8 } from "thimble/assembly/kernels/depthwise_conv2d_s8";
import { FullyConnectedS8Arguments, fully_connected_s8 } from "thimble/assembly/kernels/fully_connected_s8";

export function invoke(): i32 {
  // conv2d_1: int8[1x5x5x2] -> int8[1x2x2x4], 288 multiply-accumulates
  conv2d_s8(conv2d_1_arguments);

  // depthwise_conv2d_3: int8[1x2x2x4] -> int8[1x2x2x4], 144 multiply-accumulates
  depthwise_conv2d_s8(depthwise_conv2d_3_arguments);

  // reshape_4: int8[1x2x2x4] -> int8[1x16]
  // the same buffer under another shape

  // fully_connected_5: int8[1x16] -> int8[1x3], 48 multiply-accumulates
  fully_connected_s8(fully_connected_5_arguments);

  return STATUS_OK;
}

const arena: usize = memory.data(140, 8);
const input_t0: usize = arena + 88; // 50 bytes, live in steps 0..1
const conv2d_1: usize = arena + 72; // 16 bytes, live in steps 1..3
const conv2d_1_scratch: usize = arena + 0; // 72 bytes, live in steps 1..1
const depthwise_conv2d_3_scratch: usize = arena + 0; // 16 bytes, live in steps 2..2
const fully_connected_5: usize = arena + 0; // 3 bytes, live in steps 3..4

const conv2d_1_bias: usize = memory.data<i32>([
  -1847, 76617, -46400, -56563,
]);
const conv2d_1_multiplier: usize = memory.data<i32>([
  1640820961, 1814370838, 1955310891, 1587742038,
]);
const depthwise_conv2d_3_bias: usize = memory.data<i32>([
  10255, -3113, -9665, 1710,
]);
const depthwise_conv2d_3_multiplier: usize = memory.data<i32>([
  1160235582, 2029367560, 1651842651, 1474727201,
]);
const fully_connected_5_bias: usize = memory.data<i32>([
  -125984, -44806, -2441,
]);
const conv2d_1_weights: usize = memory.data<i8>([
  -86, 45, -59, 13, 118, 24, -21, -95, 60, 118, 19, 42, -62, 50, -69, -124, 49, 93, -41, 108, 86, 61, -110,
  -121, -28, 54, -44, 96, -106, 101, 91, -12, 8, 78, -124, 38, 76, -23, -22, 94, -1, -104, -59, -99, 26, 23,
  40, -11, 92, -78, 6, -107, -124, 84, 31, -89, -84, 51, 91, -23, -55, -44, -18, -16, -78, 56, -14, -106,
  67, 122, -98, -112,
]);
const conv2d_1_shift: usize = memory.data<i8>([
  -8, -9, -9, -8,
]);
const depthwise_conv2d_3_weights: usize = memory.data<i8>([
  49, 111, 45, 102, 81, -40, -43, -40, 93, 21, -94, -55, 98, 54, 86, -26, -55, -47, -86, -7, 72, -97, 13,
  -83, -126, -25, 99, 64, -5, 15, -5, -72, 113, -72, 4, -32,
]);
const depthwise_conv2d_3_shift: usize = memory.data<i8>([
  -7, -8, -9, -8,
]);
const fully_connected_5_weights: usize = memory.data<i8>([
  -77, 76, 34, -65, -16, 105, -89, 27, -76, -18, -98, 56, -104, -50, -93, -102, 124, 29, -69, -79, 106, -41,
  17, -80, -101, -43, 4, -8, -119, -48, -106, -109, -5, -101, 23, -34, -91, 19, -26, 14, 60, -21, -26, -60,
  -21, -20, -126, 36,
]);

/** Arguments of a call of conv2d_s8. */
const conv2d_1_arguments = changetype<Conv2dS8Arguments>(memory.data<usize>([
  /* input */ input_t0, /* output */ conv2d_1, /* weights */ conv2d_1_weights, /* bias */ conv2d_1_bias,
  /* multiplier */ conv2d_1_multiplier, /* shift */ conv2d_1_shift, /* scratch */ conv2d_1_scratch,
]));
memory.data<i32>([
  /* batches */ 1, /* inputHeight */ 5, /* inputWidth */ 5, /* outputHeight */ 2, /* outputWidth */ 2,
]);
memory.data<u16>([
  /* tile */ 4, /* inputChannels */ 2, /* outputChannels */ 4, /* kernelHeight */ 3, /* kernelWidth */ 3,
  /* groups */ 1, /* strideHeight */ 2, /* strideWidth */ 2, /* dilationHeight */ 1, /* dilationWidth */ 1,
]);
memory.data<i16>([
  /* padTop */ 0, /* padLeft */ 0,
]);
memory.data<i8>([
  /* inputZeroPoint */ -111, /* outputZeroPoint */ -32, /* activationMin */ -128, /* activationMax */ 127,
]);

/** Arguments of a call of depthwise_conv2d_s8. */
const depthwise_conv2d_3_arguments = changetype<DepthwiseConv2dS8Arguments>(memory.data<usize>([
  /* input */ conv2d_1, /* output */ conv2d_1, /* weights */ depthwise_conv2d_3_weights,
  /* bias */ depthwise_conv2d_3_bias, /* multiplier */ depthwise_conv2d_3_multiplier,
  /* shift */ depthwise_conv2d_3_shift, /* scratch */ depthwise_conv2d_3_scratch,
]));
memory.data<i32>([
  /* batches */ 1, /* inputHeight */ 2, /* inputWidth */ 2, /* outputHeight */ 2, /* outputWidth */ 2,
]);
memory.data<u16>([
  /* inputChannels */ 4, /* depthMultiplier */ 1, /* kernelHeight */ 3, /* kernelWidth */ 3,
  /* strideHeight */ 1, /* strideWidth */ 1, /* dilationHeight */ 1, /* dilationWidth */ 1,
]);
memory.data<i16>([
  /* padTop */ 1, /* padLeft */ 1,
]);
memory.data<i8>([
  /* inputZeroPoint */ -32, /* outputZeroPoint */ -128, /* activationMin */ -128, /* activationMax */ 127,
]);

/** Arguments of a call of fully_connected_s8. */
const fully_connected_5_arguments = changetype<FullyConnectedS8Arguments>(memory.data<usize>([
  /* input */ conv2d_1, /* output */ fully_connected_5, /* weights */ fully_connected_5_weights,
  /* bias */ fully_connected_5_bias,
]));
memory.data<i32>([
  /* multiplier */ 1451768649,
]);
memory.data<usize>([
  /* scratch */ 0,
]);
memory.data<i32>([
  /* batches */ 1, /* depth */ 16, /* outputs */ 3,
]);
memory.data<i8>([
  /* shift */ -2, /* outputZeroPoint */ -10, /* activationMin */ -10, /* activationMax */ 127,
]);

export const abi: i32 = ABI_VERSION;

export const memory_bytes: i32 = <i32>changetype<usize>(fully_connected_5_arguments) + 43;
export const constants: i32 = <i32>conv2d_1_bias;

/** t0: int8[1x5x5x2], scale 0.021456800401210785, zero point -111 */
export const input_0: i32 = <i32>input_t0;
export const input_0_bytes: i32 = 50;

/** t13: int8[1x3], scale 0.0235294122248888, zero point -10 */
export const output_0: i32 = <i32>fully_connected_5;
export const output_0_bytes: i32 = 3;
