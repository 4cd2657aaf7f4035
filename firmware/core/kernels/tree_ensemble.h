/* What the forest kernels share. host/ops/tree_table.ts describes the table's bytes. */
#ifndef THIMBLE_KERNELS_TREE_ENSEMBLE_H
#define THIMBLE_KERNELS_TREE_ENSEMBLE_H

#include "check.h"

enum {
    THIMBLE_TREE_FEATURES = 128, /* numbered by seven bits */
    THIMBLE_TREE_TARGETS = 128,
    THIMBLE_TREE_LEAVES = 127, /* first bytes of leaves */
    THIMBLE_TREE_JUMP = -128,    /* first byte of a node */
    /*
     * Bytes behind a table, all of them first bytes of leaves: wherever in the table a walk is, one that only
     * goes on to the next node ends there at the latest, so that a check of every other step is enough.
     */
    THIMBLE_TREE_PADDING = 4,
};

typedef struct thimble_tree_ensemble {
    int32_t input, table, table_bytes, terms, term_count, target_bits, short_leaves;
    int32_t base, output, targets;
} thimble_tree_ensemble;

/*
 * Whether output, base, table with its padding and terms lie in linear memory, the output apart from the
 * others.
 * The features that splits ask for are the caller's to check.
 */
bool thimble_trees_valid(const thimble_tree_ensemble *a, const uint8_t *memory, uint32_t memory_bytes);

/* The output as it was, for a table that turns out to be wrong half-way. */
typedef struct thimble_tree_output {
    int16_t before[THIMBLE_TREE_TARGETS];
} thimble_tree_output;

/* What the sums begin with. */
void thimble_trees_begin(const thimble_tree_ensemble *a, uint8_t *memory, thimble_tree_output *output);

/* Undoes everything; returns -1. */
int thimble_trees_refuse(const thimble_tree_ensemble *a, uint8_t *memory, const thimble_tree_output *output);

static inline uint32_t thimble_tree_u16(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8;
}

/* Adds the list that begins with that term to the sums; false where it leaves the terms or the targets. */
static inline bool thimble_trees_add(const thimble_tree_ensemble *a, uint8_t *memory, int32_t term) {
    const int16_t *at = (const int16_t *)(const void *)(memory + a->terms) + term;
    const int16_t *end = (const int16_t *)(const void *)(memory + a->terms) + a->term_count;
    int16_t *sums = (int16_t *)(void *)(memory + a->output);
    const int32_t mask = (1 << a->target_bits) - 1;
    int32_t word;
    do {
        if (at >= end) return false;
        word = *at++;
        const int32_t target = word >> 1 & mask;
        if (target >= a->targets) return false;
        sums[target] = (int16_t)(sums[target] + (word >> (a->target_bits + 1)));
    } while ((word & 1) == 0);
    return true;
}

#endif
