/* What the forest kernels share. host/ops/tree_table.ts describes the table's bytes. */
#ifndef THIMBLE_KERNELS_TREE_ENSEMBLE_H
#define THIMBLE_KERNELS_TREE_ENSEMBLE_H

#include "check.h"
#include "native.h"

/* Of so few bytes memcpy, which compilers make of loops, takes the libraries of microcontrollers longer. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* Keeps a pointer in one register: compilers take two, before and after a step, and move it each time. */
#if defined(__GNUC__)
#define THIMBLE_ONE_REGISTER(pointer) __asm__("" : "+r"(pointer))
#else
#define THIMBLE_ONE_REGISTER(pointer) (void)(pointer)
#endif

enum {
    THIMBLE_TREE_FEATURES = 128, /* numbered by seven bits */
    THIMBLE_TREE_TARGETS  = 128,
    THIMBLE_TREE_LEAVES   = 127,  /* first bytes of leaves */
    THIMBLE_TREE_JUMP     = -128, /* first byte of a node */
    /*
     * Bytes behind a table, all of them first bytes of leaves: wherever in the table a walk is, one that only
     * goes on to the next node ends there at the latest, so that a check of every other step is enough.
     */
    THIMBLE_TREE_PADDING = 4,
};

/*
 * Whether output, base, table with its padding and terms lie where they must: the output in the part of
 * memory that is written, the others among the constants. The features that splits ask for are the caller's
 * to check.
 */
bool thimble_trees_valid(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory);

/*
 * The sums, and the output as it was, for a table that turns out to be wrong half-way. They grow in the
 * output, as the twin's do, since splits may ask for features that lie in it.
 */
typedef struct thimble_tree_sums {
    const int16_t *terms;
    uint32_t term_count;
    /* Of a term, twice the number of its target, which is the place of its sum in bytes. */
    uint32_t place_mask;
    uint32_t bytes;
    int32_t value_shift;
    int16_t *sums;
    int16_t before[THIMBLE_TREE_TARGETS];
} thimble_tree_sums;

/* What the sums begin with, of valid arguments. */
void thimble_trees_begin(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory,
                         thimble_tree_sums *to);

/* Undoes everything; returns -1. */
int thimble_trees_refuse(const thimble_tree_sums *sums);

static inline uint32_t thimble_tree_u16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }

/* Adds the list that begins with that term to the sums; false where it leaves the terms or the targets. */
static inline bool thimble_trees_add(thimble_tree_sums *to, uint32_t term) {
    if (term >= to->term_count) return false;
    uint8_t *sums = (uint8_t *)to->sums;
    THIMBLE_ONE_REGISTER(sums);
    const int16_t *at  = to->terms + term;
    const int16_t *end = to->terms + to->term_count;
    for (;;) {
        const int32_t word   = *at++;
        const uint32_t place = (uint32_t)word & to->place_mask;
        if (place >= to->bytes) return false;
        int16_t *sum = (int16_t *)(void *)(sums + place);
        *sum         = (int16_t)(*sum + (word >> to->value_shift));
        if ((word & 1) != 0) return true;
        if (at == end) return false;
    }
}

#endif
