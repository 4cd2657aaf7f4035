#include "json.h"

#include <string.h>

/* ---- checking ---- */

typedef struct cursor {
    const char *at, *end;
} cursor;

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static char peek(const cursor *in) { return in->at < in->end ? *in->at : '\0'; }

static void skip_space(cursor *in) {
    while (in->at < in->end && is_space(*in->at)) in->at++;
}

/* Takes one character where it is next. */
static int accept(cursor *in, char c) {
    if (in->at >= in->end || *in->at != c) return 0;
    in->at++;
    return 1;
}

static int take_digits(cursor *in) {
    const char *start = in->at;
    while (in->at < in->end && is_digit(*in->at)) in->at++;
    return in->at > start;
}

static int take_number(cursor *in) {
    (void)accept(in, '-');
    if (!accept(in, '0') && !take_digits(in)) return 0;
    if (accept(in, '.') && !take_digits(in)) return 0;
    if (!accept(in, 'e') && !accept(in, 'E')) return 1;
    if (!accept(in, '+')) (void)accept(in, '-');
    return take_digits(in);
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int take_hex(cursor *in) {
    for (int i = 0; i < 4; i++) {
        if (in->at >= in->end || hex_digit(*in->at) < 0) return 0;
        in->at++;
    }
    return 1;
}

static int take_string(cursor *in) {
    if (!accept(in, '"')) return 0;
    while (in->at < in->end) {
        const char c = *in->at++;
        if (c == '"') return 1;
        if ((unsigned char)c < 0x20) return 0;
        if (c != '\\') continue;
        if (accept(in, 'u')) {
            if (!take_hex(in)) return 0;
        } else if (in->at >= in->end || *in->at == '\0' || strchr("\"\\/bfnrt", *in->at) == NULL) {
            return 0;
        } else {
            in->at++;
        }
    }
    return 0;
}

static int take_word(cursor *in, const char *word) {
    const size_t length = strlen(word);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0) return 0;
    in->at += length;
    return 1;
}

/* A value that holds no others. */
static int take_scalar(cursor *in) {
    switch (peek(in)) {
    case '"': return take_string(in);
    case 't': return take_word(in, "true");
    case 'f': return take_word(in, "false");
    case 'n': return take_word(in, "null");
    default: return take_number(in);
    }
}

/* The name of a map's member, and its colon. */
static int take_name(cursor *in) {
    skip_space(in);
    if (!take_string(in)) return 0;
    skip_space(in);
    return accept(in, ':');
}

/* Behind a value: closes lists and maps that end here, and goes to the next value: 1 there, 0 at the end, -1
 * wrong. */
static int next_value(cursor *in, const char *open, int *depth) {
    for (;;) {
        if (*depth == 0) return 0;
        skip_space(in);
        const char opened = open[*depth - 1];
        if (accept(in, ',')) return opened == '[' || take_name(in) ? 1 : -1;
        if (!accept(in, opened == '[' ? ']' : '}')) return -1;
        (*depth)--;
    }
}

/* Takes a whole value without recursion: how deep it goes is the sender's choice. */
static int take_value(cursor *in) {
    char open[THIMBLE_JSON_DEPTH];
    int depth = 0;
    for (;;) {
        skip_space(in);
        const char c = peek(in);
        if (c == '[' || c == '{') {
            if (depth == THIMBLE_JSON_DEPTH) return 0;
            in->at++;
            skip_space(in);
            if (!accept(in, c == '[' ? ']' : '}')) {
                open[depth++] = c;
                if (c == '{' && !take_name(in)) return 0;
                continue;
            }
        } else if (!take_scalar(in)) {
            return 0;
        }
        const int more = next_value(in, open, &depth);
        if (more <= 0) return more == 0;
    }
}

thimble_json thimble_json_check(const char *text, size_t bytes) {
    cursor in = {text, text + bytes};
    skip_space(&in);
    const thimble_json value = {in.at, in.end};
    if (!take_value(&in)) return (thimble_json){0};
    skip_space(&in);
    return in.at == in.end ? value : (thimble_json){0};
}

/* ---- walking a checked document ---- */

static const thimble_json nothing = {0};

/* The first value of a list, or name of a map; 0 where `value` is none of that kind, or empty. */
static int enter(thimble_json value, char open, char close, cursor *in) {
    *in = (cursor){value.at, value.end};
    if (value.at == NULL || !accept(in, open)) return 0;
    skip_space(in);
    return peek(in) != close;
}

/* Whether a string is `name`, to the letter: names that matter here have nothing to escape. */
static int is_name(const char *string, const char *name) {
    const size_t length = strlen(name);
    return strncmp(string + 1, name, length) == 0 && string[1 + length] == '"';
}

thimble_json thimble_json_member(thimble_json map, const char *name) {
    cursor in;
    if (!enter(map, '{', '}', &in)) return nothing;
    do {
        skip_space(&in);
        const char *string = in.at;
        (void)take_name(&in);
        skip_space(&in);
        if (is_name(string, name)) return (thimble_json){in.at, in.end};
        (void)take_value(&in);
        skip_space(&in);
    } while (accept(&in, ','));
    return nothing;
}

thimble_json thimble_json_element(thimble_json list, uint32_t index) {
    cursor in;
    if (!enter(list, '[', ']', &in)) return nothing;
    do {
        skip_space(&in);
        if (index-- == 0) return (thimble_json){in.at, in.end};
        (void)take_value(&in);
        skip_space(&in);
    } while (accept(&in, ','));
    return nothing;
}

enum { REPLACEMENT = 0xfffd }; /* for half of a pair that stands alone */

static uint32_t read_hex(const char *at) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) value = value << 4 | (uint32_t)hex_digit(at[i]);
    return value;
}

/* One character behind a backslash, or the pair of \u that is one character; moves `*at` behind it. */
static uint32_t read_escape(const char **at) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    const char c = *(*at)++;
    if (c != 'u') {
        const char *found = strchr(names, c);
        return (unsigned char)(found == NULL ? c : values[found - names]);
    }
    uint32_t code = read_hex(*at);
    *at += 4;
    if (code < 0xd800 || code > 0xdfff) return code;
    if (code > 0xdbff || (*at)[0] != '\\' || (*at)[1] != 'u') return REPLACEMENT;
    const uint32_t low = read_hex(*at + 2);
    if (low < 0xdc00 || low > 0xdfff) return REPLACEMENT;
    *at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

/* UTF-8 of a code point: how many bytes. */
static size_t encode(uint32_t code, char to[4]) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    const size_t length          = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(leads[length] | code);
    return length;
}

int32_t thimble_json_string(thimble_json value, char *to, size_t room) {
    if (value.at == NULL || *value.at != '"') return -1;
    size_t length = 0;
    for (const char *at = value.at + 1; *at != '"';) {
        char bytes[4] = {*at++};
        size_t count  = 1;
        if (bytes[0] == '\\') count = encode(read_escape(&at), bytes);
        if (bytes[0] == '\0' || length + count >= room) return -1;
        memcpy(to + length, bytes, count);
        length += count;
    }
    if (room == 0) return -1;
    to[length] = '\0';
    return (int32_t)length;
}

int thimble_json_u32(thimble_json value, uint32_t *to) {
    if (value.at == NULL || !is_digit(*value.at)) return 0;
    uint64_t number = 0;
    const char *at  = value.at;
    for (; at < value.end && is_digit(*at); at++) {
        number = number * 10 + (uint64_t)(*at - '0');
        if (number > UINT32_MAX) return 0;
    }
    if (at < value.end && (*at == '.' || *at == 'e' || *at == 'E')) return 0;
    *to = (uint32_t)number;
    return 1;
}
