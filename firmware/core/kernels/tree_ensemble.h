/* What the forest kernels share. host/ops/tree_table.ts describes the table's bytes. */
#ifndef THIMBLE_KERNELS_TREE_ENSEMBLE_H
#define THIMBLE_KERNELS_TREE_ENSEMBLE_H

#include "check.h"

enum {
    THIMBLE_TREE_FEATURES = 128, /* numbered by seven bits, as targets are */
    THIMBLE_TREE_JUMP = -128,    /* first byte of a node */
    /*
     * Bytes behind a table, all of them first bytes of leaves: wherever in the table a walk is, one that only goes
     * on to the next node ends there at the latest, so that a check of every other step is enough.
     */
    THIMBLE_TREE_PADDING = 4,
};

typedef struct thimble_tree_ensemble {
    int32_t input, table, table_bytes, terms, term_bytes, term_count, short_leaves, base, output, targets;
} thimble_tree_ensemble;

/*
 * Whether output, base, table with its padding and terms lie in linear memory, the output apart from the others.
 * The features that splits ask for are the caller's to check.
 */
bool thimble_trees_valid(const thimble_tree_ensemble *a, const uint8_t *memory, uint32_t memory_bytes);

/* What the sums begin with. */
void thimble_trees_begin(const thimble_tree_ensemble *a, uint8_t *memory);

static inline uint32_t thimble_tree_u16(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8;
}

/* Adds the list that begins with that term to the sums; false where it leaves the terms or the targets. */
static inline bool thimble_trees_add(const thimble_tree_ensemble *a, uint8_t *memory, int32_t term,
                                     int32_t term_bytes) {
    const uint8_t *at = memory + a->terms + term * term_bytes;
    uint32_t head;
    do {
        if (term++ >= a->term_count) return false;
        head = at[0];
        const int32_t target = head & 0x7f;
        if (target >= a->targets) return false;
        const int32_t value = term_bytes == 2 ? (int8_t)at[1] : (int16_t)thimble_tree_u16(at + 1);
        int16_t *sum = (int16_t *)(void *)(memory + a->output + 2 * target);
        *sum = (int16_t)(*sum + value);
        at += term_bytes;
    } while (head < 0x80);
    return true;
}

#endif
