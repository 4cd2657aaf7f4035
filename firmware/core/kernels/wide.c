#include "wide.h"

#include "fixed.h"

bool thimble_unary_values(const thimble_unary *unary, const thimble_memory *memory, thimble_values *values) {
    const thimble_span output = {unary->output, thimble_volume(unary->length, unary->output_bytes, 1, 1)};
    const thimble_span input  = {unary->input, thimble_volume(unary->length, unary->input_bytes, 1, 1)};
    if (!thimble_writable(output, memory) || !thimble_readable(input, memory)) return false;
    *values = (thimble_values){thimble_at(memory, unary->input), memory->written + unary->output};
    if (unary->input_bytes == 2 && !thimble_even(values->from)) return false;
    return unary->output_bytes != 2 || thimble_even(values->to);
}

/* A shift that rounds once, or one of thimble_requantize. */
static bool shift_valid(const thimble_wide_layer *layer, int32_t shift) {
    return layer->is_narrow ? thimble_shift_valid(shift) : shift >= 1 && shift <= 62;
}

bool thimble_wide_tables(thimble_wide_layer *layer, const thimble_tables *tables, int32_t channels,
                         int32_t weight_bytes, const thimble_memory *memory) {
    const int32_t factors      = layer->step == 0 ? 1 : channels;
    const thimble_span spans[] = {
        {tables->weights, thimble_volume(channels, layer->terms, weight_bytes, 1)},
        {tables->bias, thimble_volume(channels, 4, 1, 1)},
        {tables->multiplier, thimble_volume(factors, 4, 1, 1)},
        {tables->shift, thimble_volume(factors, 1, 1, 1)},
    };
    if (layer->step != 0 && layer->step != 1) return false;
    if (!thimble_constants(spans, sizeof spans / sizeof spans[0], memory)) return false;
    layer->bias       = thimble_at(memory, tables->bias);
    layer->multiplier = thimble_at(memory, tables->multiplier);
    layer->shift      = (const int8_t *)thimble_at(memory, tables->shift);
    if (!thimble_load_valid(layer->bias) || !thimble_load_valid(layer->multiplier)) return false;
    for (int32_t i = 0; i < factors; i++)
        if (!shift_valid(layer, layer->shift[i])) return false;
    return true;
}

int32_t thimble_wide_value(const thimble_wide_layer *layer, int32_t channel, int64_t sum) {
    const int32_t factor     = channel * layer->step;
    const int32_t multiplier = thimble_load(layer->multiplier, factor), shift = layer->shift[factor];
    int32_t scaled;
    sum += thimble_load(layer->bias, channel);
    if (layer->is_narrow) {
        scaled = thimble_requantize((int32_t)sum, multiplier, shift);
    } else {
        /* Wraps as in the twin where a multiplier is none that a model has. */
        const uint64_t product = (uint64_t)sum * (uint64_t)(int64_t)multiplier;
        scaled                 = (int32_t)((int64_t)(product + ((uint64_t)1 << (shift - 1))) >> shift);
    }
    return thimble_clamp(thimble_wrapping_add(scaled, layer->zero_point), layer->low, layer->high);
}

enum { CHUNK = 256 }; /* products of int16 and int8 whose sum fits an int32 */

static int64_t dot(const uint8_t *input, const int8_t *filter, int32_t terms) {
    int64_t sum = 0;
    for (int32_t left = terms; left > 0; left -= CHUNK) {
        const int8_t *const end = filter + (left < CHUNK ? left : CHUNK);
        int32_t part            = 0;
        for (; filter < end; filter++, input += 2) part += thimble_load_s16(input) * *filter;
        sum += part;
    }
    return sum;
}

/* Of four filters, one behind the other: each input is loaded once for all. */
static void dots_of_four(const uint8_t *input, const int8_t *filters, int32_t terms, int64_t *sums) {
    const int8_t *a = filters, *b = a + terms, *c = b + terms, *d = c + terms;
    for (unsigned i = 0; i < 4; i++) sums[i] = 0;
    for (int32_t left = terms; left > 0; left -= CHUNK) {
        const int8_t *const end = a + (left < CHUNK ? left : CHUNK);
        int32_t part[4]         = {0, 0, 0, 0};
        for (; a < end; input += 2) {
            const int32_t x = thimble_load_s16(input);
            part[0] += x * *a++;
            part[1] += x * *b++;
            part[2] += x * *c++;
            part[3] += x * *d++;
        }
        for (unsigned i = 0; i < 4; i++) sums[i] += part[i];
    }
}

void thimble_wide_pixel(const thimble_wide_layer *layer, const uint8_t *input, const int8_t *filters,
                        int32_t first, int32_t count, uint8_t *output) {
    const int32_t terms = layer->terms, end = first + count;
    int32_t channel = first;
    for (; end - channel >= 4; filters += 4 * terms) {
        int64_t sums[4];
        dots_of_four(input, filters, terms, sums);
        for (unsigned i = 0; i < 4; i++, channel++)
            output = thimble_wide_store(layer, output, thimble_wide_value(layer, channel, sums[i]));
    }
    for (; channel < end; channel++, filters += terms)
        output =
            thimble_wide_store(layer, output, thimble_wide_value(layer, channel, dot(input, filters, terms)));
}
