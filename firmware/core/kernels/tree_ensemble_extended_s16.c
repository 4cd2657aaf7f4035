#include "native.h"
#include "tree_ensemble.h"
#include "tree_ensemble_extended.h"

/*
 * Bytes of a split, and of a long one without its set; bits of the third byte of a long one. Nodes lie
 * on even addresses.
 */
enum { SPLIT = 4, LONG_SPLIT = 6, LONG = 1, MISSING_GOES_ON = 2, SET = 4, MISSING = 32767 };

static inline int32_t load_s16(const uint8_t *at) { return *(const int16_t *)(const void *)at; }

/* As in tree_ensemble_extended_s8.c. A mask of an odd number of bytes would leave even addresses. */
static const uint8_t *walk_long(const uint8_t *node, const uint8_t *end, const uint8_t *input,
                                uint32_t features) {
    if (end - node <= LONG_SPLIT) return NULL;
    const uint32_t what    = node[2];
    const uint32_t feature = (what & 0x38) << 5 | node[1];
    if (feature >= features) return NULL;
    const int32_t value  = load_s16(input + 2 * feature);
    const int32_t low    = load_s16(node + 4);
    const uint32_t right = 2 * (uint32_t)node[3];
    bool goes_on         = value <= low;
    node += LONG_SPLIT;
    if ((what & SET) != 0) {
        const uint32_t bytes = thimble_tree_u16(node);
        node += 2;
        if (bytes % 2 != 0 || node >= end || bytes >= (uint32_t)(end - node)) return NULL;
        goes_on = thimble_tree_is_member((uint32_t)(value - low), node, bytes);
        node += bytes;
    }
    if (goes_on || ((what & MISSING_GOES_ON) != 0 && value == MISSING)) return node;
    return right < (uint32_t)(end - node) ? node + right : NULL;
}

static const uint8_t *walk(const uint8_t *node, const uint8_t *end, const uint8_t *input, uint32_t features) {
    while (node && node < end) {
        const int32_t feature = (int8_t)node[0];
        if (feature >= 0) {
            if ((uint32_t)feature >= features) return NULL;
            if (load_s16(input + 2 * feature) > load_s16(node + 2)) node += 2 * node[1];
            node += SPLIT;
        } else if (feature != THIMBLE_TREE_JUMP) {
            return node;
        } else if ((node[2] & LONG) != 0) {
            node = walk_long(node, end, input, features);
        } else {
            const uint32_t distance = thimble_tree_u16(node + 2);
            if (distance < SPLIT || distance >= (uint32_t)(end - node)) return NULL;
            node += distance;
        }
    }
    return NULL;
}

static bool run(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory,
                thimble_tree_sums *sums, uint32_t features) {
    const uint8_t *input = thimble_at(memory, a->input);
    const uint8_t *table = thimble_at(memory, a->table);
    const uint32_t bytes = (uint32_t)a->table_bytes;
    uint32_t tree        = 0;
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

int thimble_tree_ensemble_extended_s16(const thimble_memory *memory, const void *block) {
    const thimble_tree_ensemble_arguments *a = block;
    if (!thimble_trees_valid(a, memory)) return -1;
    if (((uintptr_t)thimble_at(memory, a->table) | (uint32_t)a->table_bytes | a->input) % 2 != 0) return -1;
    if (a->input >= memory->constants_at) return -1;
    thimble_tree_sums sums;
    thimble_trees_begin(a, memory, &sums);
    const uint32_t features = (memory->constants_at - a->input) / 2;
    return run(a, memory, &sums, features) ? 0 : thimble_trees_refuse(&sums);
}
