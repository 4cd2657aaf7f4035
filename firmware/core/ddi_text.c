#include "ddi_text.h"

#include <string.h>

/* ---- writing ---- */

ddi_writer ddi_write_to(char *buffer, size_t room) {
    *buffer = '\0';
    return (ddi_writer){buffer, buffer + room, 1};
}

static void put_bytes(ddi_writer *out, const char *text, size_t length) {
    if (length >= (size_t)(out->end - out->at)) {
        out->fits = 0;
        return;
    }
    memcpy(out->at, text, length);
    out->at += length;
    *out->at = '\0';
}

void ddi_put(ddi_writer *out, const char *text) { put_bytes(out, text, strlen(text)); }

void ddi_put_u32(ddi_writer *out, uint32_t value) {
    char digits[11];
    char *at = digits + sizeof digits;
    *--at    = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    ddi_put(out, at);
}

void ddi_put_json(ddi_writer *out, const char *text) {
    static const char digits[] = "0123456789abcdef";
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            const char escaped[2] = {'\\', (char)c};
            put_bytes(out, escaped, sizeof escaped);
        } else if (c < 0x20) {
            const char escaped[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
            put_bytes(out, escaped, sizeof escaped);
        } else {
            put_bytes(out, text, 1);
        }
    }
}

uint32_t ddi_fnv(uint32_t hash, const char *text) {
    for (; *text != '\0'; text++) hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash * 16777619u;
}

/* ---- reading ---- */

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* ":MM" below 60, or -1. */
static int read_sixtieth(const char *text) {
    if (text[0] != ':' || !is_digit(text[1]) || !is_digit(text[2])) return -1;
    const int value = (text[1] - '0') * 10 + (text[2] - '0');
    return value < 60 ? value : -1;
}

uint32_t ddi_read_duration(const char *text) {
    uint32_t hours = 0, count = 0;
    for (; is_digit(*text) && count < 3; text++, count++) hours = hours * 10 + (uint32_t)(*text - '0');
    const int minutes = count == 0 ? -1 : read_sixtieth(text);
    const int seconds = minutes < 0 ? -1 : read_sixtieth(text + 3);
    if (seconds < 0 || text[6] != '\0') return 0;
    return hours * 3600 + (uint32_t)minutes * 60 + (uint32_t)seconds;
}

int ddi_read_hash(const char *text, uint8_t hash[32]) {
    static const char digits[] = "0123456789abcdefABCDEF";
    if (strlen(text) != 64) return 0;
    for (int i = 0; i < 64; i++) {
        const char *digit = strchr(digits, text[i]);
        if (digit == NULL) return 0;
        const int value = (int)(digit - digits);
        hash[i / 2]     = (uint8_t)(hash[i / 2] << 4 | (value < 16 ? value : value - 6));
    }
    return 1;
}

static int is_of_id(char c) {
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("-._~%", c) != NULL);
}

static uint32_t id_length(const char *text) {
    uint32_t length = 0;
    while (is_of_id(text[length])) length++;
    return length;
}

int ddi_is_id(const char *text) {
    const uint32_t length = id_length(text);
    return length > 0 && text[length] == '\0' && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

uint32_t ddi_last_segment(const char *url, const char **segment) {
    const char *end = url + strcspn(url, "?#");
    const char *at  = end;
    while (at > url && at[-1] != '/') at--;
    *segment = at;
    return id_length(at) == (uint32_t)(end - at) ? (uint32_t)(end - at) : 0;
}

/* ---- addresses ---- */

/* The scheme's length with its colon; 0 where the reference has none. */
static size_t scheme_length(const char *href) {
    size_t length = 0;
    if (!is_letter(href[0])) return 0;
    while (is_letter(href[length]) || is_digit(href[length]) ||
           (href[length] != '\0' && strchr("+-.", href[length]) != NULL))
        length++;
    return href[length] == ':' ? length + 1 : 0;
}

/* Whether text begins with `lower`, whatever the case of its letters. */
static int starts_with(const char *text, const char *lower) {
    for (; *lower != '\0'; text++, lower++) {
        if ((is_letter(*text) ? *text | 0x20 : *text) != *lower) return 0;
    }
    return 1;
}

/* Where the path of an address begins: behind the host. */
static const char *path_of(const char *url) {
    const char *host = strstr(url, "://");
    host             = host == NULL ? url : host + 3;
    return host + strcspn(host, "/?#");
}

/* Removes "." and ".." from a path that begins with a slash. */
static void remove_dots(char *path) {
    const char *from = path;
    char *to         = path;
    while (*from == '/') {
        const size_t length = strcspn(from + 1, "/?#");
        const int is_last   = from[length + 1] != '/';
        const int dots      = length <= 2 && strncmp(from + 1, "..", length) == 0 ? (int)length : 0;
        if (dots == 2) {
            while (to > path && *--to != '/') continue;
        }
        if (dots == 0) {
            memmove(to, from, length + 1);
            to += length + 1;
        } else if (is_last) {
            *to++ = '/';
        }
        from += length + 1;
    }
    memmove(to, from, strlen(from) + 1);
}

static int has_only_allowed(const char *href) {
    for (; *href != '\0'; href++) {
        if ((unsigned char)*href <= 0x20 || *href == 0x7f) return 0;
    }
    return 1;
}

/* How much of the base stands before a reference that has no scheme. */
static size_t kept_length(const char *base, const char *href) {
    if (href[0] == '?') return strcspn(base, "?#");
    size_t kept = (size_t)(path_of(base) - base); /* scheme and host */
    if (href[0] == '/') return href[1] == '/' ? scheme_length(base) : kept;
    for (size_t i = kept; base[i] != '\0' && strchr("?#", base[i]) == NULL; i++)
        if (base[i] == '/') kept = i + 1;
    return kept;
}

/* Where host and port begin, of a reference from `base`; NULL where it is none of HTTP. */
static const char *authority_of(const char *base, const char *href) {
    const char *whole = scheme_length(href) == 0 ? base : href;
    if (!(starts_with(whole, "http://") || starts_with(whole, "https://"))) return NULL;
    return whole == base && href[0] == '/' && href[1] == '/' ? href + 2 : whole + scheme_length(whole) + 2;
}

int ddi_resolve(const char *base, const char *href, char *to, size_t room) {
    if (href[0] == '\0' || href[0] == '#' || !has_only_allowed(href)) return 0;
    const char *authority = authority_of(base, href);
    if (authority == NULL || authority[0] == '\0' || strchr("/?#", authority[0]) != NULL) return 0;
    const int is_whole  = scheme_length(href) > 0;
    const size_t kept   = is_whole ? 0 : kept_length(base, href);
    const int has_slash = is_whole || href[0] == '/' || href[0] == '?' || path_of(base)[0] == '/';
    const size_t length = strcspn(href, "#");
    // The room holds an earlier address, which stays where this one can't be followed.
    if (kept + !has_slash + length >= room) return 0;
    ddi_writer out = ddi_write_to(to, room);
    put_bytes(&out, base, kept);
    if (!has_slash) ddi_put(&out, "/");
    put_bytes(&out, href, length);
    remove_dots(to + (path_of(to) - to));
    return 1;
}

/* A text, as far as that, without regard to the case of its letters. */
static int is_same_text(const char *a, size_t a_length, const char *b, size_t b_length) {
    if (a_length != b_length) return 0;
    for (size_t i = 0; i < a_length; i++) {
        const char left  = is_letter(a[i]) ? (char)(a[i] | 0x20) : a[i];
        const char right = is_letter(b[i]) ? (char)(b[i] | 0x20) : b[i];
        if (left != right) return 0;
    }
    return 1;
}

/* Length of host and port, without a port that the scheme has anyway. */
static size_t authority_length(const char *authority, int is_https) {
    const size_t length = strcspn(authority, "/?#");
    const char *port    = is_https ? ":443" : ":80";
    const size_t size   = strlen(port);
    return length > size && memcmp(authority + length - size, port, size) == 0 ? length - size : length;
}

int ddi_is_same_origin(const char *url, const char *base, const char *href) {
    const char *own   = authority_of(url, "");
    const char *other = authority_of(base, href);
    if (own == NULL || other == NULL) return 0;
    const int is_https = starts_with(url, "https:");
    if (is_https != starts_with(scheme_length(href) == 0 ? base : href, "https:")) return 0;
    return is_same_text(own, authority_length(own, is_https), other, authority_length(other, is_https));
}
