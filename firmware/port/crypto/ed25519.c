/*
 * Ed25519 verification (RFC 8032, section 5.1.7) on the field and group operations of orlp/ed25519, which
 * set-up takes (firmware/sources.json). Its ge.c, fe.c and sha512.c belong to the build; scalar.c takes the
 * place of its sc.c.
 *
 * Its own verify.c keeps eight multiples of the key and a digit a byte: measured on rv32imac, 1 800 bytes
 * more of stack, for a fifth fewer instructions. Nothing here is secret, so nothing takes constant time.
 */
#include "ed25519.h"

#include <string.h>

#include "ge.h"
#include "sha512.h"

enum { DIGITS = 258 };

void sc_reduce(unsigned char *scalar);

/* The base point, as ge_madd takes it: y + x, y - x, 2 d x y. */
static const ge_precomp base = {
    {25967493, -14356035, 29566456, 3660896, -12694345, 4014787, 27544626, -11754271, -6079156, 2047605},
    {-12545711, 934262, -2722910, 3049990, -727428, 9406986, 12720692, 5043384, 19500929, -15469378},
    {-8738181, 4489570, 9688441, -14785194, 10184609, -12363380, 29287919, 11864899, -24514362, -4438546}};

/* A number and three times that number, little-endian: together they give every digit of its form below. */
typedef struct factor {
    uint8_t once[33];
    uint8_t thrice[33];
} factor;

static void factor_set(factor *number, const uint8_t scalar[32]) {
    unsigned carry = 0;
    memcpy(number->once, scalar, 32);
    number->once[32] = 0;
    for (unsigned i = 0; i < 33; i++) {
        carry += 3u * number->once[i];
        number->thrice[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static int bit(const uint8_t *number, unsigned index) { return number[index / 8] >> index % 8 & 1; }

/* Digit -1, 0 or 1 of the non-adjacent form; two in three are 0. That of k is (3k - k) / 2, bit by bit. */
static int digit(const factor *number, unsigned index) {
    return bit(number->thrice, index + 1) - bit(number->once, index + 1);
}

/* key_factor * key + base_factor * base, both at once: one doubling serves both. */
static __attribute__((noinline)) void combine(ge_p2 *sum, const factor *key_factor, const ge_p3 *key,
                                              const factor *base_factor) {
    ge_cached cached;
    ge_p1p1 step;
    ge_p3 point;
    ge_p3_to_cached(&cached, key);
    ge_p2_0(sum);
    for (unsigned i = DIGITS; i-- > 0;) {
        const int key_digit = digit(key_factor, i), base_digit = digit(base_factor, i);
        ge_p2_dbl(&step, sum);
        if (key_digit != 0) {
            ge_p1p1_to_p3(&point, &step);
            (key_digit > 0 ? ge_add : ge_sub)(&step, &point, &cached);
        }
        if (base_digit != 0) {
            ge_p1p1_to_p3(&point, &step);
            (base_digit > 0 ? ge_madd : ge_msub)(&step, &point, &base);
        }
        ge_p1p1_to_p2(sum, &step);
    }
}

/* SHA-512(R, key, message) modulo L; in a function of its own, so that its context leaves the stack. */
static __attribute__((noinline)) void challenge(uint8_t scalar[64], const uint8_t *first, const uint8_t *key,
                                                const uint8_t *message, size_t size) {
    sha512_context context;
    sha512_init(&context);
    sha512_update(&context, first, 32);
    sha512_update(&context, key, 32);
    sha512_update(&context, message, size);
    sha512_final(&context, scalar);
    sc_reduce(scalar);
}

static __attribute__((noinline)) void challenge_factor(factor *number, const uint8_t *first,
                                                       const uint8_t *key, const uint8_t *message,
                                                       size_t size) {
    uint8_t scalar[64];
    challenge(scalar, first, key, message, size);
    factor_set(number, scalar);
}

int thimble_ed25519_verify(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                           const uint8_t public_key[32]) {
    factor key_factor, base_factor;
    ge_p3 key;
    ge_p2 sum;
    uint8_t found[32];
    (void)context;
    if (ge_frombytes_negate_vartime(&key, public_key) != 0) return 0;
    challenge_factor(&key_factor, signature, public_key, message, size);
    factor_set(&base_factor, signature + 32);
    combine(&sum, &key_factor, &key, &base_factor);
    ge_tobytes(found, &sum);
    return memcmp(found, signature, sizeof found) == 0;
}
