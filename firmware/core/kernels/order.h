/*
 * For loops that need every register: to be included before anything else.
 *
 * Their statements are in the order that needs the fewest registers. Loads moved ahead of their use, which
 * the compiler does for the sake of pipelines, would each cost a store and a load; so would sums in another
 * order, and pointers kept twice. At -O3 loops are kept in several forms: 3 KB more, and no faster.
 */
#ifndef THIMBLE_KERNELS_ORDER_H
#define THIMBLE_KERNELS_ORDER_H

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "no-schedule-insns", "no-tree-reassoc", "no-ivopts")
/* Before a loop whose body is large. */
#define THIMBLE_NO_UNROLL _Pragma("GCC unroll 1")
#else
#define THIMBLE_NO_UNROLL
#endif

/* Of two bytes; sums of such products wrap. */
#define THIMBLE_PRODUCT(a, b) ((uint32_t)((a) * (b)))

#endif
