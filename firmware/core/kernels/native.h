/*
 * All native kernels, by the names of their twins in assembly/kernels, which say what they compute; with the
 * contract of thimble_kernel.run in ../kernels.h. For arguments that a kernel accepts, linear memory is
 * afterwards what the twin would have left, byte for byte; what it refuses, it leaves untouched.
 */
#ifndef THIMBLE_KERNELS_NATIVE_H
#define THIMBLE_KERNELS_NATIVE_H

#include "../kernels.h"
#include "arguments.h"

int thimble_add_s16(const thimble_memory *memory, const void *block);
int thimble_add_s8(const thimble_memory *memory, const void *block);
int thimble_arithmetic_s32(const thimble_memory *memory, const void *block);
int thimble_average_pool2d_s8(const thimble_memory *memory, const void *block);
int thimble_batch_matmul_s16(const thimble_memory *memory, const void *block);
int thimble_batch_matmul_s8(const thimble_memory *memory, const void *block);
int thimble_center_s16(const thimble_memory *memory, const void *block);
int thimble_conv2d_s16(const thimble_memory *memory, const void *block);
int thimble_conv2d_s8(const thimble_memory *memory, const void *block);
int thimble_conv2d_w4_s8(const thimble_memory *memory, const void *block);
int thimble_copy_s8(const thimble_memory *memory, const void *block);
int thimble_depthwise_conv2d_s16(const thimble_memory *memory, const void *block);
int thimble_depthwise_conv2d_s8(const thimble_memory *memory, const void *block);
int thimble_div(const thimble_memory *memory, const void *block);
int thimble_emphasis_s16(const thimble_memory *memory, const void *block);
int thimble_energy_s16(const thimble_memory *memory, const void *block);
int thimble_events(const thimble_memory *memory, const void *block);
int thimble_fft_auto_scale_s16(const thimble_memory *memory, const void *block);
int thimble_filter_bank_u32(const thimble_memory *memory, const void *block);
int thimble_fully_connected_per_channel_s8(const thimble_memory *memory, const void *block);
int thimble_fully_connected_s16(const thimble_memory *memory, const void *block);
int thimble_fully_connected_s8(const thimble_memory *memory, const void *block);
int thimble_fully_connected_s8_s16(const thimble_memory *memory, const void *block);
int thimble_fully_connected_w16_s16(const thimble_memory *memory, const void *block);
int thimble_layer_norm(const thimble_memory *memory, const void *block);
int thimble_log_u32(const thimble_memory *memory, const void *block);
int thimble_logistic_s16(const thimble_memory *memory, const void *block);
int thimble_lookup_s16(const thimble_memory *memory, const void *block);
int thimble_lookup_s8(const thimble_memory *memory, const void *block);
int thimble_max_pool2d_s8(const thimble_memory *memory, const void *block);
int thimble_mean_s16(const thimble_memory *memory, const void *block);
int thimble_mean_s8(const thimble_memory *memory, const void *block);
int thimble_mul_s16(const thimble_memory *memory, const void *block);
int thimble_mul_s8(const thimble_memory *memory, const void *block);
int thimble_pad_s8(const thimble_memory *memory, const void *block);
int thimble_pcan_u32(const thimble_memory *memory, const void *block);
int thimble_rescale_s16(const thimble_memory *memory, const void *block);
int thimble_rescale_s16_s8(const thimble_memory *memory, const void *block);
int thimble_rescale_s8_s16(const thimble_memory *memory, const void *block);
int thimble_rfft_s16(const thimble_memory *memory, const void *block);
int thimble_scale_integers(const thimble_memory *memory, const void *block);
int thimble_signal_window_s16(const thimble_memory *memory, const void *block);
int thimble_slide(const thimble_memory *memory, const void *block);
int thimble_softmax_s16(const thimble_memory *memory, const void *block);
int thimble_softmax_s8(const thimble_memory *memory, const void *block);
int thimble_spectral_subtraction_u32(const thimble_memory *memory, const void *block);
int thimble_square_root_u64(const thimble_memory *memory, const void *block);
int thimble_statistics_s16(const thimble_memory *memory, const void *block);
int thimble_tanh_s16(const thimble_memory *memory, const void *block);
int thimble_tree_ensemble_extended_s16(const thimble_memory *memory, const void *block);
int thimble_tree_ensemble_extended_s8(const thimble_memory *memory, const void *block);
int thimble_tree_ensemble_s16(const thimble_memory *memory, const void *block);
int thimble_tree_ensemble_s8(const thimble_memory *memory, const void *block);

#endif
