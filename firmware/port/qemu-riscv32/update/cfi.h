/*
 * NOR flash behind the Common Flash Interface with Intel's command set, as two 16-bit chips side by side:
 * what QEMU's virt machine has in each bank. Code must not run from the bank that is written.
 */
#ifndef CFI_H
#define CFI_H

#include <stdint.h>

#include "thimble_update.h"

typedef struct cfi_bank {
    volatile uint32_t *cells;
    uint32_t bytes;
    uint32_t buffer_bytes; /* programmed by one command */
} cfi_bank;

/* Asks the bank for its geometry; 1, or 0 where it does not answer as such a flash. Addresses of *flash count
 * from the start of the bank, which has to outlive it. */
int cfi_open(cfi_bank *bank, thimble_flash *flash);

#endif
