/*
 * Reduction of a 512-bit number modulo L, the order of Ed25519's base point: the one function that verifying
 * needs of the package's sc.c, which spells out every product (5.2 KB on rv32). Bit by bit takes some 60 000
 * instructions, 1 % of a verification. Nothing here is secret, so it need not take constant time.
 */
#include <stdint.h>

enum { WORDS = 8, BITS = 512 };

/* L = 2^252 + 27742317777372353535851937790883648493, least significant word first. */
static const uint32_t order[WORDS] = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000};

static int is_below_order(const uint32_t *number) {
    for (int i = WORDS - 1; i >= 0; i--)
        if (number[i] != order[i]) return number[i] < order[i];
    return 0;
}

static void subtract_order(uint32_t *number) {
    uint32_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint64_t difference = (uint64_t)number[i] - order[i] - borrow;
        number[i]           = (uint32_t)difference;
        borrow              = (uint32_t)(difference >> 63);
    }
}

static void shift_in(uint32_t *number, uint32_t bit) {
    for (int i = 0; i < WORDS; i++) {
        uint32_t top = number[i] >> 31;
        number[i]    = number[i] << 1 | bit;
        bit          = top;
    }
}

/* The 64 bytes at `scalar`, little-endian, become the 32 bytes of their remainder. */
void sc_reduce(unsigned char *scalar);
void sc_reduce(unsigned char *scalar) {
    uint32_t remainder[WORDS] = {0};
    for (int i = BITS - 1; i >= 0; i--) {
        /* Below L < 2^253 before, so below 2^254 here: it fits, and one subtraction is enough. */
        shift_in(remainder, scalar[i / 8] >> i % 8 & 1);
        if (!is_below_order(remainder)) subtract_order(remainder);
    }
    for (int i = 0; i < 4 * WORDS; i++) scalar[i] = (unsigned char)(remainder[i / 4] >> 8 * (i % 4));
}
