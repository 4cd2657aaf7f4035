/*
 * One rival's forest on the emulated microcontroller: instructions of each prediction and the class it gives,
 * for each row, as pairs of int32 in the file results.bin of the host. Built once for each of them, with
 * -DRIVAL_<NAME>; RIVAL_NONE is what all have beside the forest.
 */
#include <stdint.h>

#include "board.h"
#include "rows.h"

#if defined(RIVAL_EMLEARN_INLINE)
#include "emlearn_inline.h"
typedef int16_t feature;
#elif defined(RIVAL_EMLEARN_LOADABLE)
#include "emlearn_loadable.h"
typedef int16_t feature;
#elif defined(RIVAL_M2CGEN)
void score(double *input, double *output);
typedef double feature;
#else
typedef int16_t feature;
#endif

static int32_t classify(feature *row) {
#if defined(RIVAL_EMLEARN_INLINE) || defined(RIVAL_EMLEARN_LOADABLE)
    return digits_predict(row, FEATURES);
#elif defined(RIVAL_M2CGEN)
    /* The probabilities; the greatest is as little the model's part as with our module. */
    static double output[CLASSES];
    score(row, output);
    int32_t best = 0;
    for (int32_t i = 1; i < CLASSES; i++) {
        /* Positive doubles are in the order of their bits. */
        const union {
            double real;
            int64_t bits;
        } a = {output[i]}, b = {output[best]};
        if (a.bits > b.bits) best = i;
    }
    return best;
#else
    return row[0];
#endif
}

/* Its own function, so that no compiler moves the work out from between the counters. */
static __attribute__((noinline)) uint32_t measure(feature *row, int32_t *result) {
    const uint64_t start = board_instructions();
    *result              = classify(row);
    return (uint32_t)(board_instructions() - start);
}

int main(void) {
    static feature row[FEATURES];
    static int32_t results[ROWS][2];
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < FEATURES; j++) row[j] = rows[i][j];
        results[i][0] = (int32_t)measure(row, &results[i][1]);
    }
    const int32_t file = board_file_open("results.bin", BOARD_FILE_WRITE);
    return board_file_write(file, results, sizeof results) ? BOARD_OK : BOARD_REQUEST;
}
