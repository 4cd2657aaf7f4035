#include "native.h"
#include "tree_ensemble.h"

/* Bytes of a split. Nodes lie on even addresses. */
enum { SPLIT = 4 };

static inline int32_t load_s16(const uint8_t *at) {
    return *(const int16_t *)(const void *)at;
}

/* As in tree_ensemble_s8.c; features and thresholds have two bytes, offsets are in units of two. */
static inline const uint8_t *walk(const uint8_t *node, const uint8_t *end, const uint8_t *input,
                                  int32_t features) {
    for (;;) {
        int32_t feature = (int8_t)node[0];
        while (feature >= 0) {
            if (features < THIMBLE_TREE_FEATURES && feature >= features) return NULL;
            const int32_t value = load_s16(input + 2 * feature);
            if (value > load_s16(node + 2)) {
                node += 2 * node[1];
                if (node >= end) return NULL;
            }
            node += SPLIT;
            feature = (int8_t)node[0];
        }
        if (node >= end) return NULL;
        if (feature != THIMBLE_TREE_JUMP) return node;
        const uint32_t distance = thimble_tree_u16(node + 2);
        if (distance < SPLIT || distance % 2 != 0 || distance >= (uint32_t)(end - node)) return NULL;
        node += distance;
    }
}

static inline bool run(const thimble_tree_ensemble *a, uint8_t *memory, int32_t features) {
    const uint8_t *input = memory + a->input;
    const uint8_t *tree = memory + a->table;
    const uint8_t *end = tree + a->table_bytes;
    do {
        const uint32_t length = thimble_tree_u16(tree);
        if (length < 4 || length % 2 != 0 || length > (uint32_t)(end - tree)) return false;
        const uint8_t *node = walk(tree + 2, tree + length, input, features);
        if (!node) return false;
        if (!thimble_trees_add(a, memory, (~(int8_t)node[0] << 8) + node[1])) return false;
        tree += length;
    } while (tree < end);
    return true;
}

int thimble_tree_ensemble_s16(const int32_t *arguments, uint8_t *memory, uint32_t memory_bytes) {
    const thimble_tree_ensemble *a = (const thimble_tree_ensemble *)arguments;
    if (!thimble_trees_valid(a, memory, memory_bytes)) return -1;
    if (a->table % 2 != 0 || a->table_bytes % 2 != 0 || a->input % 2 != 0) return -1;
    if (a->input < 0 || (uint32_t)a->input >= memory_bytes) return -1;
    const uint32_t readable = (memory_bytes - (uint32_t)a->input) / 2;
    thimble_tree_output output;
    thimble_trees_begin(a, memory, &output);
    const bool valid = readable >= THIMBLE_TREE_FEATURES ? run(a, memory, THIMBLE_TREE_FEATURES)
                                                         : run(a, memory, (int32_t)readable);
    return valid ? 0 : thimble_trees_refuse(a, memory, &output);
}
