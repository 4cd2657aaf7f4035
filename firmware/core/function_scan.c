/*
 * One function body against the subset: every instruction, operand and label, as the WebAssembly core
 * specification 2.0, section 3.3 validates them, and the limits of module_subset.h.
 * host/module/function_body.ts is the same in TypeScript, in the same order.
 *
 * After an instruction that never ends normally only `end` or `else` may follow, so that every operand
 * has one type: wasm3 of 2022 keeps wrong books of what is never reached.
 */
#include <string.h>

#include "module_reader.h"
#include "module_subset.h"
#include "operation_count.h"

typedef struct frame {
    uint8_t opcode;
    uint8_t height; /* values below its own */
    uint8_t result; /* a type, or 0 */
    /* Frames of native stack on the longest path to its end, and behind the operation of an `if`. */
    uint32_t path_end, path_begin;
} frame;

enum { CHAIN_SHIFT = 2, CHAIN_STEP = 1 << CHAIN_SHIFT };

/* Short offsets first: they make shorter instructions. */
typedef struct walk {
    thimble_reader code;
    const thimble_module_info *info;
    uint32_t function;
    thimble_calls *calls; /* may be null */
    operation_count count;
    uint32_t locals, height, depth;
    uint32_t most_height, most_nesting, longest_chain;
    int ended;  /* whether the instruction before never ends normally */
    int closed; /* whether the function's own block is */
    frame frames[LIMIT_NESTING + 1];
    /*
     * Parameters and locals, operands, and the results that open blocks will have: a type, and above it
     * the number of calls whose results a result lies above (LIMIT_CALL_CHAIN).
     */
    uint8_t values[LIMIT_VALUES];
} walk;

static frame *innermost(walk *at) { return &at->frames[at->depth]; }

static void longer(uint32_t *path, uint32_t other) {
    if (other > *path) *path = other;
}

static void run(walk *at, uint32_t operations) { operations_run(&at->count, operations, 1); }

/* Tells a function that is called what is open then; this one's caller has told it the same. */
static void count_call(walk *at, uint32_t callee, uint32_t parameters) {
    run(at, parameters);
    if (at->calls != NULL) {
        uint16_t *open = at->calls->open;
        uint32_t frames =
            open[at->function] + operations_with_pages(&at->count, at->count.path + FRAMES_CALL);
        if (frames >= THIMBLE_CALLS_NATIVE) frames = THIMBLE_CALLS_NATIVE - 1;
        if (frames > open[callee]) open[callee] = (uint16_t)frames;
        if (open[callee] == THIMBLE_CALLS_NATIVE)
            longer(&at->calls->frames, frames - THIMBLE_CALLS_ENTRY + FRAMES_NATIVE);
    }
    operations_run(&at->count, 1, FRAMES_CALL);
}

/* A jump to the end of a block, or of the function. */
static void count_jump(walk *at, frame *left, unsigned result) {
    run(at, result != 0 ? 2 : 1);
    if (left->opcode != OP_LOOP) longer(&left->path_end, at->count.path);
}

/* `else` or `end`, before it is decided what they close. */
static void count_end(walk *at, frame *closed) {
    if (!at->ended) {
        run(at, (uint32_t)(closed->result != 0) + (closed->opcode == OP_ELSE));
        longer(&closed->path_end, at->count.path);
    }
    at->count.in_register = 0;
}

/* Type 0 is none, here and in `pop`. */
static void push(walk *at, unsigned value) {
    if (value == 0) return;
    if (at->height == LIMIT_VALUES) {
        at->code.bad = 1;
        return;
    }
    at->values[at->height++] = (uint8_t)value;
    if (at->height > at->most_height) at->most_height = at->height;
}

static unsigned top(walk *at) {
    if (at->height > innermost(at)->height) return at->values[at->height - 1] & SUBSET_TYPE;
    at->code.bad = 1;
    return 0;
}

static void expect_top(walk *at, unsigned type) {
    if (type != 0 && top(at) != type) at->code.bad = 1;
}

static void pop(walk *at, unsigned type) {
    expect_top(at, type);
    if (type == 0 || at->code.bad) return;
    if (at->count.in_register == at->height) at->count.in_register = 0;
    at->height--;
}

/* Pushes the result of an operation, which is in the register. */
static void produce(walk *at, unsigned type) {
    push(at, type);
    if (type != 0) at->count.in_register = at->height;
}

static unsigned take_type(walk *at) {
    unsigned type = 0x80u - thimble_take_byte(&at->code);
    if (type != SUBSET_I32 && type != SUBSET_I64) at->code.bad = 1;
    return type;
}

static void take_locals(walk *at, const uint8_t *type) {
    for (unsigned i = 1; i <= type[0]; i++) push(at, 0x80u - type[i]);
    for (uint32_t groups = thimble_take_u32(&at->code); groups > 0 && !at->code.bad; groups--) {
        uint32_t count = thimble_take_index(&at->code, LIMIT_VALUES + 1);
        unsigned local = take_type(at);
        while (count-- > 0) push(at, local);
    }
    at->locals = at->height;
}

static void enter(walk *at, uint8_t opcode) {
    operations_block(&at->count, opcode, at->height, at->height - innermost(at)->height);
    if (opcode == OP_IF) pop(at, SUBSET_I32);
    unsigned result = 0;
    if (at->code.at < at->code.end && *at->code.at == TYPE_NONE) {
        at->code.at++;
    } else {
        result = take_type(at);
    }
    push(at, result);
    if (at->depth == LIMIT_NESTING) at->code.bad = 1;
    if (at->code.bad) return;
    at->frames[++at->depth] = (frame){opcode, (uint8_t)at->height, (uint8_t)result, 0, at->count.path};
    longer(&at->most_nesting, at->depth);
}

/* The result is there and nothing else is. */
static void finish(walk *at) {
    const frame *done = innermost(at);
    if (!at->ended) {
        pop(at, done->result);
        if (at->height != done->height) at->code.bad = 1;
    }
    at->height = done->height;
    at->ended  = 0;
}

/* The block that a branch leaves. */
static frame *take_label(walk *at) {
    return &at->frames[at->depth - thimble_take_index(&at->code, at->depth + 1)];
}

/* Its result; a branch to a loop begins it anew and takes nothing along. */
static unsigned result_of(const frame *left) { return left->opcode == OP_LOOP ? 0 : left->result; }

static void leave(walk *at, frame *left) {
    unsigned result = result_of(left);
    count_jump(at, left, result);
    pop(at, result);
    at->ended = 1;
}

static void unreachable(walk *at) {
    run(at, 1);
    at->ended = 1;
}

static void call(walk *at) {
    /* Only those before it: so none calls itself, and the deepest chain is known. */
    uint32_t function = thimble_take_index(&at->code, at->function);
    if (at->code.bad) return;
    unsigned chain = 0;
    for (uint32_t i = at->locals; i < at->height; i++)
        if (at->values[i] >> CHAIN_SHIFT > chain) chain = at->values[i] >> CHAIN_SHIFT;
    const uint8_t *type = thimble_function_type(at->info, function);
    count_call(at, function, type[0]);
    for (unsigned i = type[0]; i > 0; i--) pop(at, 0x80u - type[i]);
    if (type[1 + type[0]] == 0) return;
    if (++chain > LIMIT_CALL_CHAIN) at->code.bad = 1;
    if (chain > at->longest_chain) at->longest_chain = chain;
    push(at, (0x80u - type[2 + type[0]]) | chain << CHAIN_SHIFT);
}

static void use_local(walk *at, uint8_t opcode) {
    unsigned type = at->values[thimble_take_index(&at->code, at->locals)];
    if (opcode != OP_LOCAL_GET) run(at, 1);
    if (opcode == OP_LOCAL_GET) push(at, type);
    if (opcode == OP_LOCAL_SET) pop(at, type);
    if (opcode == OP_LOCAL_TEE) expect_top(at, type);
}

static void use_global(walk *at, uint8_t opcode) {
    uint32_t index = thimble_take_index(&at->code, at->info->global_count);
    if (at->code.bad) return;
    run(at, 1);
    thimble_global global = thimble_global_at(at->info, index);
    if (opcode == OP_GLOBAL_GET) {
        push(at, 0x80u - global.type);
    } else {
        if (!global.is_mutable) at->code.bad = 1;
        pop(at, 0x80u - global.type);
    }
}

static void select(walk *at) {
    operations_operate(&at->count, 1, at->height, 3);
    pop(at, SUBSET_I32);
    unsigned type = top(at);
    pop(at, type);
    pop(at, type);
    produce(at, type);
}

static void need_memory(walk *at) {
    if (at->info->memory_count == 0) at->code.bad = 1;
}

static void bulk(walk *at) {
    unsigned which = thimble_take_byte(&at->code);
    if (which != BULK_MEMORY_COPY && which != BULK_MEMORY_FILL) at->code.bad = 1;
    for (int memories = which == BULK_MEMORY_COPY ? 2 : 1; memories > 0; memories--)
        if (thimble_take_byte(&at->code) != 0) at->code.bad = 1;
    need_memory(at);
    operations_load(&at->count, at->height);
    operations_run(&at->count, 1, FRAMES_BULK);
    for (int i = 0; i < 3; i++) pop(at, SUBSET_I32);
}

static void plain(walk *at, uint8_t opcode) {
    static const uint8_t signatures[] = SUBSET_PLAIN;
    const unsigned row                = (unsigned)opcode - OP_PLAIN;
    const unsigned signature          = row < sizeof signatures ? signatures[row] : 0;
    if (signature == 0) at->code.bad = 1;
    if ((signature & SUBSET_MEMORY) != 0) {
        (void)thimble_take_u32(&at->code);
        (void)thimble_take_u32(&at->code);
        need_memory(at);
    }
    operations_operate(&at->count, (signature & SUBSET_IS_WIDE) != 0 ? operations_wide(opcode) : 1,
                       at->height, (signature >> 2 & SUBSET_TYPE) != 0 ? 2 : 1);
    pop(at, signature >> 2 & SUBSET_TYPE);
    pop(at, signature & SUBSET_TYPE);
    produce(at, signature >> 4 & SUBSET_TYPE);
}

static void constant(walk *at, unsigned type) {
    (void)thimble_take_leb(&at->code, 32 * type, 1);
    push(at, type);
    operations_constant(&at->count, type);
}

/* `else` and `end`. */
static void close(walk *at, uint8_t opcode) {
    frame *closed = innermost(at);
    count_end(at, closed);
    finish(at);
    if (opcode == OP_ELSE) {
        if (closed->opcode != OP_IF) at->code.bad = 1;
        closed->opcode = OP_ELSE;
        at->count.path = closed->path_begin;
        return;
    }
    if (closed->opcode == OP_IF && closed->result != 0) at->code.bad = 1;
    if (closed->opcode == OP_IF) longer(&closed->path_end, closed->path_begin);
    at->count.path = closed->path_end;
    at->closed     = at->depth == 0;
    if (at->closed) run(at, 1);
    if (at->depth > 0) at->depth--;
}

static void branch_if(walk *at) {
    frame *left     = take_label(at);
    unsigned result = result_of(left);
    if (left->opcode == OP_LOOP) operations_load(&at->count, at->height);
    run(at, 1);
    uint32_t onwards = at->count.path;
    if (result != 0 || left == at->frames) {
        count_jump(at, left, result);
    } else if (left->opcode != OP_LOOP) {
        longer(&left->path_end, onwards);
    }
    at->count.path = onwards;
    pop(at, SUBSET_I32);
    expect_top(at, result);
}

static void instruction(walk *at, uint8_t opcode) {
    if (at->ended && opcode != OP_END && opcode != OP_ELSE) at->code.bad = 1;
    switch (opcode) {
    case OP_UNREACHABLE: unreachable(at); break;
    case OP_NOP: break;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF: enter(at, opcode); break;
    case OP_ELSE:
    case OP_END: close(at, opcode); break;
    case OP_BR: leave(at, take_label(at)); break;
    case OP_BR_IF: branch_if(at); break;
    case OP_RETURN: leave(at, at->frames); break;
    case OP_CALL: call(at); break;
    case OP_DROP: pop(at, top(at)); break;
    case OP_SELECT: select(at); break;
    case OP_LOCAL_GET:
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE: use_local(at, opcode); break;
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET: use_global(at, opcode); break;
    case OP_I32_CONST: constant(at, SUBSET_I32); break;
    case OP_I64_CONST: constant(at, SUBSET_I64); break;
    case OP_BULK: bulk(at); break;
    default: plain(at, opcode); break;
    }
}

/* Slots that wasm3 sets aside for constants: it takes every byte for one that looks like its opcode. */
static uint32_t constant_slots(const thimble_reader *code) {
    uint32_t slots = 0;
    for (const uint8_t *at = code->at; at < code->end; at++) {
        unsigned which = *at - (unsigned)OP_I32_CONST; /* i32, i64, f32, f64 */
        uint32_t more  = which > 3 ? 0 : 1 + (which & 1);
        if (slots + more >= LIMIT_CONSTANT_SLOTS) break;
        slots += more;
    }
    return slots + (slots & 1);
}

/*
 * Whether wasm3 has slots enough: it hands out those of results without looking. host/module/subset_table.ts
 * ("slotsOf") counts the same.
 */
static int has_slots(const walk *at, const uint8_t *type, uint32_t constants) {
    uint32_t slots = 0;
    for (uint32_t i = type[0]; i < at->locals; i++)
        slots = (at->values[i] & SUBSET_TYPE) == SUBSET_I64 ? slots + (slots & 1) + 2 : slots + 1;
    slots += (slots & 1) + constants + 2u * (type[0] + type[1 + type[0]]);
    slots += 2 * (at->most_height - at->locals + at->longest_chain);
    return slots <= LIMIT_SLOTS;
}

static void keep(const walk *at, thimble_calls *calls) {
    longer(&calls->frames, calls->open[at->function] - THIMBLE_CALLS_ENTRY +
                               operations_with_pages(&at->count, at->count.most_path));
    longer(&calls->nesting, at->most_nesting);
}

int thimble_function_scan(const thimble_module_info *info, uint32_t function, thimble_section body,
                          thimble_calls *calls) {
    const uint8_t *type = thimble_function_type(info, function);
    walk at;
    memset(&at, 0, sizeof at);
    at.code     = (thimble_reader){body.at, body.end, body.end - body.at > LIMIT_BODY_BYTES};
    at.info     = info;
    at.function = function;
    at.calls    = calls;
    take_locals(&at, type);
    at.frames[0]             = (frame){OP_BLOCK, (uint8_t)at.locals,
                           type[1 + type[0]] == 0 ? 0 : (uint8_t)(0x80u - type[2 + type[0]]), 0, 0};
    const uint32_t constants = constant_slots(&at.code);
    at.count                 = (operation_count){
                        .path = FRAMES_ENTRY, .constants = constants, .keeps = calls != NULL && calls->keeps};
    run(&at, 0);
    while (!at.code.bad && !at.closed) instruction(&at, thimble_take_byte(&at.code));
    if (calls != NULL) keep(&at, calls);
    return !at.code.bad && at.code.at == at.code.end && has_slots(&at, type, constants);
}
