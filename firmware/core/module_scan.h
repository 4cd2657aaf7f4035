/*
 * Validates a WebAssembly module before wasm3, which does not, sees it: sections, their order and counts,
 * exports and constants, and every function body (function_scan.c). What passes is in the subset of
 * module_subset.h.
 */
#ifndef THIMBLE_MODULE_SCAN_H
#define THIMBLE_MODULE_SCAN_H

#include "thimble.h"

enum { WASM_FUNCTION = 0, WASM_MEMORY = 2, WASM_GLOBAL = 3 };

typedef struct thimble_section {
    const uint8_t *at;
    const uint8_t *end;
} thimble_section;

/* Spans of a module's sections; each begins behind the section's count. */
typedef struct thimble_module_info {
    thimble_section types, functions, globals, exports, code, data;
    uint32_t type_count, function_count, global_count, export_count, code_count, data_count;
    uint32_t memory_count, memory_pages;
    uint32_t widest_type;    /* most parameters and results of a function type, together */
    uint32_t longest_custom; /* bytes of the longest name of a custom section */
} thimble_module_info;

typedef struct thimble_export {
    const uint8_t *name; /* not terminated */
    uint32_t name_bytes;
    uint32_t index;
    uint8_t kind;
} thimble_export;

typedef struct thimble_global {
    int64_t value;
    uint8_t type;
    uint8_t is_mutable;
} thimble_global;

typedef struct thimble_data {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t offset;
} thimble_data;

/* THIMBLE_OK, _ERR_IMPORT, _ERR_START, or _ERR_MODULE where it is malformed or outside the subset. */
THIMBLE_CHECK_RESULT
thimble_status thimble_module_scan(const uint8_t *module, size_t bytes, thimble_module_info *info);

/*
 * The next of a section's entries, from a copy of its span and as often as the section's count says. The
 * scan has seen every one of them, so they cannot fail.
 */
thimble_export thimble_export_next(thimble_section *exports);
thimble_global thimble_global_next(thimble_section *globals);
thimble_data thimble_data_next(thimble_section *data);

/* The global of that number, which there is. */
thimble_global thimble_global_at(const thimble_module_info *info, uint32_t index);

/* Finds an export by kind and name; 1, or 0 where there is none. */
int thimble_export_find(const thimble_module_info *info, uint8_t kind, const char *name, uint32_t *index);

/* The value of the exported immutable i32 global `name`; 1, or 0 where there is none. */
int thimble_global_find(const thimble_module_info *info, const char *name, uint32_t *value);

/* Whether the function takes exactly `parameters` times i32 and returns `results` times i32. */
int thimble_function_is(const thimble_module_info *info, uint32_t function, uint32_t parameters,
                        uint32_t results);

/*
 * The function's type as the module has it: how many parameters, their types, how many results (0, 1),
 * its type.
 */
const uint8_t *thimble_function_type(const thimble_module_info *info, uint32_t function);

enum { THIMBLE_CALLS_NONE = 0, THIMBLE_CALLS_ENTRY = 1, THIMBLE_CALLS_NATIVE = UINT16_MAX };

/*
 * Who calls whom, and the native stack that wasm3 takes for it: host/module/dispatches.ts. A frame is that of
 * one of wasm3's operations.
 */
typedef struct thimble_calls {
    /*
     * By function: THIMBLE_CALLS_NONE where nothing calls it, otherwise 1 and the frames that are open when
     * it is called. THIMBLE_CALLS_NATIVE stays: a native kernel runs in its place.
     */
    uint16_t *open;
    int keeps;        /* whether every operation keeps its frame: the compiler makes no sibling calls */
    uint32_t frames;  /* the most that are open */
    uint32_t nesting; /* blocks in one another, each of which is a call of C while wasm3 compiles */
} thimble_calls;

/* Goes from the functions that `open` has as entries to all that they call. */
void thimble_calls_scan(const thimble_module_info *info, thimble_calls *calls);

#endif
