/*
 * All native kernels, by the names of their twins in assembly/kernels, which say what they compute; with the
 * contract of thimble_kernel.run in ../kernels.h. For arguments that a kernel accepts, linear memory is
 * afterwards what the twin would have left, byte for byte; what it refuses, it leaves untouched.
 *
 * In each file `struct arguments` lists the twin's parameters in order: all are i32, so it has no padding.
 */
#ifndef THIMBLE_KERNELS_NATIVE_H
#define THIMBLE_KERNELS_NATIVE_H

#include <stdint.h>

int thimble_add_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_average_pool2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_conv2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_copy_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_depthwise_conv2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_fully_connected_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_fully_connected_per_channel_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_lookup_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_max_pool2d_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_mean_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_mul_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_pad_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_softmax_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_tree_ensemble_extended_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_tree_ensemble_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_tree_ensemble_extended_s16(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);
int thimble_tree_ensemble_s16(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes);

#endif
