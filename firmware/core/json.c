#include "thimble_json.h"

#include <string.h>

typedef enum state {
    BROKEN,
    VALUE,       /* a value is next */
    FIRST_VALUE, /* a value, or the end of a list */
    FIRST_NAME,  /* a name, or the end of a map */
    NAME,
    COLON,
    AFTER, /* behind a value */
    STRING,
    ESCAPE,
    HEX,
    WORD,
    /* Numbers, by what was read last. */
    MINUS,
    ZERO,
    DIGITS,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
} state;

enum {
    NAME_LIMIT  = 1u << (32 - 1 - THIMBLE_JSON_NAME_BITS), /* a path from here on takes no further name */
    REPLACEMENT = 0xfffd,                                  /* for half of a pair that stands alone */
};

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* ---- what is told ---- */

static void tell(thimble_json *json, thimble_json_kind kind) {
    json->state = AFTER;
    if (json->path == THIMBLE_JSON_UNKNOWN) return;
    json->text[json->length]       = '\0';
    const thimble_json_value value = {json->path, kind, json->text, json->length, json->is_cut};
    json->take(json->context, &value);
}

static void put(thimble_json *json, char c) {
    if (!json->is_name && json->path == THIMBLE_JSON_UNKNOWN) return;
    if (c == '\0' || json->length + 1 >= json->room)
        json->is_cut = 1;
    else
        json->text[json->length++] = c;
}

/* Puts a code point as UTF-8. */
static void put_code(thimble_json *json, uint32_t code) {
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (code < 0x80) {
        put(json, (char)code);
        return;
    }
    const int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    put(json, (char)(leads[length] | code >> 6 * (length - 1)));
    for (int i = length - 2; i >= 0; i--) put(json, (char)(0x80 | (code >> 6 * i & 0x3f)));
}

/* The first half of a pair waits for the second, which is next or never comes. */
static void end_pair(thimble_json *json) {
    if (json->high != 0) put_code(json, REPLACEMENT);
    json->high = 0;
}

static void put_unit(thimble_json *json, uint32_t unit) {
    if (unit >= 0xdc00 && unit <= 0xdfff && json->high != 0) {
        put_code(json, 0x10000 + ((json->high - 0xd800u) << 10) + (unit - 0xdc00));
        json->high = 0;
        return;
    }
    end_pair(json);
    if (unit >= 0xd800 && unit <= 0xdbff)
        json->high = (uint16_t)unit;
    else
        put_code(json, unit >= 0xdc00 && unit <= 0xdfff ? REPLACEMENT : unit);
}

/* ---- structure ---- */

static void open(thimble_json *json, int is_map) {
    if (json->depth == THIMBLE_JSON_DEPTH) {
        json->state = BROKEN;
        return;
    }
    // A list of lists is nothing that has a name.
    if (!is_map && json->depth > 0 && !json->is_map[json->depth - 1]) json->path = THIMBLE_JSON_UNKNOWN;
    json->paths[json->depth]  = json->path;
    json->is_map[json->depth] = (uint8_t)is_map;
    json->depth++;
    tell(json, is_map ? THIMBLE_JSON_MAP : THIMBLE_JSON_LIST);
    json->state = is_map ? FIRST_NAME : FIRST_VALUE;
}

static void close(thimble_json *json, char c) {
    const int is_map = json->depth > 0 && json->is_map[json->depth - 1];
    if (json->depth == 0 || c != (is_map ? '}' : ']')) {
        json->state = BROKEN;
        return;
    }
    json->depth--;
    json->path   = json->paths[json->depth];
    json->length = 0;
    json->is_cut = 0;
    tell(json, is_map ? THIMBLE_JSON_MAP_END : THIMBLE_JSON_LIST_END);
}

static void start_string(thimble_json *json, int is_name) {
    json->is_name = (uint8_t)is_name;
    json->length  = 0;
    json->is_cut  = 0;
    json->high    = 0;
    json->state   = STRING;
}

static void start_value(thimble_json *json, char c) {
    json->length = 0;
    json->is_cut = 0;
    if (c == '{' || c == '[') {
        open(json, c == '{');
        return;
    }
    if (c == '"') {
        start_string(json, 0);
        return;
    }
    json->word = c == 't' ? "true" : c == 'f' ? "false" : c == 'n' ? "null" : NULL;
    if (json->word != NULL)
        json->state = WORD;
    else
        json->state = c == '-' ? MINUS : c == '0' ? ZERO : is_digit(c) ? DIGITS : BROKEN;
    put(json, c);
}

static uint32_t find_member(const thimble_json *json) {
    const uint32_t parent = json->paths[json->depth - 1];
    if (json->is_cut || parent >= NAME_LIMIT) return THIMBLE_JSON_UNKNOWN;
    for (uint32_t i = 0; i < json->name_count; i++) {
        if (strcmp(json->names[i], json->text) == 0) return parent << THIMBLE_JSON_NAME_BITS | (i + 1);
    }
    return THIMBLE_JSON_UNKNOWN;
}

static void after(thimble_json *json, char c) {
    if (c != ',') {
        close(json, c);
    } else if (json->depth == 0) {
        json->state = BROKEN;
    } else {
        json->path  = json->paths[json->depth - 1];
        json->state = json->is_map[json->depth - 1] ? NAME : VALUE;
    }
}

/* ---- strings, words, numbers ---- */

static void end_string(thimble_json *json) {
    end_pair(json);
    if (!json->is_name) {
        tell(json, THIMBLE_JSON_STRING);
        return;
    }
    json->text[json->length] = '\0';
    json->path               = find_member(json);
    json->is_name            = 0;
    json->state              = COLON;
}

static void in_string(thimble_json *json, char c) {
    if (c == '"') {
        end_string(json);
    } else if (c == '\\') {
        json->state = ESCAPE;
    } else if ((unsigned char)c < 0x20) {
        json->state = BROKEN;
    } else {
        end_pair(json);
        put(json, c);
    }
}

static void in_escape(thimble_json *json, char c) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *found = c == '\0' ? NULL : strchr(names, c);
    json->state       = c == 'u' ? HEX : found != NULL ? STRING : BROKEN;
    json->code        = 0;
    json->digits      = 0;
    if (found != NULL) put_unit(json, (unsigned char)values[found - names]);
}

static void in_hex(thimble_json *json, char c) {
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found          = c == '\0' ? NULL : strchr(digits, c);
    if (found == NULL) {
        json->state = BROKEN;
        return;
    }
    const int value = (int)(found - digits);
    json->code      = (uint16_t)(json->code << 4 | (value < 16 ? value : value - 6));
    if (++json->digits < 4) return;
    json->state = STRING;
    put_unit(json, json->code);
}

static void in_word(thimble_json *json, char c) {
    json->word++;
    if (*json->word != c) {
        json->state = BROKEN;
        return;
    }
    put(json, c);
    if (json->word[1] == '\0') tell(json, THIMBLE_JSON_WORD);
}

/* The state behind one more character of a number; BROKEN where it can't be one of it. */
static state next_of_number(state now, char c) {
    const int digit = is_digit(c), e = c == 'e' || c == 'E';
    switch (now) {
    case MINUS: return c == '0' ? ZERO : digit ? DIGITS : BROKEN;
    case ZERO: return c == '.' ? POINT : e ? EXPONENT : BROKEN;
    case DIGITS: return digit ? DIGITS : c == '.' ? POINT : e ? EXPONENT : BROKEN;
    case POINT: return digit ? FRACTION : BROKEN;
    case FRACTION: return digit ? FRACTION : e ? EXPONENT : BROKEN;
    case EXPONENT: return digit ? EXPONENT_DIGITS : c == '+' || c == '-' ? EXPONENT_SIGN : BROKEN;
    case EXPONENT_SIGN:
    case EXPONENT_DIGITS: return digit ? EXPONENT_DIGITS : BROKEN;
    default: return BROKEN;
    }
}

/* Whether a number may end here. */
static int is_number(state now) {
    return now == ZERO || now == DIGITS || now == FRACTION || now == EXPONENT_DIGITS;
}

static void between_values(thimble_json *json, char c) {
    if (is_space(c)) return;
    switch (json->state) {
    case VALUE: start_value(json, c); break;
    case FIRST_VALUE:
        if (c == ']')
            close(json, c);
        else
            start_value(json, c);
        break;
    case FIRST_NAME:
        if (c == '}')
            close(json, c);
        else if (c == '"')
            start_string(json, 1);
        else
            json->state = BROKEN;
        break;
    case NAME:
        if (c == '"')
            start_string(json, 1);
        else
            json->state = BROKEN;
        break;
    case COLON: json->state = c == ':' ? VALUE : BROKEN; break;
    default: after(json, c);
    }
}

static void step(thimble_json *json, char c) {
    switch (json->state) {
    case BROKEN: return;
    case STRING: in_string(json, c); return;
    case ESCAPE: in_escape(json, c); return;
    case HEX: in_hex(json, c); return;
    case WORD: in_word(json, c); return;
    case VALUE:
    case FIRST_VALUE:
    case FIRST_NAME:
    case NAME:
    case COLON:
    case AFTER: between_values(json, c); return;
    default: break;
    }
    const state next = next_of_number((state)json->state, c);
    if (next == BROKEN && is_number((state)json->state)) {
        tell(json, THIMBLE_JSON_NUMBER);
        between_values(json, c);
        return;
    }
    json->state = (uint8_t)next;
    put(json, c);
}

void thimble_json_begin(thimble_json *json) {
    json->state   = VALUE;
    json->depth   = 0;
    json->path    = 0;
    json->length  = 0;
    json->is_name = 0;
    json->is_cut  = 0;
    json->high    = 0;
}

int thimble_json_feed(thimble_json *json, const uint8_t *data, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes && json->state != BROKEN; i++) step(json, (char)data[i]);
    return json->state != BROKEN;
}

int thimble_json_end(thimble_json *json) {
    if (is_number((state)json->state) && json->depth == 0) tell(json, THIMBLE_JSON_NUMBER);
    return json->state == AFTER && json->depth == 0;
}

int thimble_json_u32(const thimble_json_value *value, uint32_t *to) {
    uint64_t number = 0;
    if (value->is_cut || value->length == 0) return 0;
    if (value->kind != THIMBLE_JSON_NUMBER && value->kind != THIMBLE_JSON_STRING) return 0;
    for (const char *at = value->text; *at != '\0'; at++) {
        if (!is_digit(*at)) return 0;
        number = number * 10 + (uint64_t)(*at - '0');
        if (number > UINT32_MAX) return 0;
    }
    *to = (uint32_t)number;
    return 1;
}
