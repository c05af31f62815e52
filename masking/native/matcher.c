/* The matcher: a text as a tape of symbols, its zones, and what phrases match in them.

   The same as `masking/tape.py` and RE2 over it find, at once and without a Python object for each word. Offsets that
   leave here are code points of the text; the tape is kept until the next text is read. */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

enum { BETWEEN = 3, WAITING = 2, WIDEST_GAP = 63, GROUP_PLACES = 2500, GROUP_PHRASES = 32 };

int grow(void **array, int32_t *room, int32_t needed, size_t size) {
    if (needed <= *room) return 0;
    int32_t more = needed > 2 * *room ? needed : 2 * *room;
    void *grown = realloc(*array, (size_t)more * size);
    if (!grown) return OUT_OF_MEMORY;
    *array = grown;
    *room = more;
    return 0;
}

void matcher_free(Matcher *m) {
    if (!m) return;
    words_free(&m->words);
    for (int32_t g = 0; g < m->group_count; g++) group_free(m->groups[g]);
    for (int32_t p = 0; p < m->phrase_count && m->phrases; p++) phrase_free(&m->phrases[p]);
    free(m->phrases);
    free(m->groups);
    free(m->group_first);
    free(m->class_of);
    free(m->sets);
    free(m->rule_of);
    free(m->rules);
    free(m->cues);
    known_free(m->forgotten);
    known_free(m->pairs);
    free(m->tape);
    free(m->at);
    free(m->byte_at);
    free(m->keys);
    free(m->zones);
    free(m->spans);
    free(m->candidates);
    free(m->questions);
    free(m->asked);
    free(m->taken);
    free(m->work);
    free(m->findings);
    free(m->ranked);
    free(m->learned);
    free(m->recalled);
    free(m);
}

static void *copied(const void *from, size_t size) {
    void *to = malloc(size ? size : 1);
    if (to && size) memcpy(to, from, size);
    return to;
}

/* Make a matcher; NULL with `*error` and, where a phrase is to blame, `*blamed`. */
Matcher *matcher_new(uint16_t codes, uint16_t unknown, const uint16_t *inert, const uint8_t *is_inert,
                     const char *words, uint32_t words_size, const uint16_t *word_codes, const char *endings,
                     uint32_t endings_size, const uint16_t *ending_codes, const uint8_t *sets, int32_t set_count, const int32_t *tokens,
                     const int32_t *phrase_starts, int32_t phrase_count, const int32_t *rule_of, const Rule *rules,
                     int32_t rule_count, const char *cues, uint32_t cues_size, const char *forgotten,
                     uint32_t forgotten_size, const char *pairs, uint32_t pairs_size, int32_t *error,
                     int32_t *blamed) {
    Matcher *m = calloc(1, sizeof(Matcher));
    *error = OUT_OF_MEMORY;
    *blamed = -1;
    if (!m) return NULL;
    m->words.codes = codes;
    m->words.unknown = unknown;
    m->words.inert = copied(inert, codes * sizeof(uint16_t));
    m->words.is_inert = copied(is_inert, codes);
    m->symbols = WORDS + SHAPES * (uint32_t)codes;
    m->set_bytes = (m->symbols + 7) / 8;
    m->sets = copied(sets, m->set_bytes * (size_t)set_count);
    m->phrases = calloc((size_t)phrase_count + 1, sizeof(Phrase));
    m->groups = calloc((size_t)phrase_count + 1, sizeof(Group *));
    m->group_first = calloc((size_t)phrase_count + 2, sizeof(int32_t));
    m->rule_of = copied(rule_of, (size_t)phrase_count * sizeof(int32_t));
    m->rules = copied(rules, (size_t)rule_count * sizeof(Rule));
    m->rule_count = rule_count;
    m->cues = copied(cues, cues_size);
    m->forgotten = known_new(forgotten_size + 1);
    m->pairs = known_new(pairs_size + 1);
    if (!m->words.inert || !m->words.is_inert || !m->sets || !m->phrases || !m->groups || !m->group_first ||
        !m->rule_of || !m->rules || !m->cues || !m->forgotten || !m->pairs)
        goto failed;
    for (uint32_t at = 0, end = 0; at < forgotten_size; at = ++end) {
        while (end < forgotten_size && forgotten[end] != '\n') end++;
        if (known_add(m->forgotten, key_of(key_begin(), forgotten + at, (int32_t)(end - at)), 0) < 0) goto failed;
    }
    for (uint32_t at = 0, end = 0; at < pairs_size; at = ++end) {
        while (pairs[end] != ' ' && end < pairs_size) end++;
        uint64_t first = key_of(key_begin(), pairs + at, (int32_t)(end - at));
        for (at = ++end; end < pairs_size && pairs[end] != '\n';) end++;
        uint64_t second = key_of(key_begin(), pairs + at, (int32_t)(end - at));
        if (known_add(m->pairs, pair_key(first, second), 0) < 0) goto failed;
    }
    if (m->symbols > UINT16_MAX) {
        *error = TOO_LARGE;
        goto failed;
    }
    *error = words_new(&m->words, words, words_size, word_codes);
    if (!*error) *error = words_endings(&m->words, endings, endings_size, ending_codes);
    if (*error) goto failed;
    for (; m->phrase_count < phrase_count; m->phrase_count++) {
        int32_t p = m->phrase_count;
        *error = phrase_compile(&m->phrases[p], tokens + phrase_starts[p],
                                (size_t)(phrase_starts[p + 1] - phrase_starts[p]));
        if (*error) {
            *blamed = p;
            goto failed;
        }
    }
    for (int32_t first = 0; first < phrase_count;) {
        m->group_first[m->group_count++] = first;
        int32_t places = m->phrases[first++].count, count = 1;
        while (first < phrase_count && count < GROUP_PHRASES && places + m->phrases[first].count <= GROUP_PLACES) {
            places += m->phrases[first++].count;
            count++;
        }
    }
    m->group_first[m->group_count] = phrase_count;
    *error = OUT_OF_MEMORY;
    m->class_of = malloc((size_t)m->symbols * (size_t)(m->group_count + 1) * sizeof(uint16_t));
    if (!m->class_of) goto failed;
    for (int32_t g = 0; g < m->group_count; g++) {
        m->groups[g] = group_new(m->phrases, m->group_first[g], m->group_first[g + 1] - m->group_first[g], m->sets,
                                 m->set_bytes, m->symbols, m->class_of + g, m->group_count);
        if (!m->groups[g]) goto failed;
    }
    return m;
failed:
    matcher_free(m);
    return NULL;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

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

static int is_letter(char c) { return (unsigned)((c | 0x20) - 'a') < 26; }
static int is_digit(char c) { return (unsigned)(c - '0') < 10; }

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

/* Read the symbols of a token of ASCII. */
static int ascii_token(Reader *r, const char *text, int32_t at, int32_t end, int32_t base) {
    while (at < end) {
        int32_t begin = at;
        Symbol symbol;
        if (is_letter(text[at])) {
            at = word_end(text, at, end);
            symbol = word_symbol(&r->m->words, text + begin, (uint32_t)(at - begin));
        } else if (is_digit(text[at])) {
            while (at < end && is_digit(text[at])) at++;
            symbol = number_symbol(text + begin, (uint32_t)(at - begin));
        } else if (is_sealed(text[at])) {
            while (at < end && is_sealed(text[at])) at++;
            symbol = SEALED;
        } else {
            char sign = text[at++];
            symbol = sign > ' ' && sign < 0x7f ? (Symbol)sign : SEALED;
        }
        if (put(r, symbol, base + begin, begin, 0)) return OUT_OF_MEMORY;
    }
    return 0;
}

void show(Matcher *m) {
    State *state = &m->state;
    state->spans = m->spans;
    state->candidates = m->candidates;
    state->questions = m->questions;
    state->findings = m->findings;
    state->learned = m->learned;
    state->zones = m->zone_count;
    state->settled = m->settled;
    state->waiting = m->waiting;
    state->candidate_count = m->candidate_count;
    state->question_count = m->question_count;
    state->finding_count = m->finding_count;
    state->learned_count = m->learned_count;
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

/* Read a text of UTF-8 behind the symbol `before`. `foreign`: for each token with a character beyond ASCII, how many
   symbols it has and then each with its code points and the halves of its key. Returns how many zones there are, or an error. */
int32_t matcher_read(Matcher *m, const char *text, int32_t size, uint16_t before, const int32_t *foreign,
                     int32_t foreign_count) {
    Reader reader = {.m = m, .begin = -1}, *r = &reader;
    const int32_t *foreign_end = foreign + foreign_count;
    int32_t base = 0; /* code point of a byte, less its place */
    m->zone_count = m->candidate_count = m->length = 0;
    m->text = text;
    if (put(r, before, 0, 0, 0)) return OUT_OF_MEMORY;
    for (int32_t at = 0; at < size;) {
        char c = text[at];
        if (c == ' ' || c == '\n' || c == BREAK) {
            if (put(r, (Symbol)c, base + at, at, 0)) return OUT_OF_MEMORY;
            if (c == BREAK) r->broken = 1;
            else if (c == '\n') r->ended++;
            else if (r->ended) r->spaced++;
            else r->spaces++;
            at++;
            continue;
        }
        int32_t end = at, high = 0;
        for (; end < size && text[end] != ' ' && text[end] != '\n' && text[end] != BREAK; end++) high |= text[end];
        r->begin = r->n;
        if (high & 0x80) {
            int32_t count = foreign < foreign_end ? *foreign++ : -1, code_point = base + at, byte = at;
            if (count < 0 || foreign_end - foreign < 4 * (int64_t)count) return BAD_SYNTAX;
            for (int32_t i = 0; i < count; i++, foreign += 4) {
                uint64_t key = (uint64_t)(uint32_t)foreign[3] << 32 | (uint32_t)foreign[2];
                if (foreign[0] < 0 || (uint32_t)foreign[0] >= m->symbols) return BAD_SYNTAX;
                if (put(r, (Symbol)foreign[0], code_point, byte, key)) return OUT_OF_MEMORY;
                code_point += foreign[1];
                for (int32_t n = 0; n < foreign[1] && byte < end; n++)
                    do byte++;
                    while (byte < end && (text[byte] & 0xc0) == 0x80);
            }
            base = code_point - end;
        } else if (ascii_token(r, text, at, end, base)) {
            return OUT_OF_MEMORY;
        }
        at = end;
        if (token(r)) return OUT_OF_MEMORY;
    }
    char last = size ? text[size - 1] : ' ';
    if (last != ' ' && last != '\n' && last != BREAK) {
        if (put(r, ' ', base + size, size, 0)) return OUT_OF_MEMORY;
        r->spaces++;
    }
    if (finish(r, base + size, size)) return OUT_OF_MEMORY;
    return m->zone_count;
}

/* White space, beyond ASCII too, whose signs come with a key. */
static int is_space(const Matcher *m, int32_t i) {
    Symbol symbol = m->tape[i];
    return symbol == ' ' || symbol == '\n' || symbol == BREAK || (symbol == SIGN && m->keys[i]);
}

static int take(void *to, int32_t phrase, int32_t left, int32_t right) {
    Matcher *m = to;
    const Zone *zone = &m->zones[m->zone];
    if (left < zone->begin) left = zone->begin;
    while (right > left && is_space(m, right - 1)) right--;
    if (left >= right) return 0;
    if (grow((void **)&m->candidates, &m->candidate_room, m->candidate_count + 1, sizeof(Candidate)))
        return OUT_OF_MEMORY;
    const Rule *rule = &m->rules[m->rule_of[phrase]];
    int verdict = YES;
    if ((rule->flags & AMONG) && !may_be_listed(m, left, right)) return 0;
    if ((rule->flags & (ASKS | MOVES)) && !(rule->form && is_sure(m, rule, left, right, zone))) verdict = OPEN_QUESTION;
    m->candidates[m->candidate_count++] = (Candidate){m->zone, phrase, m->at[left], m->at[right], verdict};
    return 0;
}

/* Find what the phrases from..to match in the first zones of the text read last, by zone and phrase, and settle it.
   Returns how many questions are open, or an error. Answer them until there are none. */
int32_t matcher_search(Matcher *m, int32_t zones, int32_t from, int32_t to) {
    int32_t first = 0, last = m->group_count;
    while (first + 1 < last && m->group_first[first + 1] <= from) first++;
    while (last > first && m->group_first[last - 1] >= to) last--;
    for (int32_t g = first; g < last; g++) group_aim(m->groups[g], from, to);
    m->candidate_count = m->taken_count = m->learned_count = m->finding_count = 0;
    for (m->zone = 0; m->zone < zones && m->zone < m->zone_count; m->zone++) {
        Zone *zone = &m->zones[m->zone];
        zone->candidates = m->candidate_count;
        zone->taken = zone->takes = 0;
        zone->unsettled = 1;
        int status = groups_search(m->groups, first, last, m->class_of, m->group_count, m->tape, zone->begin - 1,
                                   zone->end, take, m);
        if (status) return status;
    }
    return settle_zones(m, zones);
}

/* What the library was built from: the checksum of its header (`hatch_build.py`). */
#ifndef LAYOUT
#define LAYOUT 0
#endif
uint32_t matcher_layout(void) { return LAYOUT; }

/* Bytes that states take now. */
size_t matcher_bytes(const Matcher *m) {
    size_t bytes = 0;
    for (int32_t g = 0; g < m->group_count; g++) bytes += group_bytes(m->groups[g]);
    return bytes;
}
