#include "native.h"
#include "roots.h"
#include "samples.h"

typedef thimble_statistics_s16_arguments arguments;

/* Sums of powers of more samples would not fit 64 bits. */
#define MOST_SAMPLES  8192
#define MOST_CHANNELS 1024

/* Bits of features, and how many there are of each unit. */
enum { ROOT = 8, DEVIATION = 16, AMPLITUDES = 5, SHAPES = 3 };

/* One channel: where its samples are, and sums of them. */
typedef struct channel {
    const uint8_t *samples;
    uint32_t bytes, stride;
    int32_t sum, least, greatest;
    uint64_t squares;
} channel;

typedef struct moments {
    uint64_t squares, fourths;
    int64_t cubes;
    int32_t crossings;
} moments;

static void sum_up(channel *c) {
    for (uint32_t at = 0; at < c->bytes; at += c->stride) {
        const int32_t x = thimble_sample(c->samples + at);
        c->sum += x;
        c->squares += (uint32_t)(x * x);
        if (x < c->least) c->least = x;
        if (x > c->greatest) c->greatest = x;
    }
}

/* sqrt(squares) / length in 1/256. */
static int32_t root_of(uint64_t squares, uint32_t length) {
    if (squares == 0) return 0;
    const uint32_t bits = thimble_leading_zeros64(squares) & ~1u;
    const uint64_t by   = (uint64_t)length << (bits / 2);
    return (int32_t)(((thimble_floor_root64(squares << bits) << 8) + (by >> 1)) / by);
}

/* The greatest distance from the mean, `length` times as large. */
static int32_t farthest(const channel *c, int32_t length) {
    const int32_t above = length * c->greatest - c->sum, below = c->sum - length * c->least;
    return above > below ? above : below;
}

/* Powers of distances from the mean with 12 bits, so that fourth powers fit. */
static moments moments_of(const channel *c, int32_t length, int32_t most, int32_t center) {
    const int32_t zeros = (int32_t)thimble_leading_zeros((uint32_t)most);
    const int32_t up    = zeros > 20 ? 1 << (zeros - 20) : 1;
    const int32_t by    = zeros < 20 ? 1 << (20 - zeros) : 1;
    const uint32_t bits = zeros < 20 ? (uint32_t)(20 - zeros) : 0;
    /* A multiple of 2^bits keeps what is shifted from being negative. */
    const int32_t addend = (int32_t)(4096u << bits) + (by >> 1);
    bool was_below       = thimble_sample(c->samples) * length < center;
    moments m            = {0};
    for (uint32_t at = 0; at < c->bytes; at += c->stride) {
        const int32_t scaled = thimble_sample(c->samples + at) * length;
        const bool is_below  = scaled < center;
        m.crossings += is_below != was_below;
        was_below             = is_below;
        const int32_t d       = (int32_t)((uint32_t)((scaled - c->sum) * up + addend) >> bits) - 4096;
        const uint32_t square = (uint32_t)(d * d);
        m.squares += square;
        m.cubes += (int64_t)square * d;
        m.fourths += (uint64_t)square * square;
    }
    return m;
}

/* In 1/65536, as is the next. */
static int32_t skewness(const moments *m, uint32_t length) {
    const uint64_t size  = (uint64_t)(m->cubes < 0 ? -m->cubes : m->cubes);
    const uint64_t share = (size << 13) / m->squares;
    const uint64_t root  = thimble_floor_root64((m->squares << 26) / length);
    const int32_t found  = (int32_t)(((share << 16) + (root >> 1)) / root);
    return m->cubes < 0 ? -found : found;
}

static int32_t kurtosis(const moments *m, uint32_t length) {
    const uint32_t bits  = thimble_leading_zeros64(m->fourths);
    const uint64_t share = (m->fourths << bits) / m->squares;
    const uint64_t found = (share << 20) / ((m->squares << 8) / length);
    return (int32_t)(bits < 4 ? found << (4 - bits) : found >> (bits - 4)) - 3 * 65536;
}

/* value * multiplier / 2^shift, halves rounded up, within 16 bits. */
static int32_t scaled(int32_t value, int32_t multiplier, uint32_t shift) {
    const int64_t product = (int64_t)value * multiplier + (INT64_C(1) << (shift - 1));
    /* Shifts of negative numbers are the compiler's. */
    const int64_t found = product < 0 ? ~(int64_t)((uint64_t)~product >> shift) : product >> shift;
    return found > INT16_MAX ? INT16_MAX : found < -INT16_MAX ? -INT16_MAX : (int32_t)found;
}

/* In 1/256, in the order of the features. */
static void find_amplitudes(const arguments *a, const channel *c, int32_t *values) {
    const int32_t length = a->length;
    const uint64_t whole = c->squares * (uint32_t)length;
    const uint64_t apart = whole - (uint64_t)((int64_t)c->sum * c->sum);
    const uint32_t above = (uint32_t)(c->sum + length * 32768);
    const int32_t mean =
        (int32_t)((((uint64_t)above << 8) + (uint32_t)(length / 2)) / (uint32_t)length) - 32768 * 256;
    const int32_t middle = a->centered ? mean : 0;
    values[0]            = mean;
    values[1]            = c->least * 256 - middle;
    values[2]            = c->greatest * 256 - middle;
    if (a->features & (ROOT | DEVIATION)) values[4] = root_of(apart, (uint32_t)length);
    values[3] = a->centered || !(a->features & ROOT) ? values[4] : root_of(whole, (uint32_t)length);
}

/* In 1/65536. */
static void find_shapes(const arguments *a, const channel *c, int32_t *values) {
    const int32_t most  = farthest(c, a->length);
    const moments m     = moments_of(c, a->length, most, a->centered ? c->sum : 0);
    const int32_t pairs = a->length > 1 ? a->length - 1 : 1;
    if (most == 0) {
        values[0] = 0;
        values[1] = -3 * 65536;
    } else {
        values[0] = skewness(&m, (uint32_t)a->length);
        values[1] = kurtosis(&m, (uint32_t)a->length);
    }
    values[2] = (m.crossings * 65536 + pairs / 2) / pairs;
}

static uint8_t *put_numbers(const arguments *a, const channel *c, uint8_t *to) {
    int32_t values[AMPLITUDES + SHAPES] = {0};
    find_amplitudes(a, c, values);
    if (a->features >> AMPLITUDES != 0) find_shapes(a, c, values + AMPLITUDES);
    for (uint32_t i = 0; i < AMPLITUDES + SHAPES; i++) {
        if ((a->features >> i & 1) == 0) continue;
        const bool is_shape      = i >= AMPLITUDES;
        const int32_t multiplier = is_shape ? a->shape_multiplier : a->multiplier;
        thimble_sample_put(to, scaled(values[i], multiplier, is_shape ? a->shape_shift : a->shift));
        to += 2;
    }
    return to;
}

static bool is_wrong(const arguments *a) {
    if (a->length < 1 || a->length > MOST_SAMPLES) return true;
    if (a->channels < 1 || a->channels > MOST_CHANNELS || a->features == 0) return true;
    if (a->multiplier < 0 || a->shape_multiplier < 0) return true;
    return a->shift < 1 || a->shift > 62 || a->shape_shift < 1 || a->shape_shift > 62;
}

int thimble_statistics_s16(const thimble_memory *memory, const void *block) {
    const arguments *a = block;
    if (is_wrong(a)) return -1;
    uint32_t count = 0;
    for (uint32_t bits = a->features; bits != 0; bits >>= 1) count += bits & 1u;
    const thimble_span input  = thimble_row(a->input, a->length * a->channels, 2);
    const thimble_span output = thimble_row(a->output, a->channels * (int32_t)count, 2);
    if (!thimble_apart(output, input, memory)) return -1;
    const uint8_t *from = thimble_at(memory, a->input);
    uint8_t *to         = memory->written + a->output;
    for (int32_t i = 0; i < a->channels; i++, from += 2) {
        const uint32_t stride = 2 * (uint32_t)a->channels;
        channel c             = {.samples  = from,
                                 .bytes    = input.bytes,
                                 .stride   = stride,
                                 .least    = INT16_MAX,
                                 .greatest = INT16_MIN};
        sum_up(&c);
        to = put_numbers(a, &c, to);
    }
    return 0;
}
