import { convolveLanes } from "./convolve_lanes";
import { Conv2dS8Arguments } from "./conv2d_s8";

export const VERSION: i32 = 1;

/**
 * conv2d_lanes_s8 where what lanes.ts says of weights holds for SAFE_TERMS terms at a time only. scratch has
 * 3 * tile i32 more, for the sums of earlier terms.
 */
export function conv2d_long_lanes_s8(block: Conv2dS8Arguments): void {
  convolveLanes<i64>(block);
}
