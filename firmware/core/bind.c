/*
 * Puts native kernels in the place of a module's own.
 *
 * wasm3 keeps, for every function, where its compiled form begins. A function of its own, made for imports,
 * fills that in with a call of a C function; m3_CompileModule then passes over it, so the kernel costs
 * neither time nor RAM to compile. It has to happen before anything is compiled.
 */
#include <string.h>

#include "kernels.h"
#include "m3_env.h"
#include "model.h"
#include "module_subset.h"
#include "native_stack.h"

/* wasm3 until 2021 has the second instead of the first; the linker leaves the one that is missing null. */
__attribute__((weak)) M3Result CompileRawFunction(IM3Module module, IM3Function function, const void *call,
                                                  const void *context);
__attribute__((weak)) M3Result LinkRawFunction(IM3Module module, IM3Function function, ccstr_t signature,
                                               const void *call, const void *context);

/* Calls a native kernel for the module, which passes the offset of its arguments. */
static const void *call_kernel(IM3Runtime runtime, IM3ImportContext context, uint64_t *stack, void *linear) {
    const thimble_kernel *kernel = context->userdata;
    const thimble_model *model   = m3_GetUserData(runtime);
    const uint32_t at = (uint32_t)stack[0], begin = model->constants_at, end = model->memory_bytes;
    if (at < begin || at % 4 != 0 || at > end || kernel->block_bytes > end - at)
        return m3Err_trapOutOfBoundsMemoryAccess;
    const uint8_t *constants = model->constants != NULL ? model->constants : (const uint8_t *)linear + begin;
    const thimble_memory memory = {linear, constants, begin, end};
    return kernel->run(&memory, constants + (at - begin)) == 0 ? m3Err_none
                                                               : m3Err_trapOutOfBoundsMemoryAccess;
}

static M3Result replace(IM3Module module, IM3Function function, const thimble_kernel *kernel) {
    const void *call = (const void *)call_kernel;
    if (CompileRawFunction != NULL) return CompileRawFunction(module, function, call, kernel);
    return LinkRawFunction(module, function, NULL, call, kernel);
}

static int is_kernel(const thimble_export *exported) {
    static const char prefix[] = "kernel.";
    const uint32_t bytes       = sizeof prefix - 1;
    return exported->kind == WASM_FUNCTION && exported->name_bytes > bytes &&
           memcmp(exported->name, prefix, bytes) == 0;
}

/* The native kernel for a module's own, or null. One of another type than ours is another kernel. */
static const thimble_kernel *find_native(const thimble_module_info *info, const thimble_export *exported) {
    if (!thimble_function_is(info, exported->index, 1, 0)) return NULL;
    for (unsigned i = 0; i < thimble_kernel_count; i++) {
        const thimble_kernel *kernel = &thimble_kernels[i];
        if (strlen(kernel->name) != exported->name_bytes) continue;
        if (memcmp(kernel->name, exported->name, exported->name_bytes) == 0) return kernel;
    }
    return NULL;
}

/* Whether the module has kernels, and this build all of them: then it is they alone that read constants. */
static int all_are_native(const thimble_module_info *info) {
    thimble_section exports = info->exports;
    int count               = 0;
    for (uint32_t i = 0; i < info->export_count; i++) {
        thimble_export exported = thimble_export_next(&exports);
        if (!is_kernel(&exported)) continue;
        if (find_native(info, &exported) == NULL) return 0;
        count++;
    }
    return count > 0;
}

const uint8_t *thimble_flash_constants(const thimble_model *model) {
    const uint32_t at    = model->constants_at;
    thimble_section data = model->info.data;
    /* wasm3 takes a limit of 0 bytes for none. */
    if (at == 0 || !all_are_native(&model->info)) return NULL;
    for (uint32_t i = 0; i < model->info.data_count; i++) {
        thimble_data segment = thimble_data_next(&data);
        if (segment.offset != at || segment.size != model->memory_bytes - at) continue;
        return (uintptr_t)segment.bytes % sizeof(uint32_t) == 0 ? segment.bytes : NULL;
    }
    return NULL;
}

thimble_status thimble_bind_kernels(thimble_model *model, uint32_t *bound) {
    thimble_section exports = model->info.exports;
    *bound                  = 0;
    for (uint32_t i = 0; i < model->info.export_count; i++) {
        thimble_export exported = thimble_export_next(&exports);
        if (!is_kernel(&exported)) continue;
        const thimble_kernel *kernel = find_native(&model->info, &exported);
        if (kernel == NULL) continue;
        IM3Function function = &model->module->functions[exported.index];
        if (function->compiled != NULL) continue;
        if (replace(model->module, function, kernel) != m3Err_none) return THIMBLE_ERR_RAM;
        (*bound)++;
    }
    return THIMBLE_OK;
}

/* ---- sibling calls ---- */

/* Operations that keep the most of their kind, with all operands in slots, on some machine. */
static const struct {
    uint8_t opcode, variant, immediates, frames;
} samples[] = {
    {0x6a, 2, 2, 1},             /* i32.add */
    {0x59, 2, 2, 1},             /* i64.ge_s: the most registers, on Thumb-1 */
    {0x70, 2, 2, 1},             /* i32.rem_u, i64.rem_u: calls, where no instruction divides */
    {0x82, 2, 2, 1},             /* */
    {0x29, 1, 2, FRAMES_MEMORY}, /* i64.load, i64.store: copies, where words lie at even addresses only */
    {0x37, 2, 3, FRAMES_MEMORY}, /* */
};

/* An operation of wasm3's that tells where the frame of its caller ends. */
static m3ret_t here(d_m3OpSig) {
    (void)_pc, (void)_sp, (void)_mem, (void)_r0;
    return __builtin_frame_address(0);
}

uint32_t thimble_frame_bytes(void) {
    enum { IMMEDIATES = 3 };
    /* Slot 0 and offset 0, whatever is asked for; and then `here`. */
    const code_t code[IMMEDIATES + 1] = {NULL, NULL, NULL, (code_t)here};
    struct {
        M3MemoryHeader header;
        uint64_t data[2];
    } memory                         = {.header.length = sizeof memory.data};
    uint64_t slots[2]                = {UINT64_C(0x100000001), 1};
    const IM3Operation volatile last = here;
    const uintptr_t direct           = (uintptr_t)last(code, (m3stack_t)slots, &memory.header, 0);
    uintptr_t most                   = 0;
    for (unsigned i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const IM3Operation run = GetOpInfo(samples[i].opcode)->operations[samples[i].variant];
        const pc_t from        = &code[IMMEDIATES - samples[i].immediates];
        const uintptr_t behind = (uintptr_t)run(from, (m3stack_t)slots, &memory.header, 0);
        const uintptr_t kept   = behind < direct ? (direct - behind - 1) / samples[i].frames + 1 : 0;
        if (kept > most) most = kept;
    }
    return (uint32_t)most;
}
