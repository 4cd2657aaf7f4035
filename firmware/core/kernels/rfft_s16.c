#include "native.h"
#include "samples.h"

/* The transform of assembly/kernels/fourier.ts, on complex numbers as pairs of int16. */

typedef thimble_rfft_s16_arguments arguments;

typedef struct complex {
    int32_t re, im;
} complex;

static inline int32_t quarter(int32_t x) { return (x * 8191 + (1 << 14)) >> 15; }

static inline int32_t half(int32_t x) { return (x * 16383 + (1 << 14)) >> 15; }

static inline complex quarter_at(const uint8_t *at) {
    return (complex){quarter(thimble_sample(at)), quarter(thimble_sample(at + 2))};
}

static inline complex half_at(const uint8_t *at) {
    return (complex){half(thimble_sample(at)), half(thimble_sample(at + 2))};
}

static inline complex sample_at(const uint8_t *at) {
    return (complex){thimble_sample(at), thimble_sample(at + 2)};
}

static inline void put(uint8_t *at, int32_t re, int32_t im) {
    thimble_word_put(at, (uint32_t)re << 16 >> 16 | (uint32_t)im << 16);
}

static inline complex turned(complex x, complex by) {
    return (complex){(x.re * by.re - x.im * by.im + (1 << 14)) >> 15,
                     (x.re * by.im + x.im * by.re + (1 << 14)) >> 15};
}

/* Sums and differences of four numbers, to places that lie `step` apart. */
static inline void join(uint8_t *at, uint32_t step, complex a, complex b, complex c, complex d) {
    const complex even = {a.re + c.re, a.im + c.im}, odd = {a.re - c.re, a.im - c.im};
    const complex sum = {b.re + d.re, b.im + d.im}, difference = {b.re - d.re, b.im - d.im};
    put(at, even.re + sum.re, even.im + sum.im);
    put(at + step, odd.re + difference.im, odd.im - difference.re);
    put(at + 2 * step, even.re - sum.re, even.im - sum.im);
    put(at + 3 * step, odd.re - difference.im, odd.im + difference.re);
}

static uint32_t next_reversed(uint32_t place, uint32_t weight) {
    while ((place & 3 * weight) == 3 * weight && weight > 0) {
        place -= 3 * weight;
        weight >>= 2;
    }
    return place + weight;
}

static void first_stage(const uint8_t *samples, uint8_t *values, uint32_t n, bool by_two) {
    const uint32_t radix = by_two ? 2 : 4, apart = n / radix * 4, weight = n / (4 * radix);
    uint32_t place = 0;
    for (uint8_t *const end = values + 4 * n; values < end; values += 4 * radix) {
        const uint8_t *first = samples + 4 * place;
        if (by_two) {
            const complex a = half_at(first), b = half_at(first + apart);
            put(values, a.re + b.re, a.im + b.im);
            put(values + 4, a.re - b.re, a.im - b.im);
        } else {
            const complex a = quarter_at(first), b = quarter_at(first + apart);
            const complex c = quarter_at(first + 2 * apart), d = quarter_at(first + 3 * apart);
            join(values, 4, a, b, c, d);
        }
        place = next_reversed(place, weight);
    }
}

static void stage(uint8_t *values, uint32_t n, uint32_t m, const uint8_t *twiddles) {
    const uint32_t step = 4 * m, stride = n / m;
    for (uint32_t k = 0; k < m; k++) {
        const complex w1 = sample_at(twiddles + k * stride), w2 = sample_at(twiddles + 2 * k * stride);
        const complex w3 = sample_at(twiddles + 3 * k * stride);
        for (uint8_t *at = values + 4 * k; at < values + 4 * n; at += 4 * step)
            join(at, step, quarter_at(at), turned(quarter_at(at + step), w1),
                 turned(quarter_at(at + 2 * step), w2), turned(quarter_at(at + 3 * step), w3));
    }
}

static inline int32_t wrap16(int32_t x) { return (int16_t)(uint16_t)(uint32_t)x; }

/* The frequencies of two real rows, which one transform of pairs has in it. */
static void separate(uint8_t *low, uint32_t n, const uint8_t *twiddles) {
    uint8_t *high       = low + 4 * n;
    const complex first = half_at(low);
    put(low, first.re + first.im, 0);
    put(high, first.re - first.im, 0);
    for (low += 4; low < high; low += 4, twiddles += 4) {
        high -= 4;
        const complex p = half_at(low), q = sample_at(high);
        const complex r   = {half(q.re), half(wrap16(-q.im))};
        const complex sum = {p.re + r.re, p.im + r.im};
        const complex t   = turned((complex){p.re - r.re, p.im - r.im}, sample_at(twiddles));
        const int32_t re = wrap16(t.re), im = wrap16(t.im);
        put(low, (sum.re + re) >> 1, (sum.im + im) >> 1);
        put(high, (sum.re - re) >> 1, (im - sum.im) >> 1);
    }
}

static bool arguments_valid(const arguments *a, const thimble_memory *memory) {
    const int32_t n = a->fft_length;
    if (n < 8 || n > 1 << 20 || (n & (n - 1)) != 0 || a->input_length < 1 || a->input_length > n)
        return false;
    const thimble_span scratch  = thimble_row(a->scratch, n / 2, 4),
                       output   = thimble_row(a->output, n / 2 + 1, 4);
    const thimble_span input    = thimble_row(a->input, a->input_length, 2);
    const thimble_span tables[] = {thimble_row(a->twiddles, n / 2, 4),
                                   thimble_row(a->real_twiddles, n / 4, 4)};
    return thimble_apart(output, input, memory) && thimble_apart(scratch, input, memory) &&
           thimble_apart(output, scratch, memory) && thimble_constants(tables, 2, memory);
}

int thimble_rfft_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (!arguments_valid(a, memory)) return -1;
    const uint32_t n = (uint32_t)a->fft_length / 2, bytes = 2 * (uint32_t)a->input_length;
    uint8_t *samples = memory->written + a->scratch, *values = memory->written + a->output;
    memcpy(samples, thimble_at(memory, a->input), bytes);
    memset(samples + bytes, 0, 4 * n - bytes);
    /* Fours first: a size that is no power of four begins with twos. */
    const bool by_two = (n & 0x55555555u) == 0;
    first_stage(samples, values, n, by_two);
    for (uint32_t m = by_two ? 2 : 4; m < n; m *= 4) stage(values, n, m, thimble_at(memory, a->twiddles));
    separate(values, n, thimble_at(memory, a->real_twiddles));
    return 0;
}
