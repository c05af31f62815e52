/* The matcher: what phrases match in the zones of the text that was read last (`reading.c`). */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP_PLACES = 2500, GROUP_PHRASES = 32 };

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
    characters_free(&m->characters);
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

/* --- searching ---------------------------------------------------------------------------------------------------- */

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

/* Which of some code points a text may not hold yet (`characters_untold`), and what they are (`characters_tell`). */
int32_t matcher_untold(const Matcher *m, int32_t *codes, int32_t count) {
    return characters_untold(&m->characters, codes, count);
}

int32_t matcher_tell(Matcher *m, const int32_t *facts, int32_t count, const char *plains, int32_t size) {
    return characters_tell(&m->characters, facts, count, plains, size);
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
