#include "fixed.h"
#include "native.h"
#include "wide.h"

typedef thimble_layer_norm_arguments arguments;

enum { MAX_DEPTH = 4096, GUARD = 8, ROOT_BITS = 31, MAX_SHIFT = 62, MAX_EPSILON_SHIFT = 30 };

static bool bytes_valid(int32_t bytes) { return bytes == 1 || bytes == 2; }

static bool numbers_valid(const arguments *a) {
    return a->depth >= 1 && a->depth <= MAX_DEPTH && a->inner >= 1 && a->depth % a->inner == 0 &&
           a->channels >= 1 && a->epsilon >= 0 && a->epsilon_shift >= 0 &&
           a->epsilon_shift <= MAX_EPSILON_SHIFT && a->shift >= 0 && a->shift <= MAX_SHIFT &&
           bytes_valid(a->input_bytes) && bytes_valid(a->output_bytes);
}

static bool places_valid(const arguments *a, const thimble_memory *memory) {
    const thimble_span output   = {a->output, thimble_volume(a->rows, a->depth, a->output_bytes, 1)};
    const thimble_span input    = {a->input, thimble_volume(a->rows, a->depth, a->input_bytes, 1)};
    const uint32_t table        = thimble_volume(a->channels, 4, 1, 1);
    const thimble_span tables[] = {{a->factors, table}, {a->addends, table}};
    if (!thimble_writable(output, memory) || !thimble_readable(input, memory)) return false;
    if (!thimble_constants(tables, 2, memory)) return false;
    if (!thimble_load_valid(thimble_at(memory, a->factors))) return false;
    if (!thimble_load_valid(thimble_at(memory, a->addends))) return false;
    return (a->input_bytes == 1 || thimble_even(thimble_at(memory, a->input))) &&
           (a->output_bytes == 1 || thimble_even(memory->written + a->output));
}

/* round(x / 2^shift), halves up; wraps as the twin. */
static int64_t shift_right(int64_t x, int32_t shift) {
    if (shift == 0) return x;
    return (int64_t)((uint64_t)x + ((uint64_t)1 << (shift - 1))) >> shift;
}

static int64_t wrapping_product(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }

static int32_t value_at(const arguments *a, const uint8_t *values, int32_t i) {
    const int32_t value = a->input_bytes == 1 ? (int8_t)values[i] : thimble_load_s16(values + 2 * i);
    return value - a->zero_point;
}

/* The greatest integer whose square is at most x, below 2^62: one bit after the other. */
static int64_t integer_root(int64_t x) {
    int64_t root = 0;
    for (int32_t bit = ROOT_BITS - 1; bit >= 0; bit--) {
        const int64_t candidate = root + ((int64_t)1 << bit);
        if (candidate * candidate <= x) root = candidate;
    }
    return root;
}

/* What a row's values are multiplied with and shifted to the right by. */
struct normal {
    int32_t sum, right;
    int64_t reciprocal;
};

/* Half of the zeros above a number below 2^62, so that shifted by twice as many it has 61 or 62 bits. */
static int32_t half_headroom(int64_t x) {
    int32_t half = 0;
    for (; x < (int64_t)1 << 60; x <<= 2) half++;
    return half;
}

static struct normal row_normal(const arguments *a, const uint8_t *input) {
    struct normal normal = {0, 36, 0};
    int64_t squares      = 0;
    for (int32_t i = 0; i < a->depth; i++) {
        const int32_t x = value_at(a, input, i);
        normal.sum += x;
        squares += (int64_t)x * x;
    }
    if (!a->center) normal.sum = 0;
    const int64_t epsilon = (int64_t)a->epsilon << a->epsilon_shift;
    const int64_t total   = a->depth * squares - (int64_t)normal.sum * normal.sum + epsilon;
    if (total == 0) return normal;
    const int32_t left = half_headroom(total);
    normal.reciprocal  = ((int64_t)1 << 54) / integer_root(total << (2 * left));
    normal.right -= left;
    return normal;
}

static int32_t output_of(const arguments *a, int64_t normal, int32_t factor, int32_t addend) {
    const int64_t low     = a->output_bytes == 1 ? INT8_MIN : INT16_MIN;
    const int64_t product = shift_right(wrapping_product(normal, factor), a->shift);
    const int64_t scaled  = (int64_t)((uint64_t)product + (uint64_t)(int64_t)addend);
    const int64_t value   = shift_right(scaled, GUARD) + a->output_zero_point;
    const int64_t most    = value < -low - 1 ? value : -low - 1;
    return (int32_t)(most > low ? most : low);
}

static void row_write(const arguments *a, const thimble_memory *memory, const uint8_t *input, uint8_t *output,
                      int32_t *channel) {
    const struct normal normal = row_normal(a, input);
    const uint8_t *factors     = thimble_at(memory, a->factors);
    const uint8_t *addends     = thimble_at(memory, a->addends);
    for (int32_t part = 0; part < a->depth; part += a->inner) {
        const int32_t factor = thimble_load(factors, *channel);
        const int32_t addend = thimble_load(addends, *channel);
        *channel             = *channel + 1 == a->channels ? 0 : *channel + 1;
        for (int32_t i = part; i < part + a->inner; i++) {
            const int64_t x     = (int64_t)a->depth * value_at(a, input, i) - normal.sum;
            const int64_t scale = shift_right(x * normal.reciprocal, normal.right);
            const int32_t value = output_of(a, scale, factor, addend);
            if (a->output_bytes == 1)
                output[i] = (uint8_t)value;
            else
                thimble_store_s16(output + 2 * i, value);
        }
    }
}

int thimble_layer_norm(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!numbers_valid(a) || !places_valid(a, memory)) return -1;
    const uint8_t *input = thimble_at(memory, a->input);
    uint8_t *output      = memory->written + a->output;
    int32_t channel      = 0;
    for (int32_t row = 0; row < a->rows; row++) {
        row_write(a, memory, input, output, &channel);
        input += a->depth * a->input_bytes;
        output += a->depth * a->output_bytes;
    }
    return 0;
}
