/*
 * One model: opening an image, running it, closing it. The stages of thimble_open are in `load`, in
 * order.
 *
 * wasm3's own functions for freeing are never called: closing a model drops its whole heap. So it does
 * not matter who owns a module that failed to load, in which wasm3's versions differ.
 */
#include "model.h"

#include <string.h>

/* M3Runtime.memoryLimit and .numStackSlots, M3Module.functions and .globals have no public accessor. */
#include "m3_env.h"
#include "module_subset.h"
#include "native_stack.h"

/* A scanned module is one that wasm3 can take. */
_Static_assert(LIMIT_VALUES <= d_m3MaxFunctionStackHeight && LIMIT_SLOTS <= d_m3MaxFunctionSlots &&
                   LIMIT_CONSTANT_SLOTS >= d_m3MaxConstantTableSize,
               "limits of module_subset.h and wasm3.flags");

#define MODEL_OPEN 0x6d697468u

enum { PAGE_BYTES = 65536, TENSORS_MAX = 64, NAME_BYTES = 24 };

/* wasm3 0.9 asks a module for its memory, earlier versions a runtime; M3_VERSION does not tell which. */
#define ASKS_RUNTIME                                                                                         \
    __builtin_types_compatible_p(__typeof__(m3_GetMemory), uint8_t *(IM3Runtime, uint32_t *, uint32_t))
typedef __typeof__(__builtin_choose_expr(ASKS_RUNTIME, (uint32_t)0, (size_t)0)) memory_size;

/* The model that a call has entered, for thimble_heap_exhausted. */
static thimble_model *current;

/* ---- entering and leaving wasm3 ---- */

typedef struct scope {
    thimble_heap *heap;
    thimble_model *model;
} scope;

static scope enter(thimble_model *model) {
    scope outer = {thimble_heap_select(&model->heap), current};
    current     = model;
    return outer;
}

static void leave(scope outer) {
    thimble_heap_select(outer.heap);
    current = outer.model;
}

static uint32_t ticks(const thimble_device *device) {
    const thimble_port *port = device->port;
    return port->ticks != NULL ? port->ticks(port->context) : 0;
}

static void log_line(const thimble_device *device, const char *line) {
    const thimble_port *port = device->port;
    if (port->log != NULL) port->log(port->context, line);
}

/*
 * wasm3 doesn't notice every code page that it did not get, and would write on behind its last one.
 * Without input left and without a page, what it is doing can only fail.
 */
void thimble_heap_exhausted(void) {
    if (current == NULL || current->runtime == NULL) return;
    IM3Compilation compilation = &current->runtime->compilation;
    compilation->wasmEnd       = compilation->wasm;
    compilation->page          = NULL;
}

static uint8_t *memory_of(const thimble_model *model) {
    memory_size size = 0;
    return m3_GetMemory(__builtin_choose_expr(ASKS_RUNTIME, model->runtime, model->module), &size, 0);
}

static thimble_status fail(const thimble_model *model, M3Result result) {
    log_line(model->device, result);
    return model->heap.exhausted ? THIMBLE_ERR_RAM : THIMBLE_ERR_MODULE;
}

/* Calls a function of type () -> i32; what has not been compiled yet is, where it is called. */
static thimble_status call(thimble_model *model, IM3Function function, int32_t *value) {
    const void *values[1] = {value};
    model->heap.exhausted = 0;
    M3Result result       = m3_Call(function, 0, NULL);
    if (result == m3Err_none) result = m3_GetResults(function, 1, values);
    if (result == m3Err_none) return THIMBLE_OK;
    log_line(model->device, result);
    return model->heap.exhausted ? THIMBLE_ERR_RAM : THIMBLE_ERR_TRAP;
}

/* ---- the module ABI, read before wasm3 ---- */

/* `prefix`, the number, `suffix`: "input_0_bytes". */
static void tensor_name(char name[NAME_BYTES], const char *prefix, uint32_t index, const char *suffix) {
    size_t length = strlen(prefix);
    memcpy(name, prefix, length);
    if (index >= 10) name[length++] = (char)('0' + index / 10);
    name[length++] = (char)('0' + index % 10);
    memcpy(name + length, suffix, strlen(suffix) + 1);
}

/* THIMBLE_OK with `*found` 0 where there is no such tensor. */
static thimble_status read_tensor(const thimble_model *model, const char *prefix, uint32_t index,
                                  thimble_tensor *tensor, int *found) {
    char name[NAME_BYTES];
    uint32_t ignored;
    tensor_name(name, prefix, index, "");
    *found = thimble_export_find(&model->info, WASM_GLOBAL, name, &ignored);
    if (!*found) return THIMBLE_OK;
    if (index == TENSORS_MAX) return THIMBLE_ERR_EXPORT;
    if (!thimble_global_find(&model->info, name, &tensor->offset)) return THIMBLE_ERR_EXPORT;
    tensor_name(name, prefix, index, "_bytes");
    if (!thimble_global_find(&model->info, name, &tensor->bytes)) return THIMBLE_ERR_EXPORT;
    int fits = tensor->bytes > 0 && (uint64_t)tensor->offset + tensor->bytes <= model->constants_at;
    return fits ? THIMBLE_OK : THIMBLE_ERR_EXPORT;
}

/*
 * Counts the tensors called `prefix`, of which there must be one, and keeps them where `keep` is not
 * null.
 */
static thimble_status read_tensors(const thimble_model *model, const char *prefix, thimble_tensor *keep,
                                   uint32_t *count) {
    thimble_tensor tensor = {0, 0};
    int found             = 1;
    for (*count = 0;; (*count)++) {
        thimble_status status = read_tensor(model, prefix, *count, &tensor, &found);
        if (status != THIMBLE_OK) return status;
        if (!found) return *count > 0 ? THIMBLE_OK : THIMBLE_ERR_EXPORT;
        if (keep != NULL) keep[*count] = tensor;
    }
}

/* Where no constants are exported, there are none. */
static thimble_status read_constants(thimble_model *model) {
    uint32_t ignored, at = model->memory_bytes;
    if (thimble_export_find(&model->info, WASM_GLOBAL, "constants", &ignored)) {
        if (!thimble_global_find(&model->info, "constants", &at)) return THIMBLE_ERR_EXPORT;
        if (at > model->memory_bytes || at % 4 != 0) return THIMBLE_ERR_EXPORT;
    }
    if (model->image.least_bytes != 0 && model->image.least_bytes != at) return THIMBLE_ERR_EXPORT;
    model->constants_at = at;
    return THIMBLE_OK;
}

static thimble_status read_abi(thimble_model *model) {
    const thimble_module_info *info = &model->info;
    uint32_t abi, memory, invoke;
    if (!thimble_global_find(info, "abi", &abi)) return THIMBLE_ERR_EXPORT;
    if (abi != THIMBLE_ABI_VERSION) return THIMBLE_ERR_ABI;
    if (!thimble_export_find(info, WASM_MEMORY, "memory", &memory)) return THIMBLE_ERR_EXPORT;
    if (!thimble_export_find(info, WASM_FUNCTION, "invoke", &invoke)) return THIMBLE_ERR_EXPORT;
    if (!thimble_function_is(info, invoke, 0, 1)) return THIMBLE_ERR_EXPORT;
    if (!thimble_global_find(info, "memory_bytes", &model->memory_bytes)) return THIMBLE_ERR_EXPORT;
    /* 0 would be "no limit" to wasm3; and with 65536 pages it counts none on a machine of 32 bits. */
    uint32_t bytes = model->memory_bytes;
    uint64_t pages = ((uint64_t)bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    if (bytes == 0 || info->memory_pages != pages) return THIMBLE_ERR_EXPORT;
    if (model->image.memory_bytes != 0 && model->image.memory_bytes != bytes) return THIMBLE_ERR_EXPORT;
    return read_constants(model);
}

static thimble_status keep_tensors(thimble_model *model) {
    thimble_status status = read_tensors(model, "input_", NULL, &model->input_count);
    if (status == THIMBLE_OK) status = read_tensors(model, "output_", NULL, &model->output_count);
    if (status != THIMBLE_OK) return status;
    model->tensors = thimble_calloc(model->input_count + model->output_count, sizeof *model->tensors);
    if (model->tensors == NULL) return THIMBLE_ERR_RAM;
    status = read_tensors(model, "input_", model->tensors, &model->input_count);
    if (status != THIMBLE_OK) return status;
    return read_tensors(model, "output_", model->tensors + model->input_count, &model->output_count);
}

/* ---- instantiation ---- */

/*
 * The most that wasm3 allocates while it parses: it does not survive running out of memory there (it
 * counts functions, globals and names before it has room for them). Everything later is far larger and is
 * checked.
 */
static uint64_t parse_bytes(const thimble_module_info *info) {
    uint64_t type_bytes = (uint64_t)(info->types.end - info->types.at);
    uint64_t name_bytes = (uint64_t)(info->exports.end - info->exports.at);
    return THIMBLE_HEAP_BLOCK(sizeof(M3Module)) +
           THIMBLE_HEAP_BLOCK((uint64_t)info->type_count * sizeof(IM3FuncType)) +
           info->type_count * THIMBLE_HEAP_BLOCK(sizeof(M3FuncType)) + type_bytes +
           THIMBLE_HEAP_BLOCK((uint64_t)info->function_count * sizeof(M3Function)) +
           2 * THIMBLE_HEAP_BLOCK((uint64_t)info->global_count * sizeof(M3Global)) +
           info->export_count * THIMBLE_HEAP_BLOCK(0) + name_bytes +
           THIMBLE_HEAP_BLOCK((uint64_t)info->data_count * sizeof(M3DataSegment)) +
           THIMBLE_HEAP_BLOCK(info->longest_custom + 1u);
}

/*
 * wasm3 writes the arguments of a call behind the caller's frame before it checks whether the callee's
 * frame fits. So the stack is longer by the widest call than wasm3 is told.
 */
static M3Result new_runtime(thimble_model *model, IM3Environment environment, uint32_t stack_bytes) {
    uint32_t widest = model->info.widest_type * (uint32_t)sizeof(uint64_t);
    uint32_t bytes  = (stack_bytes + 7u) & ~7u;
    model->runtime  = m3_NewRuntime(environment, bytes + widest, model);
    if (model->runtime == NULL) return m3Err_mallocFailed;
    model->runtime->numStackSlots -= widest / (uint32_t)sizeof(m3slot_t);
    model->runtime->memoryLimit = model->linear_bytes;
    return m3Err_none;
}

/* wasm3 copies data segments when it loads a module: one of no bytes stays where it is. */
static void leave_constants(thimble_model *model) {
    if (model->constants == NULL) return;
    thimble_section data = model->info.data;
    for (uint32_t i = 0; i < model->info.data_count; i++)
        if (thimble_data_next(&data).bytes == model->constants) model->module->dataSegments[i].size = 0;
}

static thimble_status instantiate(thimble_model *model, uint32_t stack_bytes) {
    IM3Environment environment = m3_NewEnvironment();
    if (environment == NULL) return THIMBLE_ERR_RAM;
    M3Result result = new_runtime(model, environment, stack_bytes);
    if (result != m3Err_none) return fail(model, result);
    if (!thimble_heap_reserve(&model->heap, parse_bytes(&model->info))) return THIMBLE_ERR_RAM;
    const thimble_image *image = &model->image;
    result = m3_ParseModule(environment, &model->module, image->body, (uint32_t)image->body_bytes);
    if (result != m3Err_none) return fail(model, result);
    leave_constants(model);
    result = m3_LoadModule(model->runtime, model->module);
    return result == m3Err_none ? THIMBLE_OK : fail(model, result);
}

static void mark_entry(const thimble_model *model, const char *entry, uint16_t *open) {
    uint32_t index;
    if (thimble_export_find(&model->info, WASM_FUNCTION, entry, &index)) open[index] = THIMBLE_CALLS_ENTRY;
}

/*
 * Takes the bodies of functions that nothing can call from wasm3; what the others take. Not inlined:
 * compiling needs the stack.
 */
__attribute__((noinline)) static thimble_stack_need hide_uncalled(const thimble_model *model, int keeps) {
    uint16_t open[LIMIT_FUNCTIONS] = {THIMBLE_CALLS_NONE};
    thimble_calls calls            = {.open = open, .keeps = keeps};
    IM3Function functions          = model->module->functions;
    mark_entry(model, "invoke", open);
    mark_entry(model, "self_test", open);
    for (uint32_t i = 0; i < model->info.function_count; i++)
        if (functions[i].compiled != NULL) open[i] = THIMBLE_CALLS_NATIVE;
    thimble_calls_scan(&model->info, &calls);
    for (uint32_t i = 0; i < model->info.function_count; i++)
        if (open[i] == THIMBLE_CALLS_NONE) functions[i].wasm = NULL;
    const uint16_t frames = calls.frames < UINT16_MAX ? (uint16_t)calls.frames : UINT16_MAX;
    return (thimble_stack_need){(uint16_t)calls.nesting, frames, frames};
}

/* Counted from the code, whatever the image says: nothing of the module has been compiled or run yet. */
static thimble_status check_stack(thimble_model *model) {
    const uint32_t frame_bytes    = thimble_frame_bytes_of(model->device);
    const thimble_stack_need need = hide_uncalled(model, frame_bytes != 0);
    model->statistics.stack_bytes = thimble_stack_needed(&need, frame_bytes);
    return thimble_stack_check(model->device, &need);
}

/*
 * Compiles all that can be called and nothing else, before the first inference: a lack of RAM shows here, and
 * what only the module's own kernels would call takes none where native ones replace them. wasm3 must never
 * get to compile while it runs: a call that it failed to compile once, it makes all the same the next time.
 */
static thimble_status compile(thimble_model *model, int portable_only) {
    thimble_status status = THIMBLE_OK;
    if (!portable_only) status = thimble_bind_kernels(model, &model->statistics.native_kernels);
    if (status == THIMBLE_OK) status = check_stack(model);
    if (status != THIMBLE_OK) return status;
    M3Result result = m3_CompileModule(model->module);
    if (model->heap.exhausted) return THIMBLE_ERR_RAM;
    return result == m3Err_none ? THIMBLE_OK : fail(model, result);
}

static thimble_status self_test(thimble_model *model) {
    uint32_t index;
    int32_t value = 0;
    if (!thimble_export_find(&model->info, WASM_FUNCTION, "self_test", &index)) return THIMBLE_OK;
    if (!thimble_function_is(&model->info, index, 0, 1)) return THIMBLE_ERR_EXPORT;
    thimble_status status = call(model, &model->module->functions[index], &value);
    if (status != THIMBLE_OK) return status;
    return value == 0 ? THIMBLE_OK : THIMBLE_ERR_SELF_TEST;
}

static thimble_status load(thimble_model *model, const thimble_options *options) {
    const thimble_image *image = &model->image;
    thimble_status status      = thimble_module_scan(image->body, image->body_bytes, &model->info);
    if (status == THIMBLE_OK) status = read_abi(model);
    if (status == THIMBLE_OK) status = keep_tensors(model);
    if (status != THIMBLE_OK) return status;
    if (!options->portable_only) model->constants = thimble_flash_constants(model);
    model->linear_bytes            = model->constants != NULL ? model->constants_at : model->memory_bytes;
    model->statistics.memory_bytes = model->linear_bytes;
    if (model->linear_bytes > model->heap.bytes) status = THIMBLE_ERR_RAM;
    uint32_t stack_bytes = options->stack_bytes != 0 ? options->stack_bytes : THIMBLE_STACK_BYTES;
    if (status == THIMBLE_OK && stack_bytes > model->heap.bytes) status = THIMBLE_ERR_RAM;
    if (status == THIMBLE_OK) status = instantiate(model, stack_bytes);
    if (status == THIMBLE_OK) status = compile(model, options->portable_only);
    if (status != THIMBLE_OK) return status;
    uint32_t invoke = 0;
    (void)thimble_export_find(&model->info, WASM_FUNCTION, "invoke", &invoke);
    model->invoke = &model->module->functions[invoke];
    return options->skip_self_test ? THIMBLE_OK : self_test(model);
}

static uint32_t ram_used(const thimble_model *model) {
    return (uint32_t)(model->heap.start - (const uint8_t *)model) + model->heap.high;
}

static uint32_t saturate(size_t bytes) { return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes; }

static void place_heap(thimble_model *model, size_t ram_bytes) {
    size_t own = (sizeof *model + 7u) & ~(size_t)7u;
    thimble_heap_open(&model->heap, (uint8_t *)model + own, ram_bytes > own ? ram_bytes - own : 0);
}

/* The least linear memory that an image may need, as far as it says. */
static uint32_t least_bytes(const thimble_image *image) {
    return image->least_bytes != 0 ? image->least_bytes : image->memory_bytes;
}

thimble_status thimble_open(const thimble_device *device, const uint8_t *data, size_t size, void *ram,
                            size_t ram_bytes, const thimble_options *options, thimble_model **model) {
    static const thimble_options defaults = {0};
    if (model == NULL) return THIMBLE_ERR_ARGUMENT;
    *model = NULL;
    if (ram == NULL || ((uintptr_t)ram & 7u) != 0) return THIMBLE_ERR_ARGUMENT;
    if (options == NULL) options = &defaults;

    thimble_image image;
    uint32_t start        = device != NULL && device->port != NULL ? ticks(device) : 0;
    thimble_status status = thimble_image_check(device, data, size, options->least_security_counter, &image);
    if (status == THIMBLE_ERR_ARGUMENT) return status;
    if (status == THIMBLE_OK && ram_bytes < sizeof **model) status = THIMBLE_ERR_RAM;
    if (status == THIMBLE_OK && least_bytes(&image) > ram_bytes) status = THIMBLE_ERR_RAM;
    if (status == THIMBLE_OK) {
        thimble_model *opened = ram;
        *opened               = (thimble_model){.device = device, .image = image};
        place_heap(opened, ram_bytes);
        scope outer = enter(opened);
        status      = load(opened, options);
        leave(outer);
        opened->statistics.open_ticks = ticks(device) - start;
        opened->statistics.ram_bytes  = saturate(ram_bytes);
        opened->statistics.ram_used   = ram_used(opened);
        opened->open                  = status == THIMBLE_OK ? MODEL_OPEN : 0;
        if (status == THIMBLE_OK) *model = opened;
    }
    if (status != THIMBLE_OK) log_line(device, thimble_status_text(status));
    return status;
}

/* ---- a model in service ---- */

static int is_open(const thimble_model *model) { return model != NULL && model->open == MODEL_OPEN; }

static void *tensor_at(thimble_model *model, const thimble_tensor *tensor, size_t *bytes) {
    if (bytes != NULL) *bytes = tensor->bytes;
    return memory_of(model) + tensor->offset;
}

void *thimble_input(thimble_model *model, uint32_t index, size_t *bytes) {
    if (bytes != NULL) *bytes = 0;
    if (!is_open(model) || index >= model->input_count) return NULL;
    return tensor_at(model, &model->tensors[index], bytes);
}

const void *thimble_output(thimble_model *model, uint32_t index, size_t *bytes) {
    if (bytes != NULL) *bytes = 0;
    if (!is_open(model) || index >= model->output_count) return NULL;
    return tensor_at(model, &model->tensors[model->input_count + index], bytes);
}

static void set_global(IM3Global global, const thimble_global *to) {
    M3TaggedValue value = {.type = m3_GetGlobalType(global)};
    if (value.type == c_m3Type_i32) {
        value.value.i32 = (uint32_t)to->value;
    } else {
        value.value.i64 = (uint64_t)to->value;
    }
    (void)m3_SetGlobal(global, &value);
}

/* Memory and globals as they were after instantiation; what a failed invocation left may be anything. */
static void reset(thimble_model *model) {
    uint8_t *memory = memory_of(model);
    memset(memory, 0, model->linear_bytes);
    thimble_section data = model->info.data;
    for (uint32_t i = 0; i < model->info.data_count; i++) {
        thimble_data segment = thimble_data_next(&data);
        if ((uint64_t)segment.offset + segment.size > model->linear_bytes) continue;
        memcpy(memory + segment.offset, segment.bytes, segment.size);
    }
    thimble_section globals = model->info.globals;
    for (uint32_t i = 0; i < model->info.global_count; i++) {
        thimble_global global = thimble_global_next(&globals);
        if (global.is_mutable) set_global(&model->module->globals[i], &global);
    }
}

static void count(thimble_model *model, thimble_status status, uint32_t taken) {
    thimble_statistics *statistics = &model->statistics;
    statistics->last_ticks         = taken;
    if (taken > statistics->most_ticks) statistics->most_ticks = taken;
    statistics->ram_used = ram_used(model);
    if (status >= THIMBLE_OK) {
        statistics->invocations++;
    } else {
        statistics->failures++;
        statistics->last_error = status;
    }
}

thimble_status thimble_invoke(thimble_model *model) {
    if (model == NULL) return THIMBLE_ERR_ARGUMENT;
    if (!is_open(model)) return THIMBLE_ERR_CLOSED;
    int32_t value         = 0;
    uint32_t start        = ticks(model->device);
    scope outer           = enter(model);
    thimble_status status = call(model, model->invoke, &value);
    if (status == THIMBLE_OK && value != 0) status = value == 1 ? THIMBLE_TAKEN : THIMBLE_ERR_STATUS;
    leave(outer);
    const uint32_t taken = ticks(model->device) - start;
    count(model, status, taken);
#ifndef THIMBLE_NO_MONITOR
    if (model->observer != NULL) model->observer->invoked(model->observer_context, model, status, taken);
#endif
    if (status < THIMBLE_OK) reset(model);
    return status;
}

thimble_status thimble_reset(thimble_model *model) {
    if (model == NULL) return THIMBLE_ERR_ARGUMENT;
    if (!is_open(model)) return THIMBLE_ERR_CLOSED;
    reset(model);
    return THIMBLE_OK;
}

void thimble_close(thimble_model *model) {
    if (is_open(model)) model->open = 0;
}

const thimble_image *thimble_describe(const thimble_model *model) {
    return is_open(model) ? &model->image : NULL;
}

const thimble_statistics *thimble_stats(const thimble_model *model) {
    return is_open(model) ? &model->statistics : NULL;
}
