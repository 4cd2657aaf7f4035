/*
 * See module_scan.h. Binary format: WebAssembly core specification 2.0, section 5. host/module/subset.ts
 * is the same in TypeScript.
 */
#include "module_scan.h"

#include <string.h>

#include "module_reader.h"
#include "module_subset.h"

enum {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTIONS
};

static thimble_reader reader_open(thimble_section span) { return (thimble_reader){span.at, span.end, 0}; }

static thimble_section reader_rest(const thimble_reader *from) {
    return (thimble_section){from->at, from->end};
}

const uint8_t *thimble_take(thimble_reader *from, uint32_t bytes) {
    if (from->bad || bytes > (size_t)(from->end - from->at)) {
        from->bad = 1;
        return NULL;
    }
    const uint8_t *taken = from->at;
    from->at += bytes;
    return taken;
}

uint8_t thimble_take_byte(thimble_reader *from) {
    const uint8_t *byte = thimble_take(from, 1);
    return byte != NULL ? *byte : 0;
}

uint64_t thimble_take_leb(thimble_reader *from, unsigned bits, int is_signed) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = thimble_take_byte(from);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0) continue;
        if (is_signed && (byte & 0x40) != 0 && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
        return value;
    }
    from->bad = 1;
    return 0;
}

uint32_t thimble_take_u32(thimble_reader *from) {
    uint64_t value = thimble_take_leb(from, 32, 0);
    if (value > UINT32_MAX) from->bad = 1;
    return (uint32_t)value;
}

uint32_t thimble_take_index(thimble_reader *from, uint32_t limit) {
    uint32_t index = thimble_take_u32(from);
    if (index < limit) return index;
    from->bad = 1;
    return 0;
}

/* How many entries a section has. */
static uint32_t take_count(thimble_reader *from, uint32_t most) { return thimble_take_index(from, most + 1); }

static int is_integer(uint8_t type) { return type == TYPE_I32 || type == TYPE_I64; }

/* An initialiser: one constant of the given type, then `end`. */
static int64_t take_constant(thimble_reader *from, uint8_t type) {
    uint8_t opcode = thimble_take_byte(from);
    uint64_t value = thimble_take_leb(from, type == TYPE_I64 ? 64 : 32, 1);
    if (opcode != (type == TYPE_I64 ? OP_I64_CONST : OP_I32_CONST) || thimble_take_byte(from) != OP_END)
        from->bad = 1;
    return (int64_t)value;
}

static thimble_export take_export(thimble_reader *from) {
    thimble_export found = {0};
    found.name_bytes     = thimble_take_u32(from);
    found.name           = thimble_take(from, found.name_bytes);
    found.kind           = thimble_take_byte(from);
    found.index          = thimble_take_u32(from);
    return found;
}

static thimble_global take_global(thimble_reader *from) {
    thimble_global found = {0};
    found.type           = thimble_take_byte(from);
    found.is_mutable     = thimble_take_byte(from);
    if (!is_integer(found.type) || found.is_mutable > 1) from->bad = 1;
    found.value = take_constant(from, found.type);
    return found;
}

static thimble_data take_data(thimble_reader *from) {
    thimble_data found = {0};
    if (thimble_take_u32(from) != 0) from->bad = 1;
    found.offset = (uint32_t)take_constant(from, TYPE_I32);
    found.size   = thimble_take_u32(from);
    found.bytes  = thimble_take(from, found.size);
    return found;
}

/*
 * One function type: integers only, one result at most; how many parameters and results it has together.
 */
static uint32_t take_type(thimble_reader *from) {
    if (thimble_take_byte(from) != 0x60) from->bad = 1;
    uint32_t width = 0;
    for (int list = 0; list < 2; list++) {
        uint32_t count       = thimble_take_byte(from);
        const uint8_t *types = thimble_take(from, count);
        if (types == NULL || count > (list == 0 ? LIMIT_PARAMETERS : 1)) from->bad = 1;
        for (uint32_t i = 0; types != NULL && i < count; i++)
            if (!is_integer(types[i])) from->bad = 1;
        width += count;
    }
    return width;
}

/* ---- one function per section: each reads it to its end ---- */

static void scan_custom(thimble_reader *section, thimble_module_info *info) {
    uint32_t bytes      = thimble_take_u32(section);
    const uint8_t *name = thimble_take(section, bytes);
    /* wasm3 parses the name section without bounds, and would keep every name in RAM. */
    if (name != NULL && bytes == 4 && memcmp(name, "name", 4) == 0) section->bad = 1;
    if (bytes > info->longest_custom) info->longest_custom = bytes;
    section->at = section->end;
}

static void scan_types(thimble_reader *section, thimble_module_info *info) {
    info->type_count = take_count(section, LIMIT_TYPES);
    info->types      = reader_rest(section);
    for (uint32_t i = 0; i < info->type_count && !section->bad; i++) {
        uint32_t width = take_type(section);
        if (width > info->widest_type) info->widest_type = width;
    }
}

static void scan_functions(thimble_reader *section, thimble_module_info *info) {
    info->function_count = take_count(section, LIMIT_FUNCTIONS);
    info->functions      = reader_rest(section);
    for (uint32_t i = 0; i < info->function_count && !section->bad; i++)
        if (thimble_take_byte(section) >= info->type_count) section->bad = 1;
}

static void scan_memory(thimble_reader *section, thimble_module_info *info) {
    info->memory_count   = thimble_take_u32(section);
    uint32_t has_maximum = thimble_take_byte(section);
    info->memory_pages   = thimble_take_u32(section);
    if (info->memory_count != 1 || has_maximum > 1 || info->memory_pages > 65536) section->bad = 1;
    if (has_maximum == 1 && thimble_take_u32(section) < info->memory_pages) section->bad = 1;
}

static void scan_globals(thimble_reader *section, thimble_module_info *info) {
    info->global_count = take_count(section, LIMIT_GLOBALS);
    info->globals      = reader_rest(section);
    for (uint32_t i = 0; i < info->global_count && !section->bad; i++) (void)take_global(section);
}

static uint32_t export_limit(const thimble_module_info *info, uint8_t kind) {
    if (kind == WASM_FUNCTION) return info->function_count;
    if (kind == WASM_GLOBAL) return info->global_count;
    return kind == WASM_MEMORY ? info->memory_count : 0;
}

static void scan_exports(thimble_reader *section, thimble_module_info *info) {
    info->export_count = take_count(section, LIMIT_EXPORTS);
    info->exports      = reader_rest(section);
    for (uint32_t i = 0; i < info->export_count && !section->bad; i++) {
        thimble_export found = take_export(section);
        if (found.index >= export_limit(info, found.kind)) section->bad = 1;
    }
}

static thimble_section take_body(thimble_reader *from) {
    uint32_t bytes      = thimble_take_u32(from);
    const uint8_t *body = thimble_take(from, bytes);
    return body != NULL ? (thimble_section){body, body + bytes} : (thimble_section){from->at, from->at};
}

static void scan_code(thimble_reader *section, thimble_module_info *info) {
    info->code_count = thimble_take_u32(section);
    if (info->code_count != info->function_count) section->bad = 1;
    info->code = reader_rest(section);
    for (uint32_t i = 0; i < info->code_count && !section->bad; i++)
        if (!thimble_function_scan(info, i, take_body(section), NULL)) section->bad = 1;
}

static void scan_data(thimble_reader *section, thimble_module_info *info) {
    info->data_count = take_count(section, LIMIT_SEGMENTS);
    info->data       = reader_rest(section);
    for (uint32_t i = 0; i < info->data_count && !section->bad; i++) (void)take_data(section);
}

static thimble_status scan_section(uint8_t id, thimble_reader *section, thimble_module_info *info) {
    switch (id) {
    case SECTION_CUSTOM: scan_custom(section, info); break;
    case SECTION_TYPE: scan_types(section, info); break;
    case SECTION_IMPORT: return THIMBLE_ERR_IMPORT;
    case SECTION_FUNCTION: scan_functions(section, info); break;
    case SECTION_MEMORY: scan_memory(section, info); break;
    case SECTION_GLOBAL: scan_globals(section, info); break;
    case SECTION_EXPORT: scan_exports(section, info); break;
    case SECTION_START: return THIMBLE_ERR_START;
    case SECTION_CODE: scan_code(section, info); break;
    case SECTION_DATA: scan_data(section, info); break;
    case SECTION_DATA_COUNT: (void)thimble_take_u32(section); break;
    default: return THIMBLE_ERR_MODULE; /* tables, elements and what newer proposals add */
    }
    return section->bad || section->at != section->end ? THIMBLE_ERR_MODULE : THIMBLE_OK;
}

/* Place of a section in the order that the specification demands; the data count precedes the code. */
static unsigned section_rank(uint8_t id) {
    if (id == SECTION_DATA_COUNT) return 2 * SECTION_ELEMENT + 1;
    return 2u * id;
}

static thimble_status scan_sections(thimble_reader *module, thimble_module_info *info) {
    unsigned last = 0;
    while (!module->bad && module->at < module->end) {
        uint8_t id             = thimble_take_byte(module);
        uint32_t bytes         = thimble_take_u32(module);
        const uint8_t *content = thimble_take(module, bytes);
        if (content == NULL) return THIMBLE_ERR_MODULE;
        if (id != SECTION_CUSTOM && section_rank(id) <= last) return THIMBLE_ERR_MODULE;
        if (id != SECTION_CUSTOM) last = section_rank(id);
        thimble_reader section = {content, content + bytes, 0};
        thimble_status status  = scan_section(id, &section, info);
        if (status != THIMBLE_OK) return status;
    }
    return THIMBLE_OK;
}

thimble_status thimble_module_scan(const uint8_t *module, size_t bytes, thimble_module_info *info) {
    static const uint8_t header[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    memset(info, 0, sizeof *info);
    if (bytes < sizeof header || memcmp(module, header, sizeof header) != 0) return THIMBLE_ERR_MODULE;
    thimble_reader rest   = {module + sizeof header, module + bytes, 0};
    thimble_status status = scan_sections(&rest, info);
    if (status != THIMBLE_OK) return status;
    return info->code_count == info->function_count ? THIMBLE_OK : THIMBLE_ERR_MODULE;
}

thimble_export thimble_export_next(thimble_section *exports) {
    thimble_reader from  = reader_open(*exports);
    thimble_export found = take_export(&from);
    *exports             = reader_rest(&from);
    return found;
}

thimble_global thimble_global_next(thimble_section *globals) {
    thimble_reader from  = reader_open(*globals);
    thimble_global found = take_global(&from);
    *globals             = reader_rest(&from);
    return found;
}

thimble_data thimble_data_next(thimble_section *data) {
    thimble_reader from = reader_open(*data);
    thimble_data found  = take_data(&from);
    *data               = reader_rest(&from);
    return found;
}

int thimble_export_find(const thimble_module_info *info, uint8_t kind, const char *name, uint32_t *index) {
    thimble_section exports = info->exports;
    for (uint32_t i = 0; i < info->export_count; i++) {
        thimble_export found = thimble_export_next(&exports);
        if (found.kind != kind || found.name_bytes != strlen(name)) continue;
        if (memcmp(found.name, name, found.name_bytes) != 0) continue;
        *index = found.index;
        return 1;
    }
    return 0;
}

thimble_global thimble_global_at(const thimble_module_info *info, uint32_t index) {
    thimble_section globals = info->globals;
    thimble_global found    = thimble_global_next(&globals);
    while (index-- > 0) found = thimble_global_next(&globals);
    return found;
}

int thimble_global_find(const thimble_module_info *info, const char *name, uint32_t *value) {
    uint32_t index;
    if (!thimble_export_find(info, WASM_GLOBAL, name, &index)) return 0;
    thimble_global found = thimble_global_at(info, index);
    *value               = (uint32_t)found.value;
    return found.type == TYPE_I32 && !found.is_mutable;
}

const uint8_t *thimble_function_type(const thimble_module_info *info, uint32_t function) {
    const uint8_t *type = info->types.at;
    for (unsigned i = info->functions.at[function]; i > 0; i--) type += 3 + type[1] + type[2 + type[1]];
    return type + 1;
}

int thimble_function_is(const thimble_module_info *info, uint32_t function, uint32_t parameters,
                        uint32_t results) {
    const uint8_t *type = thimble_function_type(info, function);
    if (type[0] != parameters || type[1 + parameters] != results) return 0;
    for (uint32_t i = 0; i < parameters; i++)
        if (type[1 + i] != TYPE_I32) return 0;
    return results == 0 || type[2 + parameters] == TYPE_I32;
}

static thimble_section body_at(const thimble_module_info *info, uint32_t function) {
    thimble_reader code  = reader_open(info->code);
    thimble_section body = take_body(&code);
    while (function-- > 0) body = take_body(&code);
    return body;
}

/* From the last to the first, since a function calls only those before it. */
void thimble_calls_scan(const thimble_module_info *info, thimble_calls *calls) {
    for (uint32_t i = info->function_count; i-- > 0;) {
        if (calls->open[i] == THIMBLE_CALLS_NONE || calls->open[i] == THIMBLE_CALLS_NATIVE) continue;
        /* It has been scanned before, so it can't fail. */
        (void)!thimble_function_scan(info, i, body_at(info, i), calls);
    }
    /* Pages of code that other functions left half empty: one, and one for each `else` in another. */
    if (calls->keeps) calls->frames += calls->nesting + 1;
}
