/*
 * Runs one thimble module (DESIGN.md section 3) in wasm3, for verification on a development machine.
 *
 *     wasm3_runner MODULE.wasm               vectors from stdin, outputs to stdout, both back to back
 *     wasm3_runner MODULE.wasm --tensors     one line per tensor: its name and its bytes
 *     wasm3_runner MODULE.wasm --self-test   what self_test() returned, or "none"
 *         --parent PID                       ends when that process, whose child this is, has ended
 *
 * MODULE.wasm is "-" for a module on stdin, before the vectors: its bytes, after how many there are in 4
 * bytes, the lowest first. Any error is one line on stderr and exit status 1. The module is validated as
 * on a device before wasm3 sees it. Linear memory is exactly memory_bytes long, as there: an access past
 * it traps even where the module declares a whole 64 KiB page.
 *
 * The process ends at the first error, so nothing is freed on that path. That also avoids a difference
 * between wasm3 versions, which disagree on who owns a module that failed to load.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_scan.h"
#include "wasm3.h"
#include "wasm3_runner_parent.h"
/* M3Runtime.memoryLimit and .numStackSlots have no public accessor. */
#include "m3_env.h"

/* wasm3 0.9 asks a module for its memory, earlier versions a runtime. The build reads which from wasm3.h:
 * M3_VERSION does not tell, because the change came between two releases. */
#ifndef WASM3_MEMORY_OWNER
#define WASM3_MEMORY_OWNER runtime
#define WASM3_MEMORY_SIZE  uint32_t
#endif

enum {
    WASM3_STACK_BYTES = 64 * 1024,
    MODULE_BYTES_MAX  = 16 * 1024 * 1024,
    /* Far above any microcontroller; keeps a hostile claim from taking the machine's memory. */
    MEMORY_BYTES_MAX = 64 * 1024 * 1024,
    TENSORS_MAX      = 64,
    NAME_BYTES       = 32,
    PAGE_BYTES       = 65536,
    /* Of the 8 MiB that a process usually has; a sanitized interpreter takes most of it. */
    NATIVE_STACK_MAX = 4 * 1024 * 1024,
};

struct tensor {
    uint32_t offset;
    uint32_t bytes;
};

struct tensor_list {
    const char *prefix;
    uint32_t count;
    struct tensor at[TENSORS_MAX];
};

/* Static, so that what wasm3 keeps pointers into outlives every call. */
static struct {
    uint8_t *module_bytes;
    size_t module_size;
    thimble_module_info info;
    uintptr_t native_stack; /* of main's frame */
    IM3Environment environment;
    IM3Runtime runtime;
    IM3Module module;
    uint32_t memory_bytes;
    struct tensor_list inputs, outputs;
} runner = {.inputs = {.prefix = "input"}, .outputs = {.prefix = "output"}};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("wasm3_runner: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

/*
 * So many bytes, or all that there are where that is less; shrunk to fit, so that a memory checker sees
 * an over-read.
 */
static void module_read_from(FILE *file, const char *path, size_t most) {
    runner.module_bytes = malloc(most > 0 ? most : 1);
    if (runner.module_bytes == NULL) die("%s: out of memory", path);
    runner.module_size = fread(runner.module_bytes, 1, most, file);
    if (ferror(file)) die("%s: cannot be read", path);
    uint8_t *fitted = realloc(runner.module_bytes, runner.module_size ? runner.module_size : 1);
    if (fitted != NULL) runner.module_bytes = fitted;
}

static void file_read(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) die("%s: cannot be opened", path);
    module_read_from(file, path, (size_t)MODULE_BYTES_MAX + 1);
    fclose(file);
    if (runner.module_size > MODULE_BYTES_MAX) die("%s: expected at most %d bytes", path, MODULE_BYTES_MAX);
}

static void stdin_read(void) {
    uint8_t size[4];
    if (fread(size, 1, sizeof size, stdin) != sizeof size) die("stdin: expected a module, found none");
    size_t bytes = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
    if (bytes > MODULE_BYTES_MAX) die("stdin: expected at most %d bytes", MODULE_BYTES_MAX);
    module_read_from(stdin, "stdin", bytes);
    if (runner.module_size < bytes)
        die("stdin: expected a module of %lu bytes, found %lu", (unsigned long)bytes,
            (unsigned long)runner.module_size);
}

/* ---- what the module's own bytes say, before wasm3 sees them ---- */

static bool export_exists(uint8_t kind, const char *name) {
    uint32_t index;
    return thimble_export_find(&runner.info, kind, name, &index);
}

static void function_check(const char *name) {
    uint32_t index;
    if (!thimble_export_find(&runner.info, WASM_FUNCTION, name, &index))
        die("%s: expected an exported function, found none", name);
    if (!thimble_function_is(&runner.info, index, 0, 1)) die("%s: expected the signature () -> i32", name);
}

static bool global_read(const char *name, uint32_t *value) {
    if (!export_exists(WASM_GLOBAL, name)) return false;
    if (!thimble_global_find(&runner.info, name, value))
        die("%s: expected an immutable i32 global, found one that is mutable or of another type", name);
    return true;
}

static uint32_t global_require(const char *name) {
    uint32_t value = 0;
    if (!global_read(name, &value)) die("%s: expected an exported immutable i32 global, found none", name);
    return value;
}

static void memory_check(void) {
    uint32_t bytes = global_require("memory_bytes");
    /* Zero is refused here because wasm3 reads it as "no limit". */
    if (bytes == 0 || bytes > MEMORY_BYTES_MAX)
        die("memory_bytes: expected 1 to %d, found %u", MEMORY_BYTES_MAX, (unsigned)bytes);
    uint64_t most = (uint64_t)runner.info.memory_pages * PAGE_BYTES;
    if (bytes > most)
        die("memory_bytes: expected at most the memory's %lu bytes, found %u", (unsigned long)most,
            (unsigned)bytes);
    unsigned pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    if (runner.info.memory_pages != pages)
        die("memory: expected %u pages for memory_bytes %u, found %u", pages, (unsigned)bytes,
            (unsigned)runner.info.memory_pages);
    runner.memory_bytes = bytes;
}

static void module_scan(void) {
    thimble_status status = thimble_module_scan(runner.module_bytes, runner.module_size, &runner.info);
    if (status == THIMBLE_ERR_IMPORT) die("expected no imports, found some");
    if (status == THIMBLE_ERR_START) die("expected no start function, found one");
    if (status != THIMBLE_OK) die("malformed module: expected the integer subset of WebAssembly");
    if (!export_exists(WASM_MEMORY, "memory")) die("memory: expected an exported memory, found none");
    function_check("invoke");
    if (export_exists(WASM_FUNCTION, "self_test")) function_check("self_test");
    memory_check();
}

/* ---- loading ---- */

static void check(M3Result result, const char *where) {
    if (result != m3Err_none) die("%s: %s", where, result);
}

/*
 * wasm3 calls this at every call of the module: its own check counts values, of which a function may have
 * none.
 */
M3Result m3_Yield(void) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return runner.native_stack - here > NATIVE_STACK_MAX ? m3Err_trapStackOverflow : m3Err_none;
}

static uint8_t *memory_find(void) {
    WASM3_MEMORY_SIZE size = 0;
    uint8_t *memory        = m3_GetMemory(runner.WASM3_MEMORY_OWNER, &size, 0);
    if (memory == NULL || size < runner.memory_bytes) die("memory: expected one, found none");
    return memory;
}

static void runtime_open(void) {
    /* Arguments of a call are written before wasm3 checks whether the callee's frame fits. */
    uint32_t widest    = runner.info.widest_type * (uint32_t)sizeof(uint64_t);
    runner.environment = m3_NewEnvironment();
    if (runner.environment == NULL) die("out of memory");
    runner.runtime = m3_NewRuntime(runner.environment, WASM3_STACK_BYTES + widest, NULL);
    if (runner.runtime == NULL) die("out of memory");
    runner.runtime->numStackSlots -= widest / (uint32_t)sizeof(m3slot_t);
    runner.runtime->memoryLimit = runner.memory_bytes;
}

static void module_load(void) {
    runtime_open();
    uint32_t size = (uint32_t)runner.module_size;
    check(m3_ParseModule(runner.environment, &runner.module, runner.module_bytes, size), "malformed module");
    check(m3_LoadModule(runner.runtime, runner.module), "module does not load");
    /*
     * Compiling all of it now lets a version with a validator see every function before any of them runs.
     */
    check(m3_CompileModule(runner.module), "module does not compile");
}

static void tensors_read(struct tensor_list *list) {
    char name[NAME_BYTES], bytes_name[NAME_BYTES + sizeof "_bytes"];
    struct tensor tensor;
    for (;;) {
        snprintf(name, sizeof name, "%s_%u", list->prefix, (unsigned)list->count);
        snprintf(bytes_name, sizeof bytes_name, "%s_bytes", name);
        if (!global_read(name, &tensor.offset)) break;
        tensor.bytes = global_require(bytes_name);
        if (list->count == TENSORS_MAX) die("%s: expected at most %d tensors", name, TENSORS_MAX);
        if (tensor.bytes == 0) die("%s: expected at least 1, found 0", bytes_name);
        if ((uint64_t)tensor.offset + tensor.bytes > runner.memory_bytes)
            die("%s: expected to end within memory_bytes (%u), found %u + %u bytes", name,
                (unsigned)runner.memory_bytes, (unsigned)tensor.offset, (unsigned)tensor.bytes);
        list->at[list->count++] = tensor;
    }
    if (list->count == 0) die("%s_0: expected an exported immutable i32 global, found none", list->prefix);
}

static void abi_read(void) {
    uint32_t abi = global_require("abi");
    if (abi != 2) die("abi: expected 2, found %u", (unsigned)abi);
    tensors_read(&runner.inputs);
    tensors_read(&runner.outputs);
}

/* ---- running ---- */

static IM3Function function_find(const char *name) {
    IM3Function function = NULL;
    check(m3_FindFunction(&function, runner.runtime, name), name);
    return function;
}

/* False at the end of stdin, which may only come between two vectors. */
static bool vector_read(unsigned long vector) {
    uint8_t *memory = memory_find();
    for (uint32_t i = 0; i < runner.inputs.count; i++) {
        struct tensor input = runner.inputs.at[i];
        size_t found        = fread(memory + input.offset, 1, input.bytes, stdin);
        if (found == 0 && i == 0 && feof(stdin)) return false;
        if (found < input.bytes)
            die("vector %lu: input_%u: expected %u bytes, found %lu", vector, (unsigned)i,
                (unsigned)input.bytes, (unsigned long)found);
    }
    return true;
}

/* Whether the outputs are new. */
static bool vector_invoke(IM3Function invoke, unsigned long vector) {
    int32_t status  = 0;
    M3Result result = m3_CallV(invoke);
    if (result == m3Err_none) result = m3_GetResultsV(invoke, &status);
    if (result != m3Err_none) die("vector %lu: invoke: %s", vector, result);
    if (status != 0 && status != 1)
        die("vector %lu: invoke: expected status 0, found %ld", vector, (long)status);
    return status == 0;
}

/* A byte, 1 where the outputs are new, and then the outputs. */
static void vector_write(bool is_new) {
    if (putchar(is_new) == EOF) die("stdout: cannot be written");
    const uint8_t *memory = memory_find();
    for (uint32_t i = 0; is_new && i < runner.outputs.count; i++) {
        struct tensor output = runner.outputs.at[i];
        if (fwrite(memory + output.offset, 1, output.bytes, stdout) != output.bytes)
            die("stdout: cannot be written");
    }
    /* Whoever waits sees that it gets on. */
    if (fflush(stdout) != 0) die("stdout: cannot be written");
}

static void vectors_run(void) {
    IM3Function invoke = function_find("invoke");
    for (unsigned long vector = 0; vector_read(vector); vector++) {
        vector_write(vector_invoke(invoke, vector));
    }
}

static void tensors_print(const struct tensor_list *list) {
    for (uint32_t i = 0; i < list->count; i++)
        printf("%s_%u %u\n", list->prefix, (unsigned)i, (unsigned)list->at[i].bytes);
}

static void self_test_run(void) {
    int32_t status = 0;
    if (!export_exists(WASM_FUNCTION, "self_test")) {
        puts("none");
        return;
    }
    IM3Function self_test = function_find("self_test");
    check(m3_CallV(self_test), "self_test");
    check(m3_GetResultsV(self_test, &status), "self_test");
    printf("%ld\n", (long)status);
}

typedef enum mode { VECTORS, TENSORS, SELF_TEST } mode;

static mode arguments_read(int argc, char **argv) {
    mode found = VECTORS;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--self-test") == 0) {
            found = SELF_TEST;
        } else if (strcmp(argv[i], "--tensors") == 0) {
            found = TENSORS;
        } else if (strcmp(argv[i], "--parent") == 0 && i + 1 < argc) {
            if (!wasm3_runner_parent_watch(argv[++i])) die("--parent: no timer");
        } else {
            argc = 0;
        }
    }
    if (argc < 2) die("usage: wasm3_runner MODULE.wasm|- [--self-test | --tensors] [--parent PID]");
    return found;
}

int main(int argc, char **argv) {
    runner.native_stack = (uintptr_t)__builtin_frame_address(0);
    const mode mode     = arguments_read(argc, argv);
    if (strcmp(argv[1], "-") == 0) {
        stdin_read();
    } else {
        file_read(argv[1]);
    }
    module_scan();
    abi_read();
    module_load();
    if (mode == SELF_TEST) self_test_run();
    if (mode == VECTORS) vectors_run();
    if (mode == TENSORS) {
        tensors_print(&runner.inputs);
        tensors_print(&runner.outputs);
    }
    if (fflush(stdout) != 0) die("stdout: cannot be written");
    m3_FreeRuntime(runner.runtime);
    m3_FreeEnvironment(runner.environment);
    free(runner.module_bytes);
    return EXIT_SUCCESS;
}
