/* The matcher: what phrases match in the zones of the text that was read last (`reading.c`). */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

/* Of one group, so that its states are few (measured); and the weight of what a phrase begins with that makes it loud. */
enum { GROUP_PLACES = 8000, GROUP_PHRASES = 96, LOUD = 2000, BANK = 64, FEW_ENDS = 48 };

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
    for (int32_t b = 0; b < m->bank_count; b++) bank_free(m->banks[b]);
    free(m->banks);
    for (int32_t g = 0; g < m->group_count; g++) group_free(m->groups[g]);
    for (int32_t p = 0; p < m->phrase_count && m->phrases; p++) phrase_free(&m->phrases[p]);
    free(m->phrases);
    free(m->groups);
    free(m->class_of);
    free(m->wakes);
    free(m->ends.all);
    free(m->rule_of);
    free(m->rules);
    free(m->cues);
    known_free(m->forgotten);
    known_free(m->listed);
    known_free(m->clues);
    free(m->sizes);
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
    free(m->recalled);
    free(m);
}

static void *copied(const void *from, size_t size) {
    void *to = malloc(size ? size : 1);
    if (to && size) memcpy(to, from, size);
    return to;
}

/* How often a symbol turns up in a text, roughly; all that counts is which phrases sleep. */
static uint32_t weight_of(const Matcher *m, uint32_t symbol) {
    enum { SPACE = 4000, USUAL = 300, OTHER = 20, SHORT = 100, GROUP = 40, LONG = 3, INERT = 200, UNKNOWN = 300 };
    if (symbol < NUMBERS) return symbol == ' ' ? SPACE : symbol && strchr(".,-/:()\n\x1e", (int)symbol) ? USUAL : OTHER;
    if (symbol < WORDS) {
        uint32_t digits = (symbol - NUMBERS) % LENGTHS + 1;
        return digits < 3 ? SHORT : digits < 5 ? GROUP : LONG;
    }
    uint32_t letters = shape_begin(m->words.codes, m->words.letters, S_INITIAL);
    uint32_t code = symbol < letters ? (symbol - WORDS) % m->words.codes : (symbol - letters) % m->words.letters;
    if (code == m->words.unknown) return UNKNOWN;
    return symbol >= letters ? OTHER : symbol - WORDS < m->words.codes && m->words.is_inert[code] ? INERT : 1;
}

/* Weights of sets: each is known once it was asked for. */
typedef struct {
    const Sets *sets;
    uint32_t *known, *each; /* plus one, of each set; of each symbol */
    Symbol *members;
} Weights;

static int weights_new(Weights *weights, const Matcher *m, const Sets *sets) {
    *weights = (Weights){sets, calloc((size_t)sets->count + 1, sizeof(uint32_t)), malloc(m->symbols * sizeof(uint32_t)),
                         malloc(m->symbols * sizeof(Symbol))};
    if (!weights->known || !weights->each || !weights->members) return OUT_OF_MEMORY;
    for (uint32_t symbol = 0; symbol < m->symbols; symbol++) weights->each[symbol] = weight_of(m, symbol);
    return 0;
}

static void weights_free(Weights *weights) {
    free(weights->known);
    free(weights->each);
    free(weights->members);
}

static uint32_t weight_of_set(Weights *weights, int32_t set) {
    uint32_t weight = 0;
    if (weights->known[set]) return weights->known[set] - 1;
    for (uint32_t i = 0, count = set_symbols(weights->sets, set, weights->members); i < count; i++)
        weight += weights->each[weights->members[i]];
    weights->known[set] = weight + 1;
    return weight;
}

/* How often a phrase begins, or seems to, roughly. */
static uint64_t loudness(const Phrase *phrase, Weights *weights) {
    uint64_t weight = 0;
    for (int32_t i = 0; i < phrase->firsts; i++) {
        int32_t set = phrase->set[phrase->first[i]], j = 0;
        while (j < i && phrase->set[phrase->first[j]] != set) j++;
        if (j == i) weight += weight_of_set(weights, set);
    }
    return weight;
}

/* Make the groups of the members that begin at each of `starts`, and note the class of each symbol in each of them, and
   which it may wake. Classes come group by group and are asked for symbol by symbol: to write each where it belongs as it
   comes is a wait for memory each time. */
static int make_groups(Matcher *m, const Sets *sets, const int32_t *members, const int32_t *starts, uint8_t *wakes) {
    size_t symbols = m->symbols, groups = (size_t)m->group_count;
    uint16_t *columns = malloc((symbols * groups + 1) * sizeof(uint16_t));
    m->class_of = malloc((symbols * groups + 1) * sizeof(uint16_t));
    int status = columns && m->class_of ? 0 : OUT_OF_MEMORY;
    for (size_t g = 0; g < groups && !status; g++) {
        uint16_t *column = columns + g * symbols;
        m->groups[g] = group_new(m->phrases, members + starts[g], starts[g + 1] - starts[g], sets, column);
        if (!m->groups[g]) {
            status = OUT_OF_MEMORY;
            break;
        }
        group_wakes(m->groups[g], wakes);
        for (size_t symbol = 0; symbol < symbols; symbol++)
            m->wakes[g / BANK * symbols + symbol] |= (uint64_t)(wakes[column[symbol]] != 0) << g % BANK;
    }
    for (size_t symbol = 0; symbol < symbols && !status; symbol++)
        for (size_t g = 0; g < groups; g++) m->class_of[symbol * groups + g] = columns[g * symbols + symbol];
    free(columns);
    return status;
}

/* Put phrases into groups, those that often begin apart from those that sleep through most of a text. */
static int group_phrases(Matcher *m, const Sets *sets) {
    int32_t count = m->phrase_count, *members = malloc(((size_t)count + 1) * sizeof(int32_t)), used = 0;
    int32_t *starts = malloc(((size_t)count + 2) * sizeof(int32_t)), status = OUT_OF_MEMORY;
    Weights weights;
    int starved = weights_new(&weights, m, sets);
    uint8_t *wakes = malloc(m->symbols + 1u);
    m->groups = calloc((size_t)count + 1, sizeof(Group *));
    if (!members || !starts || starved || !wakes || !m->groups) goto done;
    for (int loud = 0, places = 0, size = GROUP_PHRASES; loud < 2; loud++, size = GROUP_PHRASES)
        for (int32_t p = 0; p < count; p++) {
            if ((loudness(&m->phrases[p], &weights) > LOUD) != loud) continue;
            if (size == GROUP_PHRASES || places + m->phrases[p].count > GROUP_PLACES) {
                starts[m->group_count++] = used;
                places = size = 0;
            }
            places += m->phrases[p].count;
            size++;
            members[used++] = p;
        }
    starts[m->group_count] = count;
    int32_t banks = (m->group_count + BANK - 1) / BANK;
    m->wakes = calloc((size_t)banks * m->symbols + 1, sizeof(uint64_t));
    m->banks = calloc((size_t)banks + 1, sizeof(Bank *));
    if (!m->wakes || !m->banks || make_groups(m, sets, members, starts, wakes)) goto done;
    for (; m->bank_count < banks; m->bank_count++) {
        int32_t first = BANK * m->bank_count, rest = m->group_count - first;
        Bank *bank = bank_new(m->groups + first, rest < BANK ? rest : BANK, first, m->class_of + first, m->group_count,
                              m->wakes + (size_t)m->bank_count * m->symbols);
        if (!bank) goto done;
        m->banks[m->bank_count] = bank;
    }
    status = 0;
done:
    free(members);
    free(starts);
    weights_free(&weights);
    free(wakes);
    return status;
}

/* Make a matcher; NULL with `*error` and, where a phrase is to blame, `*blamed`. */
Matcher *matcher_new(uint16_t codes, uint16_t letters, uint16_t unknown, const uint16_t *inert, const uint8_t *is_inert,
                     Lists *lists, const uint16_t *union_codes, const char *endings, uint32_t endings_size,
                     const uint16_t *ending_codes, const uint64_t *others, const int32_t *set_words,
                     const uint64_t *set_codes, int32_t set_count, const int32_t *tokens, const int32_t *phrase_starts,
                     int32_t phrase_count, const int32_t *rule_of, const Rule *rules, int32_t rule_count,
                     const char *cues, uint32_t cues_size, const char *forgotten, uint32_t forgotten_size,
                     const char *listed, uint32_t listed_size, const int32_t *owners, const int32_t *sizes,
                     int32_t size_count, const char *clues, uint32_t clues_size, const uint16_t *points,
                     const int32_t *evidence, int32_t *error, int32_t *blamed) {
    Matcher *m = calloc(1, sizeof(Matcher));
    *error = OUT_OF_MEMORY;
    *blamed = -1;
    if (!m) return NULL;
    m->words.codes = codes;
    m->words.letters = letters;
    m->words.unknown = unknown;
    m->words.inert = copied(inert, codes * sizeof(uint16_t));
    m->words.is_inert = copied(is_inert, codes);
    m->symbols = shape_begin(codes, letters, S_LETTER) + letters;
    m->phrases = calloc((size_t)phrase_count + 1, sizeof(Phrase));
    m->rule_of = copied(rule_of, (size_t)phrase_count * sizeof(int32_t));
    m->rules = copied(rules, (size_t)rule_count * sizeof(Rule));
    m->rule_count = rule_count;
    m->cues = copied(cues, cues_size);
    m->forgotten = known_new(forgotten_size + 1);
    m->listed = known_new(listed_size + 1);
    m->clues = known_new(clues_size + 1);
    m->sizes = copied(sizes, 2 * (size_t)size_count * sizeof(int32_t));
    if (!m->words.inert || !m->words.is_inert || !m->phrases || !m->rule_of || !m->rules || !m->cues ||
        !m->forgotten || !m->listed || !m->clues || !m->sizes)
        goto failed;
    for (uint32_t at = 0, end = 0; at < forgotten_size; at = ++end) {
        while (end < forgotten_size && forgotten[end] != '\n') end++;
        if (known_add(m->forgotten, key_of(key_begin(), forgotten + at, (int32_t)(end - at)), 0) < 0) goto failed;
    }
    for (uint32_t at = 0, end = 0; at < listed_size; at = ++end, owners++) {
        while (end < listed_size && listed[end] != '\n') end++;
        if (known_add(m->listed, key_of(owned_key(*owners), listed + at, (int32_t)(end - at)), 0) < 0) goto failed;
    }
    for (uint32_t at = 0, end = 0; at < clues_size; at = ++end) {
        while (end < clues_size && clues[end] != '\n') end++;
        uint64_t key = key_of(owned_key(*evidence++), clues + at, (int32_t)(end - at));
        if (known_add(m->clues, key, (int16_t)*points++) < 0) goto failed;
    }
    if (m->symbols > UINT16_MAX) {
        *error = TOO_LARGE;
        goto failed;
    }
    *error = words_new(&m->words, lists, union_codes);
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
    Sets sets = {others, set_codes, set_words, set_count, codes, letters, (codes + 63u) / 64};
    *error = group_phrases(m, &sets);
    if (*error) goto failed;
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
    int weighs = rule->evidence >= 0 && !(rule->flags & MOVES); /* only if something is left for it (`settle.c`) */
    int told = !m->judging ? OPEN_QUESTION : weighs ? LATER : verdict(m, rule, &left, &right, zone);
    if (told == NO) return 0;
    m->candidates[m->candidate_count++] = (Candidate){m->zone, phrase, m->at[left], m->at[right], told};
    return 0;
}

/* Which of some code points a text may not hold yet (`characters_untold`), and what they are (`characters_tell`). */
int32_t matcher_untold(const Matcher *m, int32_t *codes, int32_t count) {
    return characters_untold(&m->characters, codes, count);
}

int32_t matcher_tell(Matcher *m, const int32_t *facts, int32_t count, const char *plains, int32_t size) {
    return characters_tell(&m->characters, facts, count, plains, size);
}

/* Order ends by phrase, as Python has them, and those of a phrase from left to right. */
static int by_phrase(const void *a, const void *b) {
    const End *x = a, *y = b;
    return x->phrase != y->phrase ? (x->phrase < y->phrase ? -1 : 1) : (x->at > y->at) - (x->at < y->at);
}

/* The same in a row that is mostly short. */
static void sort_ends(End *ends, int32_t count) {
    if (count > FEW_ENDS) {
        qsort(ends, (size_t)count, sizeof(End), by_phrase);
        return;
    }
    for (int32_t i = 1; i < count; i++) { /* those of a phrase stand from left to right already */
        End moving = ends[i];
        int32_t j = i;
        for (; j > 0 && ends[j - 1].phrase > moving.phrase; j--) ends[j] = ends[j - 1];
        ends[j] = moving;
    }
}

static int search_zone(Matcher *m, const Zone *zone) {
    int32_t begin = zone->begin - 1, size = zone->end - begin;
    m->ends.count = 0;
    for (int32_t b = 0; b < m->bank_count; b++) {
        int status = bank_read(m->banks[b], m->tape, begin, zone->end, &m->ends);
        if (status) return status;
    }
    End *ends = m->ends.all;
    sort_ends(ends, m->ends.count);
    for (int32_t i = 0, next; i < m->ends.count; i = next) {
        for (next = i + 1; next < m->ends.count && ends[next].phrase == ends[i].phrase;) next++;
        int status = bank_matches(m->banks[ends[i].group / BANK], ends + i, next - i, begin, size, take, m);
        if (status) return status;
    }
    return 0;
}

static int search(Matcher *m, int32_t zones, int32_t from, int32_t to, int judging) {
    for (int32_t b = 0; b < m->bank_count; b++) bank_aim(m->banks[b], from, to);
    m->candidate_count = m->taken_count = m->finding_count = 0;
    m->judging = judging;
    for (m->zone = 0; m->zone < zones && m->zone < m->zone_count; m->zone++) {
        Zone *zone = &m->zones[m->zone];
        zone->candidates = m->candidate_count;
        zone->taken = zone->takes = 0;
        zone->unsettled = 1;
        int status = search_zone(m, zone);
        if (status) return status;
    }
    return 0;
}

int32_t matcher_search(Matcher *m, int32_t zones, int32_t from, int32_t to) {
    int status = search(m, zones, from, to, 0);
    show(m);
    return status;
}

int32_t matcher_judge(Matcher *m, int32_t zones, int32_t from, int32_t to) {
    int status = search(m, zones, from, to, 1);
    return status ? status : settle_zones(m, zones);
}

/* What the library was built from: the checksum of its headers (`hatch_build.py`). */
#ifndef LAYOUT
#define LAYOUT 0
#endif
uint32_t matcher_layout(void) { return LAYOUT; }

/* Bytes that states take now. */
size_t matcher_bytes(const Matcher *m) {
    size_t bytes = 0;
    for (int32_t b = 0; b < m->bank_count; b++) bytes += bank_bytes(m->banks[b]);
    return bytes;
}
