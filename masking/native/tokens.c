/* The tokens of JSON: strings, numbers and literals, and the space between them (RFC 8259). */
#include "document.h"

#include <string.h>

static int is_digit(char sign) {
    return sign >= '0' && sign <= '9';
}

static int is_hex(char sign) {
    return is_digit(sign) || (sign >= 'a' && sign <= 'f') || (sign >= 'A' && sign <= 'F');
}

/* The first byte from `at` on that is a quote, a backslash or a control; eight at a time. */
static uint32_t plain(const char *body, uint32_t at, uint32_t size) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    while (at + 8 <= size) {
        uint64_t part;
        memcpy(&part, body + at, 8);
        uint64_t quote = part ^ (ones * '"'), slash = part ^ (ones * '\\');
        uint64_t found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((part - ones * 0x20) & ~part);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ /* what is found behind the first may only seem to be there */
        if (found & highs) return at + (uint32_t)__builtin_ctzll(found & highs) / 8;
#else
        if (found & highs) break;
#endif
        at += 8;
    }
    while (body[at] != '"' && body[at] != '\\' && (unsigned char)body[at] >= 0x20) at++;
    return at;
}

static int is_escape(char sign) {
    switch (sign) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return 1;
    default:
        return 0;
    }
}

int read_string(const char *body, uint32_t at, uint32_t size, Token *token) {
    token->start = at;
    token->escaped = token->escaped_unicode = 0;
    if (body[at] != '"') return 0;
    for (at = plain(body, at + 1, size); body[at] != '"'; at = plain(body, at, size)) {
        if (body[at] != '\\') return 0; /* a control, or the end */
        token->escaped = 1;
        char sign = body[at + 1];
        if (sign == 'u') {
            for (int digit = 2; digit < 6; digit++)
                if (!is_hex(body[at + digit])) return 0;
            token->escaped_unicode = 1;
            at += 6;
        } else if (is_escape(sign)) {
            at += 2;
        } else {
            return 0;
        }
    }
    token->end = at + 1;
    return 1;
}

uint32_t read_scalar(const char *body, uint32_t at) {
    if (body[at] == 't') return strncmp(body + at, "true", 4) ? at : at + 4;
    if (body[at] == 'n') return strncmp(body + at, "null", 4) ? at : at + 4;
    if (body[at] == 'f') return strncmp(body + at, "false", 5) ? at : at + 5;
    uint32_t end = at + (body[at] == '-');
    if (!is_digit(body[end])) return at;
    if (body[end++] != '0')
        while (is_digit(body[end])) end++;
    if (body[end] == '.' && is_digit(body[end + 1]))
        for (end++; is_digit(body[end]);) end++;
    if (body[end] == 'e' || body[end] == 'E') {
        uint32_t power = end + 1 + (body[end + 1] == '+' || body[end + 1] == '-');
        if (is_digit(body[power])) {
            while (is_digit(body[power])) power++;
            end = power;
        }
    }
    return end;
}

static uint32_t hex4(const char *text) {
    uint32_t value = 0;
    for (int digit = 0; digit < 4; digit++) {
        char sign = text[digit];
        value = value << 4 | (uint32_t)(is_digit(sign) ? sign - '0' : (sign | 0x20) - 'a' + 10);
    }
    return value;
}

int unescape(const char **text, char *to) {
    static const char signs[] = "b\bf\fn\nr\rt\t";
    const char *at = *text;
    if (*at != '\\') {
        *to = *at;
        *text = at + 1;
        return 1;
    }
    if (at[1] != 'u') {
        const char *sign = strchr(signs, at[1]);
        *to = sign ? sign[1] : at[1];
        *text = at + 2;
        return 1;
    }
    uint32_t code = hex4(at + 2);
    at += 6;
    if (code >= 0xd800 && code < 0xdc00) { /* pairs were checked */
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4(at + 2) - 0xdc00);
        at += 6;
    }
    *text = at;
    if (code < 0x80) return *to = (char)code, 1;
    int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int place = length - 1; place; place--, code >>= 6) to[place] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)((length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0) | code);
    return length;
}

int is_lone(const char *body, const Token *token) {
    if (!token->escaped_unicode) return 0;
    for (uint32_t at = token->start + 1; at < token->end - 1;) {
        if (body[at] != '\\') {
            at++;
        } else if (body[at + 1] != 'u') {
            at += 2;
        } else {
            uint32_t code = hex4(body + at + 2);
            at += 6;
            if (code < 0xd800 || code > 0xdfff) continue;
            if (code > 0xdbff || body[at] != '\\' || body[at + 1] != 'u') return 1;
            code = hex4(body + at + 2);
            if (code < 0xdc00 || code > 0xdfff) return 1;
            at += 6;
        }
    }
    return 0;
}
