#include "native.h"
#include "tree_ensemble.h"

/* Bytes of a split. */
enum { SPLIT = 3 };

/*
 * The leaf that a walk from `node` ends at, or NULL where it leaves its tree, which ends at `end`. Nodes lead
 * forward only, so it ends. Features from `features` on are refused: 128 where all that a split can name may
 * be read.
 */
static inline const uint8_t *walk(const uint8_t *node, const uint8_t *end, const int8_t *input,
                                  int32_t features) {
    for (;;) {
        int32_t feature = (int8_t)node[0];
        while (feature >= 0) {
            if (features < THIMBLE_TREE_FEATURES && feature >= features) return NULL;
            const int32_t value = input[feature];
            if (value > (int8_t)node[1]) {
                node += node[2];
                /* Behind the end there may be no padding to stop at. */
                if (node >= end) return NULL;
            }
            node += SPLIT;
            feature = (int8_t)node[0];
        }
        if (node >= end) return NULL;
        if (feature != THIMBLE_TREE_JUMP) return node;
        const uint32_t distance = thimble_tree_u16(node + 1);
        if (distance < SPLIT || distance >= (uint32_t)(end - node)) return NULL;
        node += distance;
    }
}

static inline bool run(const thimble_tree_ensemble *a, uint8_t *memory, int32_t features) {
    const int8_t *input = (const int8_t *)memory + a->input;
    const uint8_t *tree = memory + a->table;
    const uint8_t *end = tree + a->table_bytes;
    const int32_t short_leaves = a->short_leaves;
    do {
        const uint32_t length = thimble_tree_u16(tree);
        if (length < 3 || length > (uint32_t)(end - tree)) return false;
        const uint8_t *node = walk(tree + 2, tree + length, input, features);
        if (!node) return false;
        int32_t leaf = ~(int8_t)node[0];
        if (leaf >= short_leaves) leaf = short_leaves + ((leaf - short_leaves) << 8) + node[1];
        if (!thimble_trees_add(a, memory, leaf)) return false;
        tree += length;
    } while (tree < end);
    return true;
}

int thimble_tree_ensemble_s8(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const thimble_tree_ensemble *a = (const thimble_tree_ensemble *)arguments;
    if (!thimble_trees_valid(a, memory, memory_bytes)) return -1;
    if (a->input < 0 || (uint32_t)a->input >= memory_bytes) return -1;
    const uint32_t readable = memory_bytes - (uint32_t)a->input;
    thimble_tree_output output;
    thimble_trees_begin(a, memory, &output);
    const bool valid = readable >= THIMBLE_TREE_FEATURES ? run(a, memory, THIMBLE_TREE_FEATURES)
                                                         : run(a, memory, (int32_t)readable);
    return valid ? 0 : thimble_trees_refuse(a, memory, &output);
}
