/*
 * Fuzzes all that a module meets until it is in service: the scan, and what is accepted in wasm3, which
 * compiles it. Nothing is run, since that may take for ever: `thimble_posix --modules` does.
 *
 * The first byte of an input says whether native kernels are bound (1) and how much RAM there is (the
 * rest), the others are a module. What it starts from, test/firmware/fuzz.slow.test.ts makes out of
 * test/fuzz/odd_modules.ts.
 */
#include "../port/posix/port.h"

enum { PORTABLE = 1, RAM_LEAST = 2048, RAM_STEP = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const size_t ram_bytes = RAM_LEAST + (size_t)(data[0] >> 1) * RAM_STEP;
    (void)posix_module_run(data + 1, size - 1, ram_bytes, data[0] & PORTABLE, 0);
    return 0;
}
