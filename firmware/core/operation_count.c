#include "operation_count.h"

#include "module_subset.h"

void operations_run(operation_count *count, uint32_t operations, uint32_t frames) {
    if (count->keeps) count->path += operations * frames;
    if (count->path > count->most_path) count->most_path = count->path;
}

/* Puts the value that is in wasm3's register into a slot. */
static void preserve(operation_count *count) {
    if (count->in_register != 0) operations_run(count, 1, 1);
    count->in_register = 0;
}

void operations_operate(operation_count *count, uint32_t frames, uint32_t height, uint32_t operands) {
    if (count->in_register + operands <= height) preserve(count);
    operations_run(count, 1, frames);
}

void operations_load(operation_count *count, uint32_t height) {
    if (count->in_register == height) return;
    preserve(count);
    operations_run(count, 1, 1);
}

void operations_constant(operation_count *count, uint32_t slots) {
    uint32_t taken = slots == 2 ? 2 + (count->constants & 1) : 1;
    if (taken <= count->constants) {
        count->constants -= taken;
    } else {
        operations_run(count, 1, 1);
    }
}

void operations_block(operation_count *count, uint8_t opcode, uint32_t height, uint32_t own) {
    uint32_t kept   = opcode == OP_IF && count->in_register == height ? height : 0;
    uint32_t locals = own - (count->in_register != 0);
    if (count->in_register != kept) preserve(count);
    operations_run(count, locals, 1);
    if (opcode == OP_IF) operations_run(count, 1, 1);
    if (opcode != OP_LOOP) return;
    count->path += FRAMES_LOOP;
    operations_run(count, 0, 0);
}

uint32_t operations_wide(uint8_t opcode) {
    static const uint8_t wide[][3] = SUBSET_WIDE;
    unsigned row                   = 0;
    while (opcode > wide[row][1]) row++;
    return wide[row][2];
}

uint32_t operations_with_pages(const operation_count *count, uint32_t frames) {
    return count->keeps ? frames + frames / FRAMES_OPERATIONS_OF_PAGE : frames;
}
