/* Reading: a text as a tape of symbols, and its zones.

   The same as `masking/tape.py`, at once and without a Python object for each word. Offsets that leave here are code
   points of the text; the tape is kept until the next text is read. Spaces before a line end are left out, and the line
   ends where they begin, unless they are more than a gap holds; a quote that ends it is shown as CLOSE. A line end is
   read as what it is there: one, one that parts, or a space (`segments.lines`). */
#include "matcher.h"

#include <stdlib.h>

enum { BETWEEN = 3, WAITING = 2, TRAILING = 2, WIDEST_GAP = 63, CLOSE = 0x1a };

typedef struct {
    Matcher *m;
    int32_t n;           /* symbols so far */
    int32_t begin;       /* of the token */
    int inert;           /* the token so far: 0 active, 1 signs, 2 a word and signs */
    int spaces, spaced, ended, broken; /* since the last token: spaces before and behind its line ends */
    int32_t lead[WAITING];
    int leads, run;      /* inert tokens that may go before a zone, and behind the open one */
    int open, reaches;   /* there is an open zone; what comes may still belong to it */
} Reader;

static int more_room(Matcher *m, int32_t needed) {
    int32_t at = m->room, byte_at = m->room, keys = m->room;
    if (grow((void **)&m->at, &at, needed, sizeof(int32_t)) ||
        grow((void **)&m->byte_at, &byte_at, needed, sizeof(int32_t)) ||
        grow((void **)&m->keys, &keys, needed, sizeof(uint64_t)) ||
        grow((void **)&m->tape, &m->room, needed, sizeof(Symbol)))
        return OUT_OF_MEMORY;
    return 0;
}

static int put(Reader *r, Symbol symbol, int32_t at, int32_t byte, uint64_t key) {
    Matcher *m = r->m;
    if (r->n == m->room && more_room(m, r->n + 1)) return OUT_OF_MEMORY;
    m->tape[r->n] = symbol;
    m->byte_at[r->n] = byte;
    m->keys[r->n] = key;
    m->at[r->n++] = at;
    return 0;
}

static int gap_holds(const Reader *r) {
    return !r->broken && r->ended <= 1 && r->spaces <= WIDEST_GAP && r->spaced <= WIDEST_GAP;
}

static int is_stop(Symbol symbol) { return symbol == ',' || symbol == '.' || symbol == ';'; }

/* Say whether a token is inert: a word that is, with stops behind it, or stops alone. */
static int token_is_inert(const Matcher *m, int32_t begin, int32_t end) {
    int32_t i = begin;
    if (m->tape[i] >= WORDS) {
        uint32_t word = (uint32_t)m->tape[i] - WORDS;
        if (word >= m->words.codes || !m->words.is_inert[word]) return 0;
        i++;
    }
    while (i < end && is_stop(m->tape[i])) i++;
    return i == end;
}

/* Take a token that ends here, before its white space. */
static int token(Reader *r) {
    Matcher *m = r->m;
    int holds = gap_holds(r), inert = token_is_inert(m, r->begin, r->n);
    if (!holds) {
        r->leads = 0;
        r->reaches = 0;
    }
    if (inert) {
        if (r->leads == WAITING) {
            r->lead[0] = r->lead[1];
            r->leads--;
        }
        r->lead[r->leads++] = r->begin;
        if (++r->run > BETWEEN) r->reaches = 0;
        else if (r->reaches && r->run <= TRAILING) m->zones[m->zone_count - 1].end = r->n + 1;
    } else {
        if (!(r->open && r->reaches)) {
            if (grow((void **)&m->zones, &m->zone_room, m->zone_count + 1, sizeof(Zone))) return OUT_OF_MEMORY;
            m->zones[m->zone_count++] = (Zone){.begin = r->leads ? r->lead[0] : r->begin};
            r->open = 1;
        }
        m->zones[m->zone_count - 1].end = r->n + 1;
        r->reaches = 1;
        r->run = r->leads = 0;
    }
    r->spaces = r->spaced = r->ended = r->broken = 0;
    r->begin = -1;
    return 0;
}

static int is_line_end(char c) { return c == '\n' || c == BREAK; }

/* Where the character stands that comes before a line end, but for the spaces that are left out; -1 if none does. */
static int32_t ends_with(const char *text, int32_t at) {
    int32_t begin = at;
    while (begin && text[begin - 1] == ' ') begin--;
    return (at - begin <= WIDEST_GAP ? begin : at) - 1;
}

/* Say whether the bracket at a place closes the area code of a telephone number. */
static int is_area_code(const char *text, int32_t at) {
    return at >= 4 && text[at] == ')' && is_digit(text[at - 1]) && is_digit(text[at - 2]) && is_digit(text[at - 3]) &&
           text[at - 4] == '(';
}

char line_end(const char *text, int32_t at, int32_t size) {
    if (text[at] == BREAK || at >= size) return text[at];
    int32_t last = ends_with(text, at);
    char end = last < 0 ? 0 : text[last], behind = at + 2 < size ? text[at + 2] : 'x';
    int item = at + 2 < size && is_among(text[at + 1], "-*+#|>") && (behind == ' ' || is_line_end(behind));
    if (end == ':') return item ? ' ' : '\n';
    if (item || (is_among(end, ";})]>|`\"*") && !is_area_code(text, last))) return BREAK;
    if (end != '\n') return '\n';
    last = ends_with(text, last);
    return last >= 0 && (text[last] == ':' || text[last] == '?') ? ' ' : '\n';
}

/* Take the spaces that begin here, or the line end with the spaces before it that are left out; of `text_size` bytes are
   text. Returns the byte behind what was taken, or an error. */
static int32_t white_space(Reader *r, const char *text, int32_t at, int32_t size, int32_t text_size, int32_t base) {
    int32_t begin = at;
    char end = 0;
    for (; at < size; at++) {
        if (text[at] == ' ') continue;
        if (!is_line_end(text[at])) break;
        end = line_end(text, at, text_size);
        if (end != ' ') break;
    }
    if (at < size && at - begin <= WIDEST_GAP && is_line_end(text[at])) {
        if (end == BREAK) r->broken = 1;
        else r->ended++;
        if (r->m->tape[r->n - 1] == '"') r->m->tape[r->n - 1] = CLOSE;
        return put(r, (Symbol)end, base + begin, begin, 0) ? OUT_OF_MEMORY : at + 1;
    }
    *(r->ended ? &r->spaced : &r->spaces) += at - begin;
    for (int32_t i = begin; i < at; i++)
        if (put(r, ' ', base + i, i, 0)) return OUT_OF_MEMORY;
    return at;
}

/* Return the end of a word: letters, with apostrophes between them but for that of a possessive. */
static int32_t word_end(const char *text, int32_t at, int32_t end) {
    for (;;) {
        while (at < end && is_letter(text[at])) at++;
        if (at + 1 >= end || text[at] != '\'' || !is_letter(text[at + 1])) return at;
        char beyond = at + 2 < end ? text[at + 2] : ' ';
        if ((text[at + 1] | 0x20) == 's' && !is_letter(beyond) && !is_digit(beyond) && beyond != '_') return at;
        at++;
    }
}

static int is_sealed(char c) { return (c >= 0 && c <= 8) || (c >= 0x0b && c <= 0x1d) || c == 0x7f; }

/* Take the number, the sealed stretch or the sign of ASCII that begins here, and go behind it. */
static Symbol sign_symbol(const char *text, int32_t *at, int32_t end) {
    int32_t begin = *at;
    if (is_digit(text[*at])) {
        while (*at < end && is_digit(text[*at])) ++*at;
        return number_symbol(text + begin, (uint32_t)(*at - begin));
    }
    if (is_sealed(text[*at])) {
        while (*at < end && is_sealed(text[*at])) ++*at;
        return SEALED;
    }
    char sign = text[(*at)++];
    return sign > ' ' && sign < 0x7f ? (Symbol)sign : SEALED;
}

/* Read the symbols of a token of ASCII. */
static int ascii_token(Reader *r, const char *text, int32_t at, int32_t end, int32_t base) {
    while (at < end) {
        int32_t begin = at;
        Symbol symbol;
        if (is_letter(text[at])) {
            at = word_end(text, at, end);
            symbol = word_symbol(&r->m->words, text + begin, (uint32_t)(at - begin));
        } else {
            symbol = sign_symbol(text, &at, end);
        }
        if (put(r, symbol, base + begin, begin, 0)) return OUT_OF_MEMORY;
    }
    return 0;
}

/* Read the symbols of a token with characters beyond ASCII. Words of ASCII alone have no key, nor have signs but white
   space. Its code points less its bytes go to `*base`. */
static int wide_token(Reader *r, const char *text, int32_t at, int32_t end, int32_t *base) {
    const Characters *known = &r->m->characters;
    if (!characters_told(known, text + at, end - at)) return UNTOLD;
    while (at < end) {
        int32_t begin = at, size;
        int kind = kind_at(known, text + at, &size), beyond = 0;
        Symbol symbol;
        uint64_t key = 0;
        if (kind & C_WORD) {
            at = wide_word_end(known, text, at, end);
            for (int32_t i = begin; i < at; i++) beyond += is_behind(text[i]);
            symbol = beyond ? wide_symbol(known, &r->m->words, text + begin, at - begin, &key)
                            : word_symbol(&r->m->words, text + begin, (uint32_t)(at - begin));
            if (beyond && !key) return OUT_OF_MEMORY;
        } else if (size > 1) {
            at += size;
            beyond = size - 1;
            symbol = SIGN;
            key = (kind & C_SPACE) != 0;
        } else {
            symbol = sign_symbol(text, &at, end);
        }
        if (put(r, symbol, *base + begin, begin, key)) return OUT_OF_MEMORY;
        *base -= beyond;
    }
    return 0;
}

void show(Matcher *m) {
    State *state = &m->state;
    state->spans = m->spans;
    state->candidates = m->candidates;
    state->questions = m->questions;
    state->findings = m->findings;
    state->zones = m->zone_count;
    state->settled = m->settled;
    state->waiting = m->waiting;
    state->candidate_count = m->candidate_count;
    state->question_count = m->question_count;
    state->finding_count = m->finding_count;
}

static int finish(Reader *r, int32_t length, int32_t size) {
    Matcher *m = r->m;
    int32_t end = r->n;
    if (put(r, ' ', length, size, 0)) return OUT_OF_MEMORY; /* where a match ends at the end */
    m->length = end;
    m->settled = m->zone_count;
    if (!gap_holds(r)) r->leads = r->reaches = 0;
    if (r->open && r->reaches) m->settled--;
    m->waiting = r->leads ? m->at[r->lead[0]] : length;
    if (grow((void **)&m->spans, &m->span_room, 2 * m->zone_count, sizeof(int32_t))) return OUT_OF_MEMORY;
    m->state.widest = 0;
    for (int32_t z = 0; z < m->zone_count; z++) {
        int32_t start = m->spans[2 * z] = m->at[m->zones[z].begin];
        int32_t stop = m->spans[2 * z + 1] = m->at[m->zones[z].end - 1];
        if (stop - start > m->state.widest) m->state.widest = stop - start;
    }
    show(m);
    return 0;
}

/* Read UTF-8 behind the symbol `before`: a text, and the line end behind it if it is `last`. Returns how many zones there
   are, or an error; UNTOLD where it holds a character that nobody told of (`characters_tell`). */
int32_t matcher_read(Matcher *m, const char *text, int32_t size, uint16_t before, int32_t last) {
    Reader reader = {.m = m, .begin = -1}, *r = &reader;
    int32_t base = 0; /* code point of a byte, less its place */
    m->zone_count = m->candidate_count = m->length = 0;
    m->text = text;
    m->text_size = size - last;
    if (put(r, before, 0, 0, 0)) return OUT_OF_MEMORY;
    for (int32_t at = 0; at < size;) {
        if (text[at] == ' ' || is_line_end(text[at])) {
            at = white_space(r, text, at, size, size - last, base);
            if (at < 0) return at;
            continue;
        }
        int32_t end = at, high = 0;
        for (; end < size && text[end] != ' ' && !is_line_end(text[end]); end++) high |= text[end];
        r->begin = r->n;
        int status =
            high & 0x80 ? wide_token(r, text, at, end, &base) : ascii_token(r, text, at, end, base);
        if (status) return status;
        at = end;
        if (token(r)) return OUT_OF_MEMORY;
    }
    char final = size ? text[size - 1] : ' ';
    if (final != ' ' && !is_line_end(final)) {
        if (put(r, ' ', base + size, size, 0)) return OUT_OF_MEMORY;
        r->spaces++;
    }
    if (finish(r, base + size, size)) return OUT_OF_MEMORY;
    return m->zone_count;
}
