#include "tree_ensemble.h"

static bool padding_valid(const uint8_t *padding) {
    for (unsigned i = 0; i < THIMBLE_TREE_PADDING; i++)
        if (padding[i] < 0x80) return false;
    return true;
}

bool thimble_trees_valid(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory) {
    if (a->targets < 1 || a->targets > THIMBLE_TREE_TARGETS) return false;
    if (a->table_bytes < 1 || a->table_bytes >= INT32_MAX / 2) return false;
    if (a->term_count < 1 || a->term_count >= INT32_MAX / 2) return false;
    if ((uint32_t)a->target_bits > 7 || a->short_leaves > THIMBLE_TREE_LEAVES) return false;
    const uint32_t sums       = 2 * (uint32_t)a->targets;
    const thimble_span output = {a->output, sums}, base = {a->base, sums};
    const thimble_span table = {a->table, (uint32_t)a->table_bytes + THIMBLE_TREE_PADDING};
    const thimble_span terms = {a->terms, 2 * (uint32_t)a->term_count};
    if (!thimble_writable(output, memory) || !thimble_constant(base, memory)) return false;
    if (!thimble_constant(table, memory) || !thimble_constant(terms, memory)) return false;
    if (!padding_valid(thimble_at(memory, a->table) + a->table_bytes)) return false;
    const uintptr_t sources =
        (uintptr_t)thimble_at(memory, a->base) | (uintptr_t)thimble_at(memory, a->terms);
    return ((a->output | sources) & 1) == 0;
}

void thimble_trees_begin(const thimble_tree_ensemble_arguments *a, const thimble_memory *memory,
                         thimble_tree_sums *to) {
    to->terms           = (const int16_t *)(const void *)thimble_at(memory, a->terms);
    to->term_count      = (uint32_t)a->term_count;
    to->place_mask      = (2U << a->target_bits) - 2;
    to->bytes           = 2 * (uint32_t)a->targets;
    to->value_shift     = a->target_bits + 1;
    to->sums            = (int16_t *)(void *)(memory->written + a->output);
    const int16_t *base = (const int16_t *)(const void *)thimble_at(memory, a->base);
    const int16_t *end  = base + a->targets;
    int16_t *sums       = to->sums;
    int16_t *before     = to->before;
    do {
        *before++ = *sums;
        *sums++   = *base++;
    } while (base != end);
}

int thimble_trees_refuse(const thimble_tree_sums *sums) {
    memcpy(sums->sums, sums->before, sums->bytes);
    return -1;
}
