#include "block.h"

/*
 * With sixteen sums and eight pointers every register is taken: loads moved ahead of their use, which the
 * compiler does for the sake of pipelines, would each cost a store and a load.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define KEEP_ORDER __attribute__((optimize("no-schedule-insns")))
#else
#define KEEP_ORDER
#endif

KEEP_ORDER
void thimble_block_wide(int32_t sums[THIMBLE_BLOCK][THIMBLE_BLOCK], const int8_t *filter,
                        int32_t filter_bytes, const int8_t *pixel, int32_t pixel_bytes, int32_t length) {
    const int8_t *w0 = filter, *w1 = w0 + filter_bytes, *w2 = w1 + filter_bytes, *w3 = w2 + filter_bytes;
    const int8_t *p0 = pixel, *p1 = p0 + pixel_bytes, *p2 = p1 + pixel_bytes, *p3 = p2 + pixel_bytes;
    const int8_t *const end = w0 + length;
    int32_t s00 = sums[0][0], s01 = sums[0][1], s02 = sums[0][2], s03 = sums[0][3];
    int32_t s10 = sums[1][0], s11 = sums[1][1], s12 = sums[1][2], s13 = sums[1][3];
    int32_t s20 = sums[2][0], s21 = sums[2][1], s22 = sums[2][2], s23 = sums[2][3];
    int32_t s30 = sums[3][0], s31 = sums[3][1], s32 = sums[3][2], s33 = sums[3][3];
#define STEP(i) \
    do { \
        const int32_t x0 = p0[i], x1 = p1[i], x2 = p2[i], x3 = p3[i]; \
        int32_t w = w0[i]; \
        s00 += w * x0, s01 += w * x1, s02 += w * x2, s03 += w * x3; \
        w = w1[i]; \
        s10 += w * x0, s11 += w * x1, s12 += w * x2, s13 += w * x3; \
        w = w2[i]; \
        s20 += w * x0, s21 += w * x1, s22 += w * x2, s23 += w * x3; \
        w = w3[i]; \
        s30 += w * x0, s31 += w * x1, s32 += w * x2, s33 += w * x3; \
    } while (0)
    if ((length & 1) != 0) {
        STEP(0);
        w0++, w1++, w2++, w3++, p0++, p1++, p2++, p3++;
    }
    while (w0 < end) {
        STEP(0);
        STEP(1);
        w0 += 2, w1 += 2, w2 += 2, w3 += 2, p0 += 2, p1 += 2, p2 += 2, p3 += 2;
    }
#undef STEP
    sums[0][0] = s00, sums[0][1] = s01, sums[0][2] = s02, sums[0][3] = s03;
    sums[1][0] = s10, sums[1][1] = s11, sums[1][2] = s12, sums[1][3] = s13;
    sums[2][0] = s20, sums[2][1] = s21, sums[2][2] = s22, sums[2][3] = s23;
    sums[3][0] = s30, sums[3][1] = s31, sums[3][2] = s32, sums[3][3] = s33;
}

KEEP_ORDER
void thimble_block_narrow(int32_t sums[THIMBLE_BLOCK], const int8_t *filter, int32_t filter_bytes,
                          const int8_t *pixel, int32_t length, int32_t zero_point) {
    const int8_t *w0 = filter, *w1 = w0 + filter_bytes, *w2 = w1 + filter_bytes, *w3 = w2 + filter_bytes;
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
#define STEP(i) \
    do { \
        const int32_t x = pixel[i] - zero_point; \
        s0 += w0[i] * x, s1 += w1[i] * x, s2 += w2[i] * x, s3 += w3[i] * x; \
    } while (0)
    for (; (length & 3) != 0; length--) {
        STEP(0);
        pixel++, w0++, w1++, w2++, w3++;
    }
    for (const int8_t *const end = pixel + length; pixel < end;) {
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
        pixel += 4, w0 += 4, w1 += 4, w2 += 4, w3 += 4;
    }
#undef STEP
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

int32_t thimble_block_dense(uint32_t sums[THIMBLE_BLOCK], const int8_t *rows, int32_t row_bytes,
                            int32_t count, const int8_t *input) {
    if (count < THIMBLE_BLOCK || row_bytes > THIMBLE_BLOCK_LENGTH) {
        sums[0] = 0;
        for (int32_t i = 0; i < row_bytes; i++) sums[0] += (uint32_t)(rows[i] * input[i]);
        return 1;
    }
    int32_t block[THIMBLE_BLOCK] = {0};
    thimble_block_narrow(block, rows, row_bytes, input, row_bytes, 0);
    for (int i = 0; i < THIMBLE_BLOCK; i++) sums[i] = (uint32_t)block[i];
    return THIMBLE_BLOCK;
}
