#include "native.h"
#include "tree_ensemble.h"
#include "tree_ensemble_extended.h"

/* Bytes of a split, of a long one without its set, and the least word behind the first byte of a long one. */
enum { SPLIT = 3, LONG_SPLIT = 5, LONG = 0xe000 };
/* Bits of that word. */
enum { MISSING_GOES_ON = 0x100, SET = 0x200, MISSING = 127 };

/* The node behind a long split; NULL where it leaves the table, or a feature lies outside linear memory. */
static const uint8_t *walk_long(const uint8_t *node, const uint8_t *end, const int8_t *input,
                                uint32_t features) {
    if (end - node <= LONG_SPLIT) return NULL;
    const uint32_t what    = thimble_tree_u16(node + 1);
    const uint32_t feature = (what & 0xff) | (what >> 2 & 0x700);
    if (feature >= features) return NULL;
    const int32_t value  = input[feature];
    const int32_t low    = (int8_t)node[3];
    const uint32_t right = node[4];
    bool goes_on         = value <= low;
    node += LONG_SPLIT;
    if ((what & SET) != 0) {
        const uint32_t bytes = *node++;
        if (bytes >= (uint32_t)(end - node)) return NULL;
        goes_on = thimble_tree_is_member((uint32_t)(value - low), node, bytes);
        node += bytes;
    }
    if (goes_on || ((what & MISSING_GOES_ON) != 0 && value == MISSING)) return node;
    return right < (uint32_t)(end - node) ? node + right : NULL;
}

/* As in tree_ensemble_s8.c, of `features` that may be read. */
static const uint8_t *walk(const uint8_t *node, const uint8_t *end, const int8_t *input, uint32_t features) {
    while (node && node < end) {
        const int32_t feature = (int8_t)node[0];
        if (feature >= 0) {
            if ((uint32_t)feature >= features) return NULL;
            if (input[feature] > (int8_t)node[1]) node += node[2];
            node += SPLIT;
        } else if (feature != THIMBLE_TREE_JUMP) {
            return node;
        } else {
            const uint32_t distance = thimble_tree_u16(node + 1);
            if (distance >= LONG) {
                node = walk_long(node, end, input, features);
            } else {
                if (distance < SPLIT || distance >= (uint32_t)(end - node)) return NULL;
                node += distance;
            }
        }
    }
    return NULL;
}

static bool run(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory,
                thimble_tree_sums *sums, uint32_t features) {
    const int8_t *input  = (const int8_t *)thimble_at(memory, a->input);
    const uint8_t *table = thimble_at(memory, a->table);
    const uint32_t bytes = (uint32_t)a->table_bytes;
    uint32_t tree        = 0;
    do {
        const uint32_t length = thimble_tree_u16(table + tree);
        if (length < 3) return false;
        const uint8_t *node = walk(table + tree + 2, table + bytes, input, features);
        if (!node) return false;
        int32_t leaf = ~(int8_t)node[0];
        if (leaf >= a->short_leaves) leaf = a->short_leaves + ((leaf - a->short_leaves) << 8) + node[1];
        if (!thimble_trees_add(sums, (uint32_t)leaf)) return false;
        tree += length;
    } while (tree < bytes);
    return true;
}

int thimble_tree_ensemble_extended_s8(const thimble_memory *memory, const void *block) {
    const thimble_tree_ensemble_arguments *a = block;
    if (!thimble_trees_valid(a, memory)) return -1;
    if (a->input >= memory->constants_at) return -1;
    thimble_tree_sums sums;
    thimble_trees_begin(a, memory, &sums);
    return run(a, memory, &sums, memory->constants_at - a->input) ? 0 : thimble_trees_refuse(&sums);
}
