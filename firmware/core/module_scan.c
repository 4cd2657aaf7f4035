/* See module_scan.h. Binary format: WebAssembly core specification 2.0, section 5. */
#include "module_scan.h"

#include <string.h>

enum { I32 = 0x7f, I64 = 0x7e };

enum {
    SECTION_CUSTOM, SECTION_TYPE, SECTION_IMPORT, SECTION_FUNCTION, SECTION_TABLE, SECTION_MEMORY,
    SECTION_GLOBAL, SECTION_EXPORT, SECTION_START, SECTION_ELEMENT, SECTION_CODE, SECTION_DATA,
    SECTION_DATA_COUNT, SECTIONS
};

/* Reads past the end set `bad` and give 0, so that only the end of a section has to be checked. */
typedef struct reader {
    const uint8_t *at;
    const uint8_t *end;
    int bad;
} reader;

static reader reader_open(thimble_section span) { return (reader){span.at, span.end, 0}; }

static thimble_section reader_rest(const reader *from) { return (thimble_section){from->at, from->end}; }

/* `bytes` of the module, or null where there are not as many. */
static const uint8_t *take(reader *from, uint32_t bytes) {
    if (from->bad || bytes > (size_t)(from->end - from->at)) {
        from->bad = 1;
        return NULL;
    }
    const uint8_t *taken = from->at;
    from->at += bytes;
    return taken;
}

static uint8_t take_byte(reader *from) {
    const uint8_t *byte = take(from, 1);
    return byte != NULL ? *byte : 0;
}

/* LEB128 of at most `bits` bits; signed ones come sign-extended. */
static uint64_t take_leb(reader *from, unsigned bits, int is_signed) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = take_byte(from);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0) continue;
        if (is_signed && (byte & 0x40) != 0 && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
        return value;
    }
    from->bad = 1;
    return 0;
}

static uint32_t take_u32(reader *from) {
    uint64_t value = take_leb(from, 32, 0);
    if (value > UINT32_MAX) from->bad = 1;
    return (uint32_t)value;
}

/* An initialiser: one constant of the given type, then `end`. */
static int64_t take_constant(reader *from, uint8_t type) {
    uint8_t opcode = take_byte(from);
    uint64_t value = take_leb(from, type == I64 ? 64 : 32, 1);
    if (opcode != (type == I64 ? 0x42 : 0x41) || take_byte(from) != 0x0b) from->bad = 1;
    return (int64_t)value;
}

static thimble_export take_export(reader *from) {
    thimble_export found = {0};
    found.name_bytes = take_u32(from);
    found.name = take(from, found.name_bytes);
    found.kind = take_byte(from);
    found.index = take_u32(from);
    return found;
}

static thimble_global take_global(reader *from) {
    thimble_global found = {0};
    found.type = take_byte(from);
    found.is_mutable = take_byte(from);
    if ((found.type != I32 && found.type != I64) || found.is_mutable > 1) from->bad = 1;
    found.value = take_constant(from, found.type);
    return found;
}

static thimble_data take_data(reader *from) {
    thimble_data found = {0};
    if (take_u32(from) != 0) from->bad = 1;
    found.offset = (uint32_t)take_constant(from, I32);
    found.size = take_u32(from);
    found.bytes = take(from, found.size);
    return found;
}

/* One function type: integers only; how many parameters and results it has together. */
static uint32_t take_type(reader *from) {
    if (take_byte(from) != 0x60) from->bad = 1;
    uint32_t width = 0;
    for (int list = 0; list < 2; list++) {
        uint32_t count = take_u32(from);
        const uint8_t *types = take(from, count);
        for (uint32_t i = 0; types != NULL && i < count; i++)
            if (types[i] != I32 && types[i] != I64) from->bad = 1;
        width += types != NULL ? count : 0;
    }
    return width;
}

/* ---- one function per section: each reads it to its end ---- */

static void scan_custom(reader *section, thimble_module_info *info) {
    uint32_t bytes = take_u32(section);
    const uint8_t *name = take(section, bytes);
    /* wasm3 parses the name section without bounds, and would keep every name in RAM. */
    if (name != NULL && bytes == 4 && memcmp(name, "name", 4) == 0) section->bad = 1;
    if (bytes > info->longest_custom) info->longest_custom = bytes;
    section->at = section->end;
}

static void scan_types(reader *section, thimble_module_info *info) {
    info->type_count = take_u32(section);
    info->types = reader_rest(section);
    for (uint32_t i = 0; i < info->type_count && !section->bad; i++) {
        uint32_t width = take_type(section);
        if (width > info->widest_type) info->widest_type = width;
    }
}

static void scan_functions(reader *section, thimble_module_info *info) {
    info->function_count = take_u32(section);
    info->functions = reader_rest(section);
    for (uint32_t i = 0; i < info->function_count && !section->bad; i++)
        if (take_u32(section) >= info->type_count) section->bad = 1;
}

static void scan_memory(reader *section, thimble_module_info *info) {
    info->memory_count = take_u32(section);
    uint32_t has_maximum = take_byte(section);
    info->memory_pages = take_u32(section);
    if (info->memory_count != 1 || has_maximum > 1 || info->memory_pages > 65536) section->bad = 1;
    if (has_maximum == 1 && take_u32(section) < info->memory_pages) section->bad = 1;
}

static void scan_globals(reader *section, thimble_module_info *info) {
    info->global_count = take_u32(section);
    info->globals = reader_rest(section);
    for (uint32_t i = 0; i < info->global_count && !section->bad; i++) (void)take_global(section);
}

static uint32_t export_limit(const thimble_module_info *info, uint8_t kind) {
    if (kind == WASM_FUNCTION) return info->function_count;
    if (kind == WASM_GLOBAL) return info->global_count;
    return kind == WASM_MEMORY ? info->memory_count : 0;
}

static void scan_exports(reader *section, thimble_module_info *info) {
    info->export_count = take_u32(section);
    info->exports = reader_rest(section);
    for (uint32_t i = 0; i < info->export_count && !section->bad; i++) {
        thimble_export found = take_export(section);
        if (found.index >= export_limit(info, found.kind)) section->bad = 1;
    }
}

static void scan_code(reader *section, thimble_module_info *info) {
    info->code_count = take_u32(section);
    for (uint32_t i = 0; i < info->code_count && !section->bad; i++) {
        uint32_t bytes = take_u32(section);
        if (bytes == 0) section->bad = 1;
        (void)take(section, bytes);
    }
}

static void scan_data(reader *section, thimble_module_info *info) {
    info->data_count = take_u32(section);
    info->data = reader_rest(section);
    for (uint32_t i = 0; i < info->data_count && !section->bad; i++) (void)take_data(section);
}

static thimble_status scan_section(uint8_t id, reader *section, thimble_module_info *info) {
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
    case SECTION_DATA_COUNT: (void)take_u32(section); break;
    default: return THIMBLE_ERR_MODULE; /* tables, elements and what newer proposals add */
    }
    return section->bad || section->at != section->end ? THIMBLE_ERR_MODULE : THIMBLE_OK;
}

/* Place of a section in the order that the specification demands; the data count precedes the code. */
static unsigned section_rank(uint8_t id) {
    if (id == SECTION_DATA_COUNT) return 2 * SECTION_ELEMENT + 1;
    return 2u * id;
}

static thimble_status scan_sections(reader *module, thimble_module_info *info) {
    unsigned last = 0;
    while (!module->bad && module->at < module->end) {
        uint8_t id = take_byte(module);
        uint32_t bytes = take_u32(module);
        const uint8_t *content = take(module, bytes);
        if (content == NULL) return THIMBLE_ERR_MODULE;
        if (id != SECTION_CUSTOM && section_rank(id) <= last) return THIMBLE_ERR_MODULE;
        if (id != SECTION_CUSTOM) last = section_rank(id);
        reader section = {content, content + bytes, 0};
        thimble_status status = scan_section(id, &section, info);
        if (status != THIMBLE_OK) return status;
    }
    return THIMBLE_OK;
}

thimble_status thimble_module_scan(const uint8_t *module, size_t bytes, thimble_module_info *info) {
    static const uint8_t header[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    memset(info, 0, sizeof *info);
    if (bytes < sizeof header || memcmp(module, header, sizeof header) != 0) return THIMBLE_ERR_MODULE;
    reader rest = {module + sizeof header, module + bytes, 0};
    thimble_status status = scan_sections(&rest, info);
    if (status != THIMBLE_OK) return status;
    return info->code_count == info->function_count ? THIMBLE_OK : THIMBLE_ERR_MODULE;
}

thimble_export thimble_export_next(thimble_section *exports) {
    reader from = reader_open(*exports);
    thimble_export found = take_export(&from);
    *exports = reader_rest(&from);
    return found;
}

thimble_global thimble_global_next(thimble_section *globals) {
    reader from = reader_open(*globals);
    thimble_global found = take_global(&from);
    *globals = reader_rest(&from);
    return found;
}

thimble_data thimble_data_next(thimble_section *data) {
    reader from = reader_open(*data);
    thimble_data found = take_data(&from);
    *data = reader_rest(&from);
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

int thimble_global_find(const thimble_module_info *info, const char *name, uint32_t *value) {
    uint32_t index;
    if (!thimble_export_find(info, WASM_GLOBAL, name, &index)) return 0;
    thimble_section globals = info->globals;
    thimble_global found = thimble_global_next(&globals);
    while (index-- > 0) found = thimble_global_next(&globals);
    *value = (uint32_t)found.value;
    return found.type == I32 && !found.is_mutable;
}

/* Reads one of a type's two lists and tells whether it is `count` times i32. */
static int list_is(reader *type, uint32_t count) {
    uint32_t found = take_u32(type);
    const uint8_t *types = take(type, found);
    if (types == NULL || found != count) return 0;
    for (uint32_t i = 0; i < count; i++)
        if (types[i] != I32) return 0;
    return 1;
}

int thimble_function_is(const thimble_module_info *info, uint32_t function, uint32_t parameters,
                        uint32_t results) {
    reader functions = reader_open(info->functions);
    uint32_t type_index = take_u32(&functions);
    while (function-- > 0) type_index = take_u32(&functions);
    reader types = reader_open(info->types);
    while (type_index-- > 0) (void)take_type(&types);
    (void)take_byte(&types);
    return list_is(&types, parameters) && list_is(&types, results);
}
