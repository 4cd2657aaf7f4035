#include "native.h"
#include "tree_ensemble.h"

/* Bytes of a split. Nodes lie on even addresses. */
enum { SPLIT = 4 };

static inline int32_t load_s16(const uint8_t *at) { return *(const int16_t *)(const void *)at; }

/* As in tree_ensemble_s8.c; features and thresholds have two bytes, offsets are in units of two. */
static inline const uint8_t *walk(const uint8_t *node, const uint8_t *end, const uint8_t *input,
                                  int32_t features) {
    for (;;) {
        int32_t feature = (int8_t)node[0];
        while (feature >= 0) {
            if (features < THIMBLE_TREE_FEATURES && feature >= features) return NULL;
            const int32_t value     = load_s16(input + 2 * feature);
            const int32_t threshold = load_s16(node + 2);
            if (value > threshold) {
                node += 2 * node[1];
                /* Behind the end there may be no padding to stop at. */
                if (node >= end) return NULL;
            }
            node += SPLIT;
            THIMBLE_ONE_REGISTER(node);
            feature = (int8_t)node[0];
        }
        if (node >= end) return NULL;
        if (feature != THIMBLE_TREE_JUMP) return node;
        const uint32_t distance = thimble_tree_u16(node + 2);
        if (distance < SPLIT || distance % 2 != 0 || distance >= (uint32_t)(end - node)) return NULL;
        node += distance;
    }
}

static inline bool run(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory,
                       thimble_tree_sums *sums, int32_t features) {
    const uint8_t *input = thimble_at(memory, a->input);
    const uint8_t *table = thimble_at(memory, a->table);
    const uint32_t bytes = (uint32_t)a->table_bytes;
    /* Where the table ends in the midst of a tree, its padding ends the walk. */
    uint32_t tree = 0;
    do {
        const uint32_t length = thimble_tree_u16(table + tree);
        if (length < 4 || length % 2 != 0) return false;
        const uint8_t *node = walk(table + tree + 2, table + bytes, input, features);
        if (!node) return false;
        if (!thimble_trees_add(sums, ((uint32_t) ~(int8_t)node[0] << 8) + node[1])) return false;
        tree += length;
    } while (tree < bytes);
    return true;
}

int thimble_tree_ensemble_s16(const thimble_memory *memory, const void *block) {
    const thimble_tree_ensemble_arguments *a = block;
    if (!thimble_trees_valid(a, memory)) return -1;
    if (((uintptr_t)thimble_at(memory, a->table) | (uint32_t)a->table_bytes | a->input) % 2 != 0) return -1;
    if (a->input >= memory->constants_at) return -1;
    const uint32_t readable = (memory->constants_at - a->input) / 2;
    thimble_tree_sums sums;
    thimble_trees_begin(a, memory, &sums);
    const bool valid = readable >= THIMBLE_TREE_FEATURES ? run(a, memory, &sums, THIMBLE_TREE_FEATURES)
                                                         : run(a, memory, &sums, (int32_t)readable);
    return valid ? 0 : thimble_trees_refuse(&sums);
}
