import { convolveLanes } from "./convolve_lanes";
import { Conv2dS8Arguments } from "./conv2d_s8";

export const VERSION: i32 = 1;

/**
 * The contract of conv2d_s8 without groups, computed three output channels at a time: larger and faster. What
 * lanes.ts says of weights, and storeRescaled (fixed.ts) of shifts, sums and the zero point, must hold,
 * the former for all terms of a channel together.
 *
 *   scratch     unless the window is one pixel with stride 1, output is not the input, and the input
 *               channels are a multiple of eight: the inputs of `tile` pixels, tile * terms bytes; then from
 *               a multiple of eight CHUNK i64 of packed weights and `tile` i64 of lanes
 */
export function conv2d_lanes_s8(block: Conv2dS8Arguments): void {
  convolveLanes<i32>(block);
}
