#include "native.h"
#include "tree_ensemble.h"

/* Bytes of a split. */
enum { SPLIT = 3 };

/*
 * The leaf that a walk from `node` ends at, or NULL where it leaves the table, which ends at `end`. Nodes
 * lead forward only, so it ends; that it stays in its tree is of no concern here, as of none to the twin.
 * Features from `features` on are refused: 128 where all that a split can name may be read.
 */
static inline const uint8_t *walk(const uint8_t *node, const uint8_t *end, const int8_t *input,
                                  int32_t features) {
    for (;;) {
        int32_t feature = (int8_t)node[0];
        while (feature >= 0) {
            if (features < THIMBLE_TREE_FEATURES && feature >= features) return NULL;
            const int32_t value     = input[feature];
            const int32_t threshold = (int8_t)node[1];
            if (value > threshold) {
                node += node[2];
                /* Behind the end there may be no padding to stop at. */
                if (node >= end) return NULL;
            }
            node += SPLIT;
            THIMBLE_ONE_REGISTER(node);
            feature = (int8_t)node[0];
        }
        if (node >= end) return NULL;
        if (feature != THIMBLE_TREE_JUMP) return node;
        const uint32_t distance = thimble_tree_u16(node + 1);
        if (distance < SPLIT || distance >= (uint32_t)(end - node)) return NULL;
        node += distance;
    }
}

static inline bool run(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory,
                       thimble_tree_sums *sums, int32_t features) {
    const int8_t *input        = (const int8_t *)thimble_at(memory, a->input);
    const uint8_t *table       = thimble_at(memory, a->table);
    const uint32_t bytes       = (uint32_t)a->table_bytes;
    const int32_t short_leaves = a->short_leaves;
    /* Where the table ends in the midst of a tree, its padding ends the walk. */
    uint32_t tree = 0;
    do {
        const uint32_t length = thimble_tree_u16(table + tree);
        if (length < 3) return false;
        const uint8_t *node = walk(table + tree + 2, table + bytes, input, features);
        if (!node) return false;
        int32_t leaf = ~(int8_t)node[0];
        if (leaf >= short_leaves) leaf = short_leaves + ((leaf - short_leaves) << 8) + node[1];
        if (!thimble_trees_add(sums, (uint32_t)leaf)) return false;
        tree += length;
    } while (tree < bytes);
    return true;
}

int thimble_tree_ensemble_s8(const thimble_memory *memory, const void *block) {
    const thimble_tree_ensemble_arguments *a = block;
    if (!thimble_trees_valid(a, memory)) return -1;
    if (a->input >= memory->constants_at) return -1;
    const uint32_t readable = memory->constants_at - a->input;
    thimble_tree_sums sums;
    thimble_trees_begin(a, memory, &sums);
    const bool valid = readable >= THIMBLE_TREE_FEATURES ? run(a, memory, &sums, THIMBLE_TREE_FEATURES)
                                                         : run(a, memory, &sums, (int32_t)readable);
    return valid ? 0 : thimble_trees_refuse(&sums);
}
