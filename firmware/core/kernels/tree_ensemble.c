#include "tree_ensemble.h"

static bool padding_valid(const uint8_t *padding) {
    for (unsigned i = 0; i < THIMBLE_TREE_PADDING; i++)
        if (padding[i] < 0x80) return false;
    return true;
}

bool thimble_trees_valid(const thimble_tree_ensemble *a, const uint8_t *memory, uint32_t memory_bytes) {
    if (a->targets > THIMBLE_TREE_TARGETS) return false;
    if (a->table_bytes < 1 || a->table_bytes >= INT32_MAX / 2) return false;
    if (a->target_bits < 0 || a->target_bits > 7) return false;
    if (a->short_leaves < 0 || a->short_leaves > THIMBLE_TREE_LEAVES) return false;
    const uint32_t sums = thimble_volume(a->targets, 2, 1, 1);
    const thimble_span spans[] = {{a->output, sums},
                                  {a->base, sums},
                                  {a->table, (uint32_t)a->table_bytes + THIMBLE_TREE_PADDING},
                                  {a->terms, thimble_volume(a->term_count, 2, 1, 1)}};
    if (!thimble_inside_apart(spans, 4, memory_bytes)) return false;
    if (!padding_valid(memory + a->table + a->table_bytes)) return false;
    /* Linear memory itself is aligned. */
    return a->output % 2 == 0 && a->base % 2 == 0 && a->terms % 2 == 0;
}

void thimble_trees_begin(const thimble_tree_ensemble *a, uint8_t *memory, thimble_tree_output *output) {
    const int16_t *base = (const int16_t *)(const void *)(memory + a->base);
    int16_t *sums = (int16_t *)(void *)(memory + a->output);
    for (int32_t i = 0; i < a->targets; i++) {
        output->before[i] = sums[i];
        sums[i] = base[i];
    }
}

int thimble_trees_refuse(const thimble_tree_ensemble *a, uint8_t *memory, const thimble_tree_output *output) {
    memcpy(memory + a->output, output->before, 2 * (uint32_t)a->targets);
    return -1;
}
