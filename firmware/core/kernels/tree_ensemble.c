#include "tree_ensemble.h"

static bool padding_valid(const uint8_t *padding) {
    for (unsigned i = 0; i < THIMBLE_TREE_PADDING; i++)
        if (padding[i] < 0x80) return false;
    return true;
}

/* A range of valid size in linear memory, apart from the output: less work than check.h's for any number. */
static inline bool readable(int32_t address, uint32_t bytes, uint32_t output, uint32_t output_bytes,
                            uint32_t memory_bytes) {
    const uint32_t at = (uint32_t)address;
    if (bytes > memory_bytes || at > memory_bytes - bytes) return false;
    return at >= output + output_bytes || output >= at + bytes;
}

bool thimble_trees_valid(const thimble_tree_ensemble *a, const uint8_t *memory, uint32_t memory_bytes) {
    if (a->targets < 1 || a->targets > THIMBLE_TREE_TARGETS) return false;
    if (a->table_bytes < 1 || a->table_bytes >= INT32_MAX / 2) return false;
    if (a->term_count < 1 || a->term_count >= INT32_MAX / 2) return false;
    if ((uint32_t)a->target_bits > 7 || (uint32_t)a->short_leaves > THIMBLE_TREE_LEAVES) return false;
    const uint32_t sums = 2 * (uint32_t)a->targets;
    const uint32_t output = (uint32_t)a->output;
    if (sums > memory_bytes || output > memory_bytes - sums) return false;
    const uint32_t table_bytes = (uint32_t)a->table_bytes + THIMBLE_TREE_PADDING;
    if (!readable(a->base, sums, output, sums, memory_bytes)) return false;
    if (!readable(a->table, table_bytes, output, sums, memory_bytes)) return false;
    if (!readable(a->terms, 2 * (uint32_t)a->term_count, output, sums, memory_bytes)) return false;
    if (!padding_valid(memory + a->table + a->table_bytes)) return false;
    /* Linear memory itself is aligned. */
    return ((a->output | a->base | a->terms) & 1) == 0;
}

void thimble_trees_begin(const thimble_tree_ensemble *a, uint8_t *memory, thimble_tree_sums *to) {
    to->terms = (const int16_t *)(const void *)(memory + a->terms);
    to->term_count = (uint32_t)a->term_count;
    to->place_mask = (2U << a->target_bits) - 2;
    to->bytes = 2 * (uint32_t)a->targets;
    to->value_shift = a->target_bits + 1;
    to->sums = (int16_t *)(void *)(memory + a->output);
    const int16_t *base = (const int16_t *)(const void *)(memory + a->base);
    const int16_t *end = base + a->targets;
    int16_t *sums = to->sums;
    int16_t *before = to->before;
    do {
        *before++ = *sums;
        *sums++ = *base++;
    } while (base != end);
}

int thimble_trees_refuse(const thimble_tree_sums *sums) {
    memcpy(sums->sums, sums->before, sums->bytes);
    return -1;
}
