#include "native.h"
#include "samples.h"

typedef thimble_events_arguments arguments;

enum { HEAD_WORDS = 3 };

static int32_t signed_word(const uint8_t *at) {
    int32_t value;
    memcpy(&value, THIMBLE_ALIGNED(at, 4), sizeof value);
    return value;
}

static int32_t bits_of(uint32_t word) {
    int32_t bits = 0;
    for (; word != 0; word &= word - 1) bits++;
    return bits;
}

/* Counts the scores above their levels in; the number of the class that may begin an event and 1, or 0. */
static uint32_t ready(const arguments *a, const uint8_t *scores, const uint8_t *levels, uint8_t *seen) {
    uint32_t best    = 0;
    int32_t greatest = 0;
    for (uint32_t i = 0; i < (uint32_t)a->classes; i++) {
        const int32_t score   = a->score_bytes == 2 ? thimble_sample(scores + 2 * i) : (int8_t)scores[i];
        const uint32_t counts = score > signed_word(levels + 4 * i);
        const uint32_t bits   = (thimble_word(seen + 4 * i) << 1 | counts) & (uint32_t)a->mask;
        thimble_word_put(seen + 4 * i, bits);
        if (bits_of(bits) < a->least || (best != 0 && score <= greatest)) continue;
        best     = i + 1;
        greatest = score;
    }
    return best;
}

int thimble_events(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (a->classes < 1 || a->classes > INT32_MAX / 8 || (a->score_bytes != 1 && a->score_bytes != 2))
        return -1;
    const thimble_span input  = thimble_row(a->input, a->classes, a->score_bytes),
                       levels = thimble_row(a->levels, a->classes, 4);
    const thimble_span state  = thimble_row(a->state, a->classes + HEAD_WORDS, 4),
                       output = thimble_row(a->output, 1, 4);
    if (!thimble_apart(state, input, memory) || !thimble_apart(output, input, memory)) return -1;
    if (!thimble_apart(output, state, memory) || !thimble_constant(levels, memory)) return -1;
    uint8_t *head = memory->written + a->state;
    const uint32_t best =
        ready(a, thimble_at(memory, a->input), thimble_at(memory, a->levels), head + 4 * HEAD_WORDS);
    uint32_t said = thimble_word(head);
    int32_t left = signed_word(head + 4), quiet = signed_word(head + 8);
    if (left > 0) left--;
    if (left == 0) said = 0;
    if (quiet > 0) {
        quiet--;
    } else if (best != 0) {
        said  = best;
        left  = a->hold;
        quiet = a->suppress;
    }
    thimble_word_put(head, said);
    thimble_word_put(head + 4, (uint32_t)left);
    thimble_word_put(head + 8, (uint32_t)quiet);
    thimble_word_put(memory->written + a->output, said);
    return 0;
}
