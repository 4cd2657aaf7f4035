#include "../kernels.h"

#include <stddef.h>

#include "native.h"

/*
 * Kernels of one contract (lanes, stationary) differ in what suits an interpreter: natively they are one.
 * Left out, a kernel is referred to by nobody, and the linker drops its code (-ffunction-sections).
 */
const thimble_kernel thimble_kernels[] = {
#ifndef THIMBLE_NO_ADD_S16
    {"kernel.add_s16.1", sizeof(thimble_add_s16_arguments), thimble_add_s16},
#endif
#ifndef THIMBLE_NO_ADD
    {"kernel.add_s8.1", sizeof(thimble_add_s8_arguments), thimble_add_s8},
#endif
#ifndef THIMBLE_NO_ARITHMETIC_S32
    {"kernel.arithmetic_s32.1", sizeof(thimble_arithmetic_s32_arguments), thimble_arithmetic_s32},
#endif
#ifndef THIMBLE_NO_AVERAGE_POOL2D
    {"kernel.average_pool2d_s8.1", sizeof(thimble_pool2d_arguments), thimble_average_pool2d_s8},
#endif
#ifndef THIMBLE_NO_BATCH_MATMUL_S16
    {"kernel.batch_matmul_s16.1", sizeof(thimble_batch_matmul_arguments), thimble_batch_matmul_s16},
#endif
#ifndef THIMBLE_NO_BATCH_MATMUL
    {"kernel.batch_matmul_s8.1", sizeof(thimble_batch_matmul_arguments), thimble_batch_matmul_s8},
#endif
#ifndef THIMBLE_NO_CENTER_S16
    {"kernel.center_s16.1", sizeof(thimble_center_s16_arguments), thimble_center_s16},
#endif
#ifndef THIMBLE_NO_CONV2D
    {"kernel.conv2d_lanes_s8.1", sizeof(thimble_conv2d_s8_arguments), thimble_conv2d_s8},
    {"kernel.conv2d_long_lanes_s8.1", sizeof(thimble_conv2d_s8_arguments), thimble_conv2d_s8},
#endif
#ifndef THIMBLE_NO_CONV2D_S16
    {"kernel.conv2d_s16.1", sizeof(thimble_conv2d_s16_arguments), thimble_conv2d_s16},
#endif
#ifndef THIMBLE_NO_CONV2D
    {"kernel.conv2d_s8.2", sizeof(thimble_conv2d_s8_arguments), thimble_conv2d_s8},
#endif
#ifndef THIMBLE_NO_CONV2D_W4
    {"kernel.conv2d_w4_lanes_s8.1", sizeof(thimble_conv2d_s8_arguments), thimble_conv2d_w4_s8},
    {"kernel.conv2d_w4_s8.1", sizeof(thimble_conv2d_s8_arguments), thimble_conv2d_w4_s8},
#endif
#ifndef THIMBLE_NO_COPY
    {"kernel.copy_s8.1", sizeof(thimble_copy_s8_arguments), thimble_copy_s8},
#endif
#ifndef THIMBLE_NO_DEPTHWISE_CONV2D
    {"kernel.depthwise_conv2d_lanes_s8.1", sizeof(thimble_depthwise_conv2d_s8_arguments),
     thimble_depthwise_conv2d_s8},
#endif
#ifndef THIMBLE_NO_DEPTHWISE_CONV2D_S16
    {"kernel.depthwise_conv2d_s16.1", sizeof(thimble_depthwise_conv2d_s16_arguments),
     thimble_depthwise_conv2d_s16},
#endif
#ifndef THIMBLE_NO_DEPTHWISE_CONV2D
    {"kernel.depthwise_conv2d_s8.2", sizeof(thimble_depthwise_conv2d_s8_arguments),
     thimble_depthwise_conv2d_s8},
#endif
#ifndef THIMBLE_NO_DIV
    {"kernel.div.1", sizeof(thimble_div_arguments), thimble_div},
#endif
#ifndef THIMBLE_NO_EMPHASIS_S16
    {"kernel.emphasis_s16.1", sizeof(thimble_emphasis_s16_arguments), thimble_emphasis_s16},
#endif
#ifndef THIMBLE_NO_ENERGY_S16
    {"kernel.energy_s16.1", sizeof(thimble_energy_s16_arguments), thimble_energy_s16},
#endif
#ifndef THIMBLE_NO_EVENTS
    {"kernel.events.1", sizeof(thimble_events_arguments), thimble_events},
#endif
#ifndef THIMBLE_NO_FFT_AUTO_SCALE_S16
    {"kernel.fft_auto_scale_s16.1", sizeof(thimble_fft_auto_scale_s16_arguments), thimble_fft_auto_scale_s16},
#endif
#ifndef THIMBLE_NO_FILTER_BANK_U32
    {"kernel.filter_bank_u32.1", sizeof(thimble_filter_bank_u32_arguments), thimble_filter_bank_u32},
#endif
#ifndef THIMBLE_NO_FULLY_CONNECTED_PER_CHANNEL
    {"kernel.fully_connected_per_channel_s8.2", sizeof(thimble_fully_connected_per_channel_s8_arguments),
     thimble_fully_connected_per_channel_s8},
    {"kernel.fully_connected_per_channel_stationary_s8.1",
     sizeof(thimble_fully_connected_per_channel_s8_arguments), thimble_fully_connected_per_channel_s8},
#endif
#ifndef THIMBLE_NO_FULLY_CONNECTED_S16
    {"kernel.fully_connected_s16.1", sizeof(thimble_fully_connected_s16_arguments),
     thimble_fully_connected_s16},
#endif
#ifndef THIMBLE_NO_FULLY_CONNECTED
    {"kernel.fully_connected_s8.2", sizeof(thimble_fully_connected_s8_arguments), thimble_fully_connected_s8},
#endif
#ifndef THIMBLE_NO_FULLY_CONNECTED_S8_S16
    {"kernel.fully_connected_s8_s16.1", sizeof(thimble_fully_connected_s8_s16_arguments),
     thimble_fully_connected_s8_s16},
#endif
#ifndef THIMBLE_NO_FULLY_CONNECTED
    {"kernel.fully_connected_stationary_s8.1", sizeof(thimble_fully_connected_s8_arguments),
     thimble_fully_connected_s8},
#endif
#ifndef THIMBLE_NO_FULLY_CONNECTED_W16_S16
    {"kernel.fully_connected_w16_s16.1", sizeof(thimble_fully_connected_w16_s16_arguments),
     thimble_fully_connected_w16_s16},
#endif
#ifndef THIMBLE_NO_LAYER_NORM
    {"kernel.layer_norm.1", sizeof(thimble_layer_norm_arguments), thimble_layer_norm},
#endif
#ifndef THIMBLE_NO_LOG_U32
    {"kernel.log_u32.1", sizeof(thimble_log_u32_arguments), thimble_log_u32},
#endif
#ifndef THIMBLE_NO_LOGISTIC_S16
    {"kernel.logistic_s16.1", sizeof(thimble_sigmoid_s16_arguments), thimble_logistic_s16},
#endif
#ifndef THIMBLE_NO_LOOKUP_S16
    {"kernel.lookup_s16.1", sizeof(thimble_lookup_s16_arguments), thimble_lookup_s16},
#endif
#ifndef THIMBLE_NO_LOOKUP
    {"kernel.lookup_s8.1", sizeof(thimble_lookup_s8_arguments), thimble_lookup_s8},
#endif
#ifndef THIMBLE_NO_MAX_POOL2D
    {"kernel.max_pool2d_s8.1", sizeof(thimble_pool2d_arguments), thimble_max_pool2d_s8},
#endif
#ifndef THIMBLE_NO_MEAN_S16
    {"kernel.mean_s16.1", sizeof(thimble_mean_s16_arguments), thimble_mean_s16},
#endif
#ifndef THIMBLE_NO_MEAN
    {"kernel.mean_s8.1", sizeof(thimble_mean_s8_arguments), thimble_mean_s8},
#endif
#ifndef THIMBLE_NO_MUL_S16
    {"kernel.mul_s16.1", sizeof(thimble_mul_s16_arguments), thimble_mul_s16},
#endif
#ifndef THIMBLE_NO_MUL
    {"kernel.mul_s8.1", sizeof(thimble_mul_s8_arguments), thimble_mul_s8},
#endif
#ifndef THIMBLE_NO_PAD
    {"kernel.pad_s8.1", sizeof(thimble_pad_s8_arguments), thimble_pad_s8},
#endif
#ifndef THIMBLE_NO_PCAN_U32
    {"kernel.pcan_u32.1", sizeof(thimble_pcan_u32_arguments), thimble_pcan_u32},
#endif
#ifndef THIMBLE_NO_RESCALE_S16
    {"kernel.rescale_s16.1", sizeof(thimble_rescale_s16_arguments), thimble_rescale_s16},
#endif
#ifndef THIMBLE_NO_RESCALE_S16_S8
    {"kernel.rescale_s16_s8.1", sizeof(thimble_rescale_s16_s8_arguments), thimble_rescale_s16_s8},
#endif
#ifndef THIMBLE_NO_RESCALE_S8_S16
    {"kernel.rescale_s8_s16.1", sizeof(thimble_rescale_s8_s16_arguments), thimble_rescale_s8_s16},
#endif
#ifndef THIMBLE_NO_RFFT_S16
    {"kernel.rfft_s16.1", sizeof(thimble_rfft_s16_arguments), thimble_rfft_s16},
#endif
#ifndef THIMBLE_NO_SCALE_INTEGERS
    {"kernel.scale_integers.1", sizeof(thimble_scale_integers_arguments), thimble_scale_integers},
#endif
#ifndef THIMBLE_NO_SIGNAL_WINDOW_S16
    {"kernel.signal_window_s16.1", sizeof(thimble_signal_window_s16_arguments), thimble_signal_window_s16},
#endif
#ifndef THIMBLE_NO_SLIDE
    {"kernel.slide.1", sizeof(thimble_slide_arguments), thimble_slide},
#endif
#ifndef THIMBLE_NO_SOFTMAX_S16
    {"kernel.softmax_s16.1", sizeof(thimble_softmax_s16_arguments), thimble_softmax_s16},
#endif
#ifndef THIMBLE_NO_SOFTMAX
    {"kernel.softmax_s8.1", sizeof(thimble_softmax_s8_arguments), thimble_softmax_s8},
#endif
#ifndef THIMBLE_NO_SPECTRAL_SUBTRACTION_U32
    {"kernel.spectral_subtraction_u32.1", sizeof(thimble_spectral_subtraction_u32_arguments),
     thimble_spectral_subtraction_u32},
#endif
#ifndef THIMBLE_NO_SQUARE_ROOT_U64
    {"kernel.square_root_u64.1", sizeof(thimble_square_root_u64_arguments), thimble_square_root_u64},
#endif
#ifndef THIMBLE_NO_STATISTICS_S16
    {"kernel.statistics_s16.1", sizeof(thimble_statistics_s16_arguments), thimble_statistics_s16},
#endif
#ifndef THIMBLE_NO_TANH_S16
    {"kernel.tanh_s16.1", sizeof(thimble_sigmoid_s16_arguments), thimble_tanh_s16},
#endif
#ifndef THIMBLE_NO_TREE_ENSEMBLE_EXTENDED_S16
    {"kernel.tree_ensemble_extended_s16.1", sizeof(thimble_tree_ensemble_arguments),
     thimble_tree_ensemble_extended_s16},
#endif
#ifndef THIMBLE_NO_TREE_ENSEMBLE_EXTENDED_S8
    {"kernel.tree_ensemble_extended_s8.1", sizeof(thimble_tree_ensemble_arguments),
     thimble_tree_ensemble_extended_s8},
#endif
#ifndef THIMBLE_NO_TREE_ENSEMBLE_S16
    {"kernel.tree_ensemble_s16.1", sizeof(thimble_tree_ensemble_arguments), thimble_tree_ensemble_s16},
#endif
#ifndef THIMBLE_NO_TREE_ENSEMBLE_S8
    {"kernel.tree_ensemble_s8.1", sizeof(thimble_tree_ensemble_arguments), thimble_tree_ensemble_s8},
#endif
    {NULL, 0, NULL}, /* C has no empty arrays */
};

const unsigned thimble_kernel_count = sizeof thimble_kernels / sizeof thimble_kernels[0] - 1;
