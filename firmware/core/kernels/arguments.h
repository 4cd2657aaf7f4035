/*
 * Argument blocks, as the classes of assembly/kernels declare them; the fields are described there. Written
 * by test/gen/arguments_header.ts: change the classes, not this file.
 */
#ifndef THIMBLE_KERNELS_ARGUMENTS_H
#define THIMBLE_KERNELS_ARGUMENTS_H

#include <stdint.h>

typedef struct thimble_add_s16_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], a_multiplier, b_multiplier, output_multiplier;
    int16_t activation_min, activation_max;
    int8_t sign, a_shift, b_shift, output_shift;
} thimble_add_s16_arguments;

typedef struct thimble_add_s8_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], a_multiplier, b_multiplier, output_multiplier;
    int8_t sign, a_zero_point, a_shift, b_zero_point, b_shift, output_shift, output_zero_point;
    int8_t activation_min, activation_max;
} thimble_add_s8_arguments;

typedef struct thimble_arg_max_s8_arguments {
    uint32_t input, output;
    int32_t outer, size, inner;
    int8_t flip;
} thimble_arg_max_s8_arguments;

typedef struct thimble_arg_max_wide_arguments {
    uint32_t input, output;
    int32_t outer, size, inner;
    int8_t bytes, sign;
} thimble_arg_max_wide_arguments;

typedef struct thimble_arithmetic_s32_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], activation_min, activation_max;
    int8_t operation;
} thimble_arithmetic_s32_arguments;

typedef struct thimble_pool2d_arguments {
    uint32_t input, output;
    int32_t batches, input_height, input_width, channels, output_height, output_width;
    int32_t kernel_height, kernel_width, stride_height, stride_width;
    int16_t pad_top, pad_left, activation_min, activation_max;
} thimble_pool2d_arguments;

typedef struct thimble_batch_matmul_arguments {
    uint32_t a, b, output;
    int32_t batch[2], a_batch_stride[2], b_batch_stride[2], rows, depth, columns, a_row_stride;
    int32_t a_depth_stride, b_depth_stride, b_column_stride, multiplier;
    int16_t a_zero_point, b_zero_point, output_zero_point;
    int8_t shift;
} thimble_batch_matmul_arguments;

typedef struct thimble_cast_arguments {
    uint32_t input, output;
    int32_t length;
    int8_t input_bytes, output_bytes;
} thimble_cast_arguments;

typedef struct thimble_center_s16_arguments {
    uint32_t input, output, bits;
    int32_t length, stride;
} thimble_center_s16_arguments;

typedef struct thimble_conv2d_s8_arguments {
    uint32_t input, output, weights, bias, multiplier, shift, scratch;
    int32_t batches, input_height, input_width, output_height, output_width;
    uint16_t tile, input_channels, output_channels, kernel_height, kernel_width, groups;
    uint16_t stride_height, stride_width, dilation_height, dilation_width;
    int16_t pad_top, pad_left;
    int8_t input_zero_point, output_zero_point, activation_min, activation_max;
} thimble_conv2d_s8_arguments;

typedef struct thimble_conv2d_s16_arguments {
    uint32_t input, output, weights, bias, multiplier, shift, scratch;
    int32_t batches, input_height, input_width, output_height, output_width;
    uint16_t input_channels, output_channels, kernel_height, kernel_width, groups, stride_height;
    uint16_t stride_width, dilation_height, dilation_width;
    int16_t pad_top, pad_left, activation_min, activation_max;
    int8_t factor_step, narrow_sums;
} thimble_conv2d_s16_arguments;

typedef struct thimble_copy_s8_arguments {
    uint32_t input, output;
    int32_t rows, length, input_stride, output_stride;
} thimble_copy_s8_arguments;

typedef struct thimble_depthwise_conv2d_s8_arguments {
    uint32_t input, output, weights, bias, multiplier, shift, scratch;
    int32_t batches, input_height, input_width, output_height, output_width;
    uint16_t input_channels, depth_multiplier, kernel_height, kernel_width, stride_height;
    uint16_t stride_width, dilation_height, dilation_width;
    int16_t pad_top, pad_left;
    int8_t input_zero_point, output_zero_point, activation_min, activation_max;
} thimble_depthwise_conv2d_s8_arguments;

typedef struct thimble_depthwise_conv2d_s16_arguments {
    uint32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, input_height, input_width, output_height, output_width;
    uint16_t input_channels, depth_multiplier, kernel_height, kernel_width, stride_height;
    uint16_t stride_width, dilation_height, dilation_width;
    int16_t pad_top, pad_left, activation_min, activation_max;
    int8_t factor_step;
} thimble_depthwise_conv2d_s16_arguments;

typedef struct thimble_div_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], multiplier;
    int8_t a_zero_point, b_zero_point, output_zero_point, shift, bytes;
} thimble_div_arguments;

typedef struct thimble_emphasis_s16_arguments {
    uint32_t input, output;
    int32_t length;
    int16_t share;
} thimble_emphasis_s16_arguments;

typedef struct thimble_energy_s16_arguments {
    uint32_t input, output;
    int32_t length, start, end;
} thimble_energy_s16_arguments;

typedef struct thimble_events_arguments {
    uint32_t input, levels, state, output;
    int32_t classes, mask, hold, suppress;
    int8_t least, score_bytes;
} thimble_events_arguments;

typedef struct thimble_fft_auto_scale_s16_arguments {
    uint32_t input, output, bits;
    int32_t length;
} thimble_fft_auto_scale_s16_arguments;

typedef struct thimble_fifo_s16_arguments {
    uint32_t input, output, valid, samples, level;
    int32_t rows, chunks, capacity, write, read, discard, prefill, extend;
    int8_t tells;
} thimble_fifo_s16_arguments;

typedef struct thimble_filter_bank_u32_arguments {
    uint32_t input, output, weights, bands;
    int32_t channels;
} thimble_filter_bank_u32_arguments;

typedef struct thimble_fully_connected_per_channel_s8_arguments {
    uint32_t input, output, weights, bias, multiplier, shift, scratch;
    int32_t batches, depth, outputs;
    int8_t output_zero_point, activation_min, activation_max;
} thimble_fully_connected_per_channel_s8_arguments;

typedef struct thimble_fully_connected_s16_arguments {
    uint32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, depth, outputs;
    int16_t output_zero_point, activation_min, activation_max;
    int8_t factor_step, narrow_sums, output_bytes;
} thimble_fully_connected_s16_arguments;

typedef struct thimble_fully_connected_s8_arguments {
    uint32_t input, output, weights, bias;
    int32_t multiplier;
    uint32_t scratch;
    int32_t batches, depth, outputs;
    int8_t shift, output_zero_point, activation_min, activation_max;
} thimble_fully_connected_s8_arguments;

typedef struct thimble_fully_connected_s8_s16_arguments {
    uint32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, depth, outputs;
    int16_t output_zero_point, activation_min, activation_max;
    int8_t factor_step;
} thimble_fully_connected_s8_s16_arguments;

typedef struct thimble_fully_connected_w16_s16_arguments {
    uint32_t input, output, weights, bias, multiplier, shift;
    int32_t batches, depth, outputs;
    int16_t output_zero_point, activation_min, activation_max;
    int8_t factor_step, output_bytes;
} thimble_fully_connected_w16_s16_arguments;

typedef struct thimble_gru_s8_arguments {
    uint32_t input, output, weights, recurrent, bias, recurrent_bias, factors, start, hidden, state;
    uint32_t table;
    int32_t steps, inputs, units, output_multiplier;
    int8_t input_zero_point, output_zero_point, output_shift, reset_after;
} thimble_gru_s8_arguments;

typedef struct thimble_intervals_arguments {
    uint32_t input, output, table;
    int32_t rows, row_bytes, outputs, one;
    int8_t input_bytes, output_bytes;
} thimble_intervals_arguments;

typedef struct thimble_irfft_s16_arguments {
    uint32_t input, output, twiddles, real_twiddles, scratch;
    int32_t fft_length;
} thimble_irfft_s16_arguments;

typedef struct thimble_layer_norm_arguments {
    uint32_t input, output, factors, addends;
    int32_t rows, depth, inner, channels, epsilon;
    int16_t zero_point, output_zero_point;
    int8_t epsilon_shift, shift, input_bytes, output_bytes, center;
} thimble_layer_norm_arguments;

typedef struct thimble_log_softmax_s8_arguments {
    uint32_t input, output;
    int32_t rows, depth, multiplier, difference_min, back_multiplier;
    int8_t shift, back_shift;
} thimble_log_softmax_s8_arguments;

typedef struct thimble_log_u32_arguments {
    uint32_t input, output, table;
    int32_t length, output_scale;
    int8_t input_correction_bits;
} thimble_log_u32_arguments;

typedef struct thimble_sigmoid_s16_arguments {
    uint32_t input, output, table;
    int32_t length, multiplier;
    int8_t shift;
} thimble_sigmoid_s16_arguments;

typedef struct thimble_lookup_s16_arguments {
    uint32_t input, output, table;
    int32_t length;
} thimble_lookup_s16_arguments;

typedef struct thimble_lookup_s8_arguments {
    uint32_t input, output, table;
    int32_t length;
} thimble_lookup_s8_arguments;

typedef struct thimble_lstm_s8_arguments {
    uint32_t input, output, weights, recurrent, bias, factors, hidden, cell, table;
    int32_t steps, inputs, units, forget_multiplier, input_multiplier, output_multiplier;
    int32_t tanh_multiplier, cell_clip;
    int8_t input_zero_point, hidden_zero_point, forget_shift, input_shift, output_shift, tanh_shift;
} thimble_lstm_s8_arguments;

typedef struct thimble_maximum_s8_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4];
    int8_t flip;
} thimble_maximum_s8_arguments;

typedef struct thimble_mean_s16_arguments {
    uint32_t input, output;
    int32_t kept[2], reduced[2], kept_stride[2], reduced_stride[2], multiplier;
    int8_t shift;
} thimble_mean_s16_arguments;

typedef struct thimble_mean_s8_arguments {
    uint32_t input, output;
    int32_t kept[2], reduced[2], kept_stride[2], reduced_stride[2], correction, multiplier;
    int8_t shift, output_zero_point;
} thimble_mean_s8_arguments;

typedef struct thimble_mul_s16_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], output_multiplier;
    int16_t activation_min, activation_max;
    int8_t output_shift;
} thimble_mul_s16_arguments;

typedef struct thimble_mul_s8_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], output_multiplier;
    int8_t a_zero_point, b_zero_point, output_shift, output_zero_point, activation_min;
    int8_t activation_max;
} thimble_mul_s8_arguments;

typedef struct thimble_neighbours_arguments {
    uint32_t input, table, output, scratch;
    int32_t rows, candidates, count, outputs;
    int16_t output_zero_point;
    int8_t input_bytes, output_bytes, left_shift, right_shift;
} thimble_neighbours_arguments;

typedef struct thimble_normalize_arguments {
    uint32_t input, output;
    int32_t rows, depth, zero_point;
    int8_t bytes, norm, bits;
} thimble_normalize_arguments;

typedef struct thimble_overlap_add_s16_arguments {
    uint32_t input, state, output;
    int32_t rows, frames, size, step;
} thimble_overlap_add_s16_arguments;

typedef struct thimble_pad_s16_arguments {
    uint32_t input, output;
    int32_t length, value, offset, size[4], stride[3];
} thimble_pad_s16_arguments;

typedef struct thimble_pad_s8_arguments {
    uint32_t input, output;
    int32_t output_bytes, value, offset, size[4], stride[3];
} thimble_pad_s8_arguments;

typedef struct thimble_pcan_u32_arguments {
    uint32_t input, noise, table, output;
    int32_t length;
    int8_t snr_shift;
} thimble_pcan_u32_arguments;

typedef struct thimble_prelu_s8_arguments {
    uint32_t a, b, output;
    int32_t size[4], a_stride[4], b_stride[4], positive_multiplier, negative_multiplier;
    int8_t a_zero_point, b_zero_point, positive_shift, negative_shift, output_zero_point;
} thimble_prelu_s8_arguments;

typedef struct thimble_quadratic_arguments {
    uint32_t input, centres, weights, bias, output;
    int32_t rows, features, outputs;
    int16_t input_zero_point;
    int8_t input_bytes, left_shift, right_shift, root, output_shift;
} thimble_quadratic_arguments;

typedef struct thimble_reduce_max_s8_arguments {
    uint32_t input, output;
    int32_t kept[2], reduced[2], kept_stride[2], reduced_stride[2];
    int8_t flip;
} thimble_reduce_max_s8_arguments;

typedef struct thimble_rescale_s16_arguments {
    uint32_t input, output;
    int32_t length, multiplier, negative_multiplier;
    int16_t activation_min, activation_max;
    int8_t shift, negative_shift;
} thimble_rescale_s16_arguments;

typedef struct thimble_rescale_s16_s8_arguments {
    uint32_t input, output;
    int32_t length, multiplier;
    int16_t output_zero_point, activation_min, activation_max;
    int8_t shift;
} thimble_rescale_s16_s8_arguments;

typedef struct thimble_rescale_s8_s16_arguments {
    uint32_t input, output;
    int32_t length, multiplier;
    uint8_t flip;
    int8_t input_zero_point, shift;
} thimble_rescale_s8_s16_arguments;

typedef struct thimble_resize_bilinear_arguments {
    uint32_t input, output, rows, columns;
    int32_t batches, input_height, input_width, output_height, output_width, channels;
    int8_t bytes;
} thimble_resize_bilinear_arguments;

typedef struct thimble_resize_nearest_arguments {
    uint32_t input, output, rows, columns;
    int32_t batches, input_height, input_width, output_height, output_width, pixel_bytes;
} thimble_resize_nearest_arguments;

typedef struct thimble_rfft_s16_arguments {
    uint32_t input, output, twiddles, real_twiddles, scratch;
    int32_t input_length, fft_length;
} thimble_rfft_s16_arguments;

typedef struct thimble_scale_integers_arguments {
    uint32_t input, output;
    int32_t length, factor, addend, divisor, offset, min, max;
    int8_t input_bytes, output_bytes;
} thimble_scale_integers_arguments;

typedef struct thimble_signal_window_s16_arguments {
    uint32_t input, window, output;
    int32_t rows, length;
    int8_t shift, saturates;
} thimble_signal_window_s16_arguments;

typedef struct thimble_slide_arguments {
    uint32_t input, state, output;
    int32_t input_bytes, window_bytes;
} thimble_slide_arguments;

typedef struct thimble_softmax_s16_arguments {
    uint32_t input, output, exp, reciprocal;
    int32_t rows, depth, multiplier;
    int8_t shift;
} thimble_softmax_s16_arguments;

typedef struct thimble_softmax_s8_arguments {
    uint32_t input, output;
    int32_t rows, depth, multiplier, difference_min;
    int8_t shift;
} thimble_softmax_s8_arguments;

typedef struct thimble_spectral_subtraction_u32_arguments {
    uint32_t input, state, output, noise;
    int32_t length;
    uint16_t smoothing, one_minus_smoothing, alternate_smoothing, alternate_one_minus_smoothing;
    uint16_t min_signal_remaining;
    int8_t smoothing_bits, bits, clamping;
} thimble_spectral_subtraction_u32_arguments;

typedef struct thimble_square_root_u64_arguments {
    uint32_t input, output, bits;
    int32_t length;
} thimble_square_root_u64_arguments;

typedef struct thimble_statistics_s16_arguments {
    uint32_t input, output;
    int32_t length, channels, multiplier, shape_multiplier;
    uint8_t features, shift, shape_shift, centered;
} thimble_statistics_s16_arguments;

typedef struct thimble_strided_copy_arguments {
    uint32_t input, output;
    int32_t size[5], stride[5];
    int8_t element_bytes;
} thimble_strided_copy_arguments;

typedef struct thimble_subtract_max_arguments {
    uint32_t input, output;
    int32_t rows, depth, limit, multiplier;
    int8_t shift;
} thimble_subtract_max_arguments;

typedef struct thimble_svdf_s8_arguments {
    uint32_t input, output, feature, time, bias, state;
    int32_t depth, units, rank, memory, feature_multiplier, multiplier;
    int8_t narrow, input_zero_point, feature_shift, shift, output_zero_point;
} thimble_svdf_s8_arguments;

typedef struct thimble_svm_arguments {
    uint32_t input, vectors, coefficients, bias, output, counts, decisions, scratch;
    int32_t rows, features, count, columns, outputs, vector_zero_point, degree, addend, limit;
    int32_t multiplier;
    uint16_t groups;
    int16_t input_zero_point;
    int8_t input_bytes, vector_bytes, input_shift, kind, before, shift, output_shift;
} thimble_svm_arguments;

typedef struct thimble_svm_votes_arguments {
    uint32_t input, output, scratch;
    int32_t rows, classes, input_zero_point, one;
    int8_t input_bytes, vote_shift;
} thimble_svm_votes_arguments;

typedef struct thimble_transpose_conv2d_s8_arguments {
    uint32_t input, output, weights, bias, multiplier, shift, scratch;
    int32_t batches, input_height, input_width, output_height, output_width, output_batch_stride;
    int32_t output_row_stride, output_pixel_stride;
    uint16_t input_channels, output_channels, kernel_height, kernel_width, dilation_height;
    uint16_t dilation_width;
    int16_t pad_top, pad_left;
    int8_t input_zero_point, output_zero_point, activation_min, activation_max;
} thimble_transpose_conv2d_s8_arguments;

typedef struct thimble_tree_ensemble_arguments {
    uint32_t input, table;
    int32_t table_bytes;
    uint32_t terms;
    int32_t term_count;
    uint32_t base, output;
    uint16_t targets;
    int8_t target_bits;
    uint8_t short_leaves;
} thimble_tree_ensemble_arguments;

#endif
