/* Plain text: whether a text is surely its own view, being of ASCII and with nothing in it that may spell something
   else (`masking/folding.py`, whose pattern says the same; this is tested against it). */
#include "matcher.h"

/* What a character may be: of a run that encodings are made of, and in it a capital or a digit of base 16; what no plain
   text holds; what depends on what stands behind it. */
enum { RUN = 1, CAPITAL = 2, HEX = 4, ODD = 8, BEHIND = 16 };
enum { SHORTEST_RUN = 16 };

#define CONTROLS(from, to) [from... to] = ODD
static const uint8_t KINDS[256] = {
    CONTROLS(0, 9), CONTROLS(0x0b, 0x1d), [0x1f] = ODD, ['['] = ODD, ['*'] = ODD,
    ['`'] = ODD, ['~'] = ODD, ['_'] = ODD, [0x7f] = ODD, ['%'] = BEHIND, ['&'] = BEHIND, ['\\'] = BEHIND,
    ['='] = BEHIND, ['+'] = RUN, ['/'] = RUN, ['-'] = RUN, ['0' ... '9'] = RUN | HEX, ['a' ... 'f'] = RUN | HEX,
    ['g' ... 'z'] = RUN, ['A' ... 'F'] = RUN | CAPITAL | HEX, ['G' ... 'Z'] = RUN | CAPITAL, [0x80 ... 0xff] = ODD,
};
#undef CONTROLS

static int kind(char c) { return KINDS[(uint8_t)c]; }

/* Say whether an encoding may begin with the sign that stands at a place. */
static int begins_encoding(const char *text, int32_t at, int32_t size) {
    char sign = text[at], next = at + 1 < size ? text[at + 1] : ' ';
    if (sign == '%') return (kind(next) & HEX) && at + 2 < size && (kind(text[at + 2]) & HEX);
    if (sign == '&') return next == '#' || is_letter(next);
    if (sign == '\\') return is_among(next, "uxnrt\"'/");
    for (at++; at < size && is_letter(text[at]); at++) continue;
    return is_letter(next) && at < size && text[at] == '+';
}

/* Say whether a run of letters, digits and some signs may be something encoded. */
static int is_encoding(const char *text, int32_t at, int32_t end, int all) {
    if (end - at < SHORTEST_RUN) return 0;
    if (all & CAPITAL) return 1;
    for (int32_t digits = 0; at < end; at++) {
        digits = kind(text[at]) & HEX ? digits + 1 : 0;
        if (digits == SHORTEST_RUN) return 1;
    }
    return 0;
}

int32_t text_is_plain(const char *text, int32_t size) {
    for (int32_t at = 0; at < size;) {
        int what = kind(text[at]), all = 0;
        if (what & RUN) {
            int32_t begin = at;
            for (; at < size && (kind(text[at]) & RUN); at++) all |= kind(text[at]);
            if (is_encoding(text, begin, at, all)) return 0;
            continue;
        }
        if ((what & ODD) || ((what & BEHIND) && begins_encoding(text, at, size))) return 0;
        at++;
    }
    return 1;
}
