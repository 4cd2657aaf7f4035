/* Commands: Common Flash Interface (JEDEC JESD68) and Intel's basic command set, as in StrataFlash. */
#include "cfi.h"

#include <string.h>

enum {
    READ_ARRAY    = 0xff,
    READ_QUERY    = 0x98,
    CLEAR_STATUS  = 0x50,
    ERASE_SECTOR  = 0x20,
    WRITE_BUFFER  = 0xe8,
    CONFIRM       = 0xd0,
    STATUS_READY  = 0x80,
    STATUS_FAILED = 0x3a, /* erase, program, voltage, or a locked sector */
};
enum { QUERY_COMMAND = 0x55, QUERY_TEXT = 0x10, QUERY_SET = 0x13, QUERY_BUFFER = 0x2a, QUERY_SECTOR = 0x2f };
enum { SET_INTEL_EXTENDED = 1, CHIPS = 2, WORD = 4, MAX_BUFFER_BITS = 16 };

/* The same for both chips. */
static uint32_t lanes(uint32_t value) { return value | value << 16; }

static void command(const cfi_bank *bank, uint32_t address, uint32_t code) {
    bank->cells[address / WORD] = lanes(code);
}

static uint32_t query(const cfi_bank *bank, uint32_t index) { return bank->cells[index] & 0xff; }

/* Until both chips are ready; 0 where both have done it. Then the bank is memory again. */
static int finish(const cfi_bank *bank, uint32_t address) {
    uint32_t status;
    do status = bank->cells[address / WORD];
    while ((status & lanes(STATUS_READY)) != lanes(STATUS_READY));
    command(bank, address, CLEAR_STATUS);
    command(bank, address, READ_ARRAY);
    return (status & lanes(STATUS_FAILED)) != 0;
}

static int is_within(const cfi_bank *bank, uint32_t address, uint32_t bytes) {
    return address <= bank->bytes && bytes <= bank->bytes - address;
}

/* Bytes that fit the chips' buffer, which does not go across a boundary of its size. */
static int program_buffer(const cfi_bank *bank, uint32_t address, const uint8_t *data, uint32_t bytes) {
    command(bank, address, WRITE_BUFFER);
    command(bank, address, bytes / WORD - 1);
    for (uint32_t i = 0; i < bytes; i += WORD) {
        uint32_t word;
        memcpy(&word, data + i, WORD);
        bank->cells[(address + i) / WORD] = word;
    }
    command(bank, address, CONFIRM);
    return finish(bank, address);
}

static int program(void *context, uint32_t address, const uint8_t *data, uint32_t bytes) {
    const cfi_bank *bank = context;
    if (!is_within(bank, address, bytes) || address % WORD != 0 || bytes % WORD != 0) return 1;
    while (bytes > 0) {
        const uint32_t room  = bank->buffer_bytes - address % bank->buffer_bytes;
        const uint32_t chunk = bytes < room ? bytes : room;
        if (program_buffer(bank, address, data, chunk)) return 1;
        address += chunk;
        data += chunk;
        bytes -= chunk;
    }
    return 0;
}

static int erase(void *context, uint32_t address) {
    const cfi_bank *bank = context;
    if (!is_within(bank, address, WORD)) return 1;
    command(bank, address, ERASE_SECTOR);
    command(bank, address, CONFIRM);
    return finish(bank, address);
}

static const uint8_t *map(void *context, uint32_t address, uint32_t bytes) {
    (void)bytes;
    const cfi_bank *bank = context;
    return (const uint8_t *)(uintptr_t)bank->cells + address;
}

int cfi_open(cfi_bank *bank, thimble_flash *flash) {
    command(bank, QUERY_COMMAND * WORD, READ_QUERY);
    const int is_flash = query(bank, QUERY_TEXT) == 'Q' && query(bank, QUERY_TEXT + 1) == 'R' &&
                         query(bank, QUERY_TEXT + 2) == 'Y' && query(bank, QUERY_SET) == SET_INTEL_EXTENDED;
    const uint32_t buffer_bits = query(bank, QUERY_BUFFER);
    // Units of 256 bytes, of one chip.
    const uint32_t sector = (query(bank, QUERY_SECTOR) | query(bank, QUERY_SECTOR + 1) << 8) * 256 * CHIPS;
    command(bank, 0, READ_ARRAY);
    if (!is_flash || buffer_bits < 2 || buffer_bits > MAX_BUFFER_BITS) return 0;
    bank->buffer_bytes = UINT32_C(1) << buffer_bits;
    *flash             = (thimble_flash){.context       = bank,
                                         .sector_bytes  = sector,
                                         .program_bytes = WORD,
                                         .program       = program,
                                         .erase         = erase,
                                         .map           = map};
    return 1;
}
