/*
 * Runs one thimble module (DESIGN.md section 3) in wasm3, for verification on a development machine.
 *
 *     wasm3_runner MODULE.wasm               vectors from stdin, outputs to stdout, both back to back
 *     wasm3_runner MODULE.wasm --tensors     one line per tensor: its name and its bytes
 *     wasm3_runner MODULE.wasm --self-test   what self_test() returned, or "none"
 *
 * Any error is one line on stderr and exit status 1. Linear memory is exactly memory_bytes long, as on a
 * device: an access past it traps even where the module declares a whole 64 KiB page.
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

#include "wasm3.h"
/* M3Runtime.memoryLimit, M3Global.initExpr and .isMutable have no public accessor. */
#include "m3_env.h"

/* wasm3 0.9 asks a module for its memory, earlier versions a runtime. The build reads which from wasm3.h:
 * M3_VERSION does not tell, because the change came between two releases. */
#ifndef WASM3_MEMORY_OWNER
#define WASM3_MEMORY_OWNER runtime
#define WASM3_MEMORY_SIZE uint32_t
#endif

enum {
    WASM3_STACK_BYTES = 64 * 1024,
    MODULE_BYTES_MAX  = 16 * 1024 * 1024,
    /* Far above any microcontroller; keeps a hostile claim from taking the machine's memory. */
    MEMORY_BYTES_MAX  = 64 * 1024 * 1024,
    TENSORS_MAX       = 64,
    NAME_BYTES        = 32,
};

enum wasm_section { SECTION_IMPORT = 2, SECTION_EXPORT = 7 };
enum wasm_kind { KIND_FUNCTION = 0, KIND_MEMORY = 2 };

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
    bool exports_memory, exports_invoke, exports_self_test;
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

static void file_read(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) die("%s: cannot be opened", path);
    runner.module_bytes = malloc((size_t)MODULE_BYTES_MAX + 1);
    if (runner.module_bytes == NULL) die("%s: out of memory", path);
    runner.module_size = fread(runner.module_bytes, 1, (size_t)MODULE_BYTES_MAX + 1, file);
    if (ferror(file)) die("%s: cannot be read", path);
    fclose(file);
    if (runner.module_size > MODULE_BYTES_MAX) die("%s: expected at most %d bytes", path, MODULE_BYTES_MAX);
    /* Shrunk to fit: an over-read in the interpreter then shows under a memory checker. */
    uint8_t *fitted = realloc(runner.module_bytes, runner.module_size ? runner.module_size : 1);
    if (fitted != NULL) runner.module_bytes = fitted;
}

/* ---- a bounds-checked look at the sections, for what wasm3 does not tell: imports, export kinds ---- */

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static const uint8_t *reader_take(struct reader *reader, size_t bytes) {
    if (bytes > (size_t)(reader->end - reader->at)) die("malformed module: truncated");
    const uint8_t *start = reader->at;
    reader->at += bytes;
    return start;
}

static uint32_t reader_u32(struct reader *reader) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = *reader_take(reader, 1);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    die("malformed module: an integer is longer than 5 bytes");
}

static bool name_is(const uint8_t *name, uint32_t bytes, const char *expected) {
    return bytes == strlen(expected) && memcmp(name, expected, bytes) == 0;
}

static void exports_scan(struct reader section) {
    for (uint32_t left = reader_u32(&section); left > 0; left--) {
        uint32_t bytes = reader_u32(&section);
        const uint8_t *name = reader_take(&section, bytes);
        uint8_t kind = *reader_take(&section, 1);
        (void)reader_u32(&section);
        if (kind == KIND_MEMORY && name_is(name, bytes, "memory")) runner.exports_memory = true;
        if (kind == KIND_FUNCTION && name_is(name, bytes, "invoke")) runner.exports_invoke = true;
        if (kind == KIND_FUNCTION && name_is(name, bytes, "self_test")) runner.exports_self_test = true;
    }
}

/* wasm3 looks names up in the debug section too, so only this scan knows what is exported. */
static void module_scan(void) {
    static const uint8_t header[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct reader module = {runner.module_bytes, runner.module_bytes + runner.module_size};
    if (memcmp(reader_take(&module, sizeof header), header, sizeof header) != 0)
        die("malformed module: expected the header of a WebAssembly 1 module");
    while (module.at < module.end) {
        uint8_t id = *reader_take(&module, 1);
        uint32_t bytes = reader_u32(&module);
        const uint8_t *start = reader_take(&module, bytes);
        struct reader section = {start, start + bytes};
        if (id == SECTION_EXPORT) exports_scan(section);
        if (id == SECTION_IMPORT) {
            uint32_t imports = reader_u32(&section);
            if (imports > 0) die("expected no imports, found %u", (unsigned)imports);
        }
    }
    if (!runner.exports_memory) die("memory: expected an exported memory, found none");
    if (!runner.exports_invoke) die("invoke: expected an exported function, found none");
}

/* ---- loading ---- */

static void check(M3Result result, const char *where) {
    if (result != m3Err_none) die("%s: %s", where, result);
}

/* The exported constant `name`, or NULL where there is none. */
static IM3Global global_find(const char *name) {
    IM3Global global = m3_FindGlobal(runner.module, name);
    if (global == NULL) return NULL;
    if (m3_GetGlobalType(global) != c_m3Type_i32 || global->isMutable)
        die("%s: expected an immutable i32 global, found another kind of global", name);
    return global;
}

static bool global_read(const char *name, uint32_t *value) {
    IM3Global global = global_find(name);
    M3TaggedValue tagged;
    if (global == NULL) return false;
    check(m3_GetGlobal(global, &tagged), name);
    *value = (uint32_t)tagged.value.i32;
    return true;
}

static uint32_t global_require(const char *name) {
    uint32_t value = 0;
    if (!global_read(name, &value)) die("%s: expected an exported immutable i32 global, found none", name);
    return value;
}

/* The limit must be known before wasm3 allocates memory, which is also when it evaluates globals: so the
 * one instruction of this global's initialiser (i32.const, signed LEB128) is decoded here. */
static uint32_t memory_bytes_peek(void) {
    IM3Global global = global_find("memory_bytes");
    if (global == NULL) die("memory_bytes: expected an exported immutable i32 global, found none");
    struct reader code = {global->initExpr, global->initExpr + global->initExprSize};
    if (*reader_take(&code, 1) != 0x41) die("memory_bytes: expected an i32.const initialiser");
    const uint8_t *start = code.at;
    uint32_t value = reader_u32(&code);
    unsigned bits = 7 * (unsigned)(code.at - start);
    if (bits < 32 && (code.at[-1] & 0x40) != 0) value |= UINT32_MAX << bits;
    return value;
}

/* Found anew for each use: memory.grow may have moved it. It never gets shorter than memory_bytes. */
static uint8_t *memory_find(void) {
    WASM3_MEMORY_SIZE size = 0;
    uint8_t *memory = m3_GetMemory(runner.WASM3_MEMORY_OWNER, &size, 0);
    if (memory == NULL || size < runner.memory_bytes)
        die("memory_bytes: expected at most the memory's %lu bytes, found %u", (unsigned long)size,
            (unsigned)runner.memory_bytes);
    return memory;
}

static void module_load(void) {
    runner.environment = m3_NewEnvironment();
    if (runner.environment == NULL) die("out of memory");
    runner.runtime = m3_NewRuntime(runner.environment, WASM3_STACK_BYTES, NULL);
    if (runner.runtime == NULL) die("out of memory");
    uint32_t size = (uint32_t)runner.module_size;
    check(m3_ParseModule(runner.environment, &runner.module, runner.module_bytes, size), "malformed module");
    runner.memory_bytes = memory_bytes_peek();
    /* Zero is refused here because wasm3 reads it as "no limit". */
    if (runner.memory_bytes == 0 || runner.memory_bytes > MEMORY_BYTES_MAX)
        die("memory_bytes: expected 1 to %d, found %u", MEMORY_BYTES_MAX, (unsigned)runner.memory_bytes);
    runner.runtime->memoryLimit = runner.memory_bytes;
    check(m3_LoadModule(runner.runtime, runner.module), "module does not load");
    (void)memory_find();
    /* Compiling all of it now lets a version with a validator see every function before any of them runs. */
    check(m3_CompileModule(runner.module), "module does not compile");
    /* wasm3 would otherwise run a start function at the first call, after the inputs were written. */
    check(m3_RunStart(runner.module), "start function");
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
    if (abi != 1) die("abi: expected 1, found %u", (unsigned)abi);
    tensors_read(&runner.inputs);
    tensors_read(&runner.outputs);
}

/* ---- running ---- */

static IM3Function function_find(const char *name) {
    IM3Function function = NULL;
    check(m3_FindFunction(&function, runner.runtime, name), name);
    bool returns_i32 = m3_GetRetCount(function) == 1 && m3_GetRetType(function, 0) == c_m3Type_i32;
    if (m3_GetArgCount(function) != 0 || !returns_i32)
        die("%s: expected the signature () -> i32", name);
    return function;
}

/* False at the end of stdin, which may only come between two vectors. */
static bool vector_read(unsigned long vector) {
    uint8_t *memory = memory_find();
    for (uint32_t i = 0; i < runner.inputs.count; i++) {
        struct tensor input = runner.inputs.at[i];
        size_t found = fread(memory + input.offset, 1, input.bytes, stdin);
        if (found == 0 && i == 0 && feof(stdin)) return false;
        if (found < input.bytes)
            die("vector %lu: input_%u: expected %u bytes, found %lu", vector, (unsigned)i,
                (unsigned)input.bytes, (unsigned long)found);
    }
    return true;
}

static void vector_invoke(IM3Function invoke, unsigned long vector) {
    int32_t status = 0;
    M3Result result = m3_CallV(invoke);
    if (result == m3Err_none) result = m3_GetResultsV(invoke, &status);
    if (result != m3Err_none) die("vector %lu: invoke: %s", vector, result);
    if (status != 0) die("vector %lu: invoke: expected status 0, found %ld", vector, (long)status);
}

static void vector_write(void) {
    const uint8_t *memory = memory_find();
    for (uint32_t i = 0; i < runner.outputs.count; i++) {
        struct tensor output = runner.outputs.at[i];
        if (fwrite(memory + output.offset, 1, output.bytes, stdout) != output.bytes)
            die("stdout: cannot be written");
    }
}

static void vectors_run(void) {
    IM3Function invoke = function_find("invoke");
    for (unsigned long vector = 0; vector_read(vector); vector++) {
        vector_invoke(invoke, vector);
        vector_write();
    }
}

static void tensors_print(const struct tensor_list *list) {
    for (uint32_t i = 0; i < list->count; i++)
        printf("%s_%u %u\n", list->prefix, (unsigned)i, (unsigned)list->at[i].bytes);
}

static void self_test_run(void) {
    int32_t status = 0;
    if (!runner.exports_self_test) {
        puts("none");
        return;
    }
    IM3Function self_test = function_find("self_test");
    check(m3_CallV(self_test), "self_test");
    check(m3_GetResultsV(self_test, &status), "self_test");
    printf("%ld\n", (long)status);
}

int main(int argc, char **argv) {
    const char *mode = argc == 3 ? argv[2] : "";
    bool self_test = strcmp(mode, "--self-test") == 0;
    bool tensors = strcmp(mode, "--tensors") == 0;
    if (argc < 2 || argc > 3 || (argc == 3 && !self_test && !tensors))
        die("usage: wasm3_runner MODULE.wasm [--self-test | --tensors]");
    file_read(argv[1]);
    module_scan();
    module_load();
    abi_read();
    if (self_test) {
        self_test_run();
    } else if (tensors) {
        tensors_print(&runner.inputs);
        tensors_print(&runner.outputs);
    } else {
        vectors_run();
    }
    if (fflush(stdout) != 0) die("stdout: cannot be written");
    m3_FreeRuntime(runner.runtime);
    m3_FreeEnvironment(runner.environment);
    free(runner.module_bytes);
    return EXIT_SUCCESS;
}
