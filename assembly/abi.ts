/**
 * Module ABI v2: what every thimble module exports, and nothing more.
 *
 *   memory                     linear memory; the first `memory_bytes` bytes are all that is used
 *   invoke(): i32              one inference; STATUS_OK, STATUS_TAKEN or a greater number, an error
 *   abi: i32                   ABI_VERSION
 *   memory_bytes: i32          bytes of linear memory that a device provides: all, or up to the constants
 *   constants: i32             where constants begin, which end with memory; nothing writes there
 *   input_<i>, output_<i>      i32 offsets of the tensors in memory, i counted from 0
 *   input_<i>_bytes, output_<i>_bytes
 *   kernel.<name>.<version>    the kernels, so that a host may bind native ones in their place; each takes
 *                              the offset of its arguments, a block among the constants
 *   self_test(): i32           optional; STATUS_OK when every embedded vector came out right,
 *                              otherwise the number of the first vector that did not, from 1
 *
 * `invoke` may overwrite its inputs: the arena that holds them is reused by later layers.
 */
export const ABI_VERSION: i32 = 2;
export const STATUS_OK: i32 = 0;
/** The inputs were taken, and outputs hold nothing new yet. */
export const STATUS_TAKEN: i32 = 1;
