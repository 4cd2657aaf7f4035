/*
 * The subset of WebAssembly that a module may use. Written by host/module/subset_header.ts from
 * host/module/subset_table.ts, which says why: change that.
 */
#ifndef THIMBLE_MODULE_SUBSET_H
#define THIMBLE_MODULE_SUBSET_H

#include <stdint.h>

enum {
    LIMIT_TYPES = 64,
    LIMIT_FUNCTIONS = 256,
    LIMIT_GLOBALS = 512,
    LIMIT_EXPORTS = 1024,
    LIMIT_SEGMENTS = 256,
    LIMIT_PARAMETERS = 32,
    LIMIT_BODY_BYTES = 16384,
    LIMIT_VALUES = 80,
    LIMIT_SLOTS = 160,
    LIMIT_CONSTANT_SLOTS = 64,
    LIMIT_CALL_CHAIN = 8,
    LIMIT_NESTING = 24,
};

enum {
    OP_UNREACHABLE = 0x00,
    OP_NOP = 0x01,
    OP_BLOCK = 0x02,
    OP_LOOP = 0x03,
    OP_IF = 0x04,
    OP_ELSE = 0x05,
    OP_END = 0x0b,
    OP_BR = 0x0c,
    OP_BR_IF = 0x0d,
    OP_RETURN = 0x0f,
    OP_CALL = 0x10,
    OP_DROP = 0x1a,
    OP_SELECT = 0x1b,
    OP_LOCAL_GET = 0x20,
    OP_LOCAL_SET = 0x21,
    OP_LOCAL_TEE = 0x22,
    OP_GLOBAL_GET = 0x23,
    OP_GLOBAL_SET = 0x24,
    OP_I32_CONST = 0x41,
    OP_I64_CONST = 0x42,
    OP_BULK = 0xfc,
};

enum {
    BULK_MEMORY_COPY = 10,
    BULK_MEMORY_FILL = 11,
};

enum {
    TYPE_I32 = 0x7f,
    TYPE_I64 = 0x7e,
    TYPE_NONE = 0x40,
};

/* Types in signatures and on the stack of operands. */
enum { SUBSET_I32 = 1, SUBSET_I64 = 2, SUBSET_TYPE = 3, SUBSET_MEMORY = 0x40 };

/*
 * First opcode, last opcode, signature: bits 0-1 the first operand, 2-3 the second or 0, 4-5 the result or 0,
 * bit 6 an alignment and an offset follow.
 */
#define SUBSET_PLAIN { \
    {0x28, 0x28, 0x51}, /* i32 -> i32 */ \
    {0x29, 0x29, 0x61}, /* i32 -> i64 */ \
    {0x2c, 0x2f, 0x51}, /* i32 -> i32 */ \
    {0x30, 0x35, 0x61}, /* i32 -> i64 */ \
    {0x36, 0x36, 0x45}, /* i32 i32 -> nothing */ \
    {0x37, 0x37, 0x49}, /* i32 i64 -> nothing */ \
    {0x3a, 0x3b, 0x45}, /* i32 i32 -> nothing */ \
    {0x3c, 0x3e, 0x49}, /* i32 i64 -> nothing */ \
    {0x45, 0x45, 0x11}, /* i32 -> i32 */ \
    {0x46, 0x4f, 0x15}, /* i32 i32 -> i32 */ \
    {0x50, 0x50, 0x12}, /* i64 -> i32 */ \
    {0x51, 0x5a, 0x1a}, /* i64 i64 -> i32 */ \
    {0x67, 0x69, 0x11}, /* i32 -> i32 */ \
    {0x6a, 0x78, 0x15}, /* i32 i32 -> i32 */ \
    {0x79, 0x7b, 0x22}, /* i64 -> i64 */ \
    {0x7c, 0x8a, 0x2a}, /* i64 i64 -> i64 */ \
    {0xa7, 0xa7, 0x12}, /* i64 -> i32 */ \
    {0xac, 0xad, 0x21}, /* i32 -> i64 */ \
    {0xc0, 0xc1, 0x11}, /* i32 -> i32 */ \
    {0xc2, 0xc4, 0x22}, /* i64 -> i64 */ \
}

#endif
