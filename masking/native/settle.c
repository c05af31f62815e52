/* Settling: who gets a stretch that several rules claim, and what values found before say (`masking/findings.py`,
   `masking/memory.py`, which this is tested against).

   Rules whose matches Python has to judge are taken at their word first; what they would win is asked, and zones are
   settled again where the answer is no. So only what counts is judged; evidence, which is native, is weighed for the
   same reason only where nobody before took the stretch. */
#include "matcher.h"

#include <stdlib.h>

enum { NAME_LEAST = 3, NUMBER_LEAST = 5, VALUE_MOST = 64, JOINING_SPACES = 3 };

static int order(const void *a, const void *b) {
    const Ranked *x = a, *y = b;
    if (x->priority != y->priority) return x->priority > y->priority ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->end != y->end) return x->end > y->end ? -1 : 1;
    return x->order - y->order;
}

static void sort(Ranked *ranked, int32_t count) {
    if (count > 24) {
        qsort(ranked, (size_t)count, sizeof(Ranked), order);
        return;
    }
    for (int32_t i = 1; i < count; i++) {
        Ranked moving = ranked[i];
        int32_t j = i;
        for (; j > 0 && order(&moving, &ranked[j - 1]) < 0; j--) ranked[j] = ranked[j - 1];
        ranked[j] = moving;
    }
}

/* The symbol that holds a code point. */
static int32_t symbol_at(const Matcher *m, int32_t code_point, int32_t low, int32_t high) {
    while (low + 1 < high) {
        int32_t middle = low + (high - low) / 2;
        if (m->at[middle] <= code_point) low = middle;
        else high = middle;
    }
    return low;
}

static int is_text(const Matcher *m, int32_t i) { return m->tape[i] >= NUMBERS; }

/* Narrow a stretch to begin and end with a letter or digit; it is empty if it holds none. */
static void narrow(const Matcher *m, const Zone *zone, int32_t *start, int32_t *end) {
    int32_t i = symbol_at(m, *start, zone->begin, zone->end);
    while (*start < *end && !is_text(m, i)) *start = m->at[++i];
    if (*start >= *end) {
        *end = *start;
        return;
    }
    i = symbol_at(m, *end - 1, zone->begin, zone->end);
    while (!is_text(m, i)) *end = m->at[i--];
}

/* Say whether a public stretch took a part of a claim. */
static int beside_public(const Matcher *m, int32_t start, int32_t end) {
    for (int32_t i = 0; i < m->work_count; i++) {
        const Taken *taken = &m->work[i];
        if (taken->rule >= 0 && (m->rules[taken->rule].flags & PUBLIC) && taken->start < end && taken->end > start)
            return 1;
    }
    return 0;
}

/* Give a claim what nobody took of [start, end), from the place in `work` on; returns whether it got anything. */
static int claim(Matcher *m, const Zone *zone, int32_t start, int32_t end, int32_t rule) {
    int32_t from = start, got = 0, place = m->work_count;
    while (place > 0 && m->work[place - 1].end > start) place--;
    while (from < end) {
        int32_t to = place < m->work_count && m->work[place].start < end ? m->work[place].start : end;
        int32_t after = place < m->work_count && m->work[place].start < end ? m->work[place].end : end;
        if (from < to) {
            int whole = from == start && to == end;
            int32_t left = from, right = to;
            if (!whole) narrow(m, zone, &left, &right);
            if (left < right && !(right - left == 1 && !whole && beside_public(m, start, end))) {
                if (grow((void **)&m->work, &m->work_room, m->work_count + 1, sizeof(Taken))) return OUT_OF_MEMORY;
                for (int32_t i = m->work_count; i > place; i--) m->work[i] = m->work[i - 1];
                m->work[place++] = (Taken){left, right, rule};
                m->work_count++;
                got = 1;
            }
        }
        if (after > from) from = after;
        place++;
    }
    return got;
}

static int rank(Matcher *m, int32_t *count, Ranked ranked) {
    if (grow((void **)&m->ranked, &m->ranked_room, *count + 1, sizeof(Ranked))) return OUT_OF_MEMORY;
    m->ranked[(*count)++] = ranked;
    return 0;
}

static int ask(Matcher *m, int32_t candidate) {
    const Candidate *one = &m->candidates[candidate];
    int32_t count = m->question_count + 1;
    if (grow((void **)&m->questions, &m->question_room, count, sizeof(Question))) return OUT_OF_MEMORY;
    if (grow((void **)&m->asked, &m->asked_room, count, sizeof(int32_t))) return OUT_OF_MEMORY;
    m->asked[m->question_count] = candidate;
    m->questions[m->question_count++] = (Question){
        one->zone, one->phrase, one->start, one->end, m->spans[2 * one->zone], m->spans[2 * one->zone + 1]};
    return 0;
}

static int32_t candidates_end(const Matcher *m, int32_t z, int32_t zones) {
    return z + 1 < zones ? m->zones[z + 1].candidates : m->candidate_count;
}

/* Say whether all of a stretch is taken. */
static int is_taken(const Matcher *m, int32_t start, int32_t end) {
    int32_t place = m->work_count;
    while (place > 0 && m->work[place - 1].end > start) place--;
    while (place < m->work_count && m->work[place].start <= start && start < end) start = m->work[place++].end;
    return start >= end;
}

/* Judge a candidate that was left for later. Its rules rank low, so that most of them find their stretch taken. */
static int judged(const Matcher *m, const Zone *zone, Candidate *one) {
    int32_t left = symbol_at(m, one->start, zone->begin, zone->end);
    int32_t right = symbol_at(m, one->end - 1, zone->begin, zone->end) + 1;
    return one->verdict = verdict(m, &m->rules[m->rule_of[one->phrase]], &left, &right, zone);
}

/* Settle one zone into `work`, with what was known from before if `known`. */
static int settle_zone(Matcher *m, int32_t z, int32_t zones, int known, int32_t known_priority) {
    const Zone *zone = &m->zones[z];
    int32_t count = 0, asked = m->question_count, end = candidates_end(m, z, zones);
    m->work_count = 0;
    for (int32_t c = zone->candidates; c < end; c++) {
        const Candidate *one = &m->candidates[c];
        const Rule *rule = &m->rules[m->rule_of[one->phrase]];
        if (one->verdict == NO) continue;
        if (one->verdict == OPEN_QUESTION && (rule->flags & MOVES)) {
            if (ask(m, c)) return OUT_OF_MEMORY;
        } else if (rank(m, &count, (Ranked){one->start, one->end, c, rule->priority, m->rule_of[one->phrase]})) {
            return OUT_OF_MEMORY;
        }
    }
    if (m->question_count > asked) return 0; /* who moves is asked first: the order depends on it */
    for (int32_t k = 0; known && k < m->recalled_count; k++) {
        const Taken *one = &m->recalled[k];
        if (rank(m, &count, (Ranked){one->start, one->end, end + k, known_priority, one->rule})) return OUT_OF_MEMORY;
    }
    sort(m->ranked, count);
    for (int32_t i = 0; i < count; i++) {
        const Ranked *one = &m->ranked[i];
        Candidate *candidate = one->order < end ? &m->candidates[one->order] : NULL;
        if (candidate && candidate->verdict == LATER) {
            if (is_taken(m, one->start, one->end) || judged(m, zone, candidate) == NO) continue;
        }
        int got = claim(m, zone, one->start, one->end, one->rule);
        if (got < 0) return got;
        if (got && candidate && candidate->verdict == OPEN_QUESTION && ask(m, one->order))
            return OUT_OF_MEMORY;
    }
    return 0;
}

/* Settle the first zones; returns how many questions are open, or an error. */
int32_t settle_zones(Matcher *m, int32_t zones) {
    if (zones > m->zone_count) zones = m->zone_count;
    m->question_count = 0;
    for (int32_t z = 0; z < zones; z++) {
        Zone *zone = &m->zones[z];
        if (!zone->unsettled) continue;
        int32_t asked = m->question_count;
        int status = settle_zone(m, z, zones, 0, 0);
        if (status) return status;
        if (m->question_count > asked) continue;
        zone->unsettled = 0;
        zone->taken = m->taken_count;
        zone->takes = m->work_count;
        if (grow((void **)&m->taken, &m->taken_room, m->taken_count + m->work_count, sizeof(Taken)))
            return OUT_OF_MEMORY;
        for (int32_t i = 0; i < m->work_count; i++) m->taken[m->taken_count++] = m->work[i];
    }
    show(m);
    return m->question_count;
}

/* Take the answers to the open questions, where each value really stands or a negative begin for no, and settle the
   first zones again. Returns how many questions are open now, or an error. */
int32_t matcher_answer(Matcher *m, const int32_t *answers, int32_t zones) {
    for (int32_t q = 0; q < m->question_count; q++) {
        Candidate *one = &m->candidates[m->asked[q]];
        one->verdict = answers[2 * q] < 0 ? NO : YES;
        if (one->verdict == YES) {
            one->start = answers[2 * q];
            one->end = answers[2 * q + 1];
        }
    }
    return settle_zones(m, zones);
}

/* --- values known from before --------------------------------------------------------------------------------------- */

static int32_t width(const Matcher *m, int32_t i) { return m->at[i + 1] - m->at[i]; }

/* Go on with a key by symbols [i, end); 0 where a part of several is not ASCII. Signs count if `signs`. */
uint64_t key_of_symbols(const Matcher *m, int32_t i, int32_t end, int signs) {
    uint64_t key = key_begin();
    if (end - i == 1 && m->keys[i] && is_text(m, i)) return m->keys[i];
    for (; i < end; i++) {
        if (!signs && !is_text(m, i)) continue;
        if (m->keys[i]) return 0;
        key = key_of(key, m->text + m->byte_at[i], m->byte_at[i + 1] - m->byte_at[i]);
    }
    return key ? key : 1;
}

static int learn(Known *known, uint64_t key, int32_t identifier) {
    return key && known_add(known, key, (int16_t)identifier) < 0 ? OUT_OF_MEMORY : 0;
}

static int is_tie(const Matcher *m, int32_t i) { return m->tape[i] == '-' || m->tape[i] == '\''; }

/* The end of the letters and digits that begin with a symbol. */
static int32_t part_end(const Matcher *m, int32_t i, int32_t end) {
    while (i < end && is_text(m, i)) i++;
    return i;
}

/* The end of the parts that hyphens and apostrophes tie together. */
static int32_t run_end(const Matcher *m, int32_t i, int32_t end) {
    i = part_end(m, i, end);
    while (i + 1 < end && is_tie(m, i) && is_text(m, i + 1)) i = part_end(m, i + 1, end);
    return i;
}

/* The bytes of a possessive that a word ends with, where what stands behind it, as in `Roe's2`, made it a part of it. */
static int32_t possessive(const Matcher *m, int32_t i) {
    const char *end = m->text + m->byte_at[i + 1];
    return !m->keys[i] && width(m, i) > 2 && (end[-1] | 0x20) == 's' && end[-2] == '\'' ? 2 : 0;
}

/* The key of the symbols [i, end) without the last bytes; 0, which nothing has, where one of them is not ASCII. */
static uint64_t key_without(const Matcher *m, int32_t i, int32_t end, int32_t tail) {
    for (int32_t j = i; j < end; j++)
        if (m->keys[j]) return 0;
    uint64_t key = key_of(key_begin(), m->text + m->byte_at[i], m->byte_at[end] - m->byte_at[i] - tail);
    return key ? key : 1;
}

/* Learn from a stretch: of a name its words, of anything else with a digit in it all of it and its letters and digits. */
static int learn_from(Matcher *m, Known *known, const Zone *zone, const Taken *taken) {
    const Rule *rule = &m->rules[taken->rule];
    int32_t i = symbol_at(m, taken->start, zone->begin, zone->end);
    int32_t end = symbol_at(m, taken->end - 1, zone->begin, zone->end) + 1;
    if (rule->flags & NAMES) {
        for (int32_t first = i; i < end; i++) {
            int32_t tail = i + 1 == end ? possessive(m, i) : 0, wide = m->tape[i] < WORDS ? 0 : width(m, i) - tail;
            if (wide < NAME_LEAST || wide > VALUE_MOST) continue;
            if ((i > first && is_text(m, i - 1)) || (i + 1 < end && is_text(m, i + 1))) continue;
            uint64_t key = key_of_symbols(m, i, i + 1, 1);
            if (tail) key = key_of(key_begin(), m->text + m->byte_at[i], m->byte_at[i + 1] - m->byte_at[i] - tail);
            if (known_find(m->forgotten, key) < 0 && learn(known, key, rule->identifier)) return OUT_OF_MEMORY;
        }
        return 0;
    }
    int32_t digits = 0, letters = 0;
    for (int32_t j = i; j < end; j++) {
        digits |= is_text(m, j) && m->tape[j] < WORDS;
        if (is_text(m, j)) letters += width(m, j);
    }
    int32_t all = m->at[end] - m->at[i];
    if (!digits) return 0;
    if (is_text(m, i) && run_end(m, i, end) == end && all >= NUMBER_LEAST && all <= VALUE_MOST &&
        learn(known, key_of_symbols(m, i, end, 1), rule->identifier))
        return OUT_OF_MEMORY;
    if (letters >= NUMBER_LEAST && letters <= VALUE_MOST)
        return learn(known, key_of_symbols(m, i, end, 0), rule->identifier);
    return 0;
}

/* Say whether two words of names belong together: space, a comma or an initial between them. */
static int joins(const Matcher *m, int32_t i, int32_t end) {
    int32_t spaces = 0;
    if (i < end && m->tape[i] == ',') {
        for (i++; i < end && m->tape[i] == ' '; i++) spaces++;
        return i == end && spaces <= JOINING_SPACES;
    }
    for (; i < end && m->tape[i] == ' '; i++) spaces++;
    if (!spaces || spaces > JOINING_SPACES) return 0;
    if (i == end) return 1;
    if (m->tape[i] < WORDS || width(m, i) > 1) return 0;
    i++;
    if (i < end && m->tape[i] == '.') i++;
    for (spaces = 0; i < end && m->tape[i] == ' '; i++) spaces++;
    return i == end && spaces && spaces <= JOINING_SPACES;
}

/* Find values known from before in a zone, each begin to `recalled`. `names`: what identifies names. */
static int recall(Matcher *m, const Known *known, const Zone *zone, int32_t names) {
    int32_t last_end = -1;
    m->recalled_count = 0;
    for (int32_t i = zone->begin; i < zone->end;) {
        if (!is_text(m, i)) {
            i++;
            continue;
        }
        int32_t end = run_end(m, i, zone->end);
        int32_t whole = part_end(m, i, end) < end ? known_find(known, key_of_symbols(m, i, end, 1)) : -1;
        while (i < end) {
            int32_t stop = whole >= 0 ? end : part_end(m, i, end);
            int32_t identifier = whole >= 0 ? whole : known_find(known, key_of_symbols(m, i, stop, 1));
            int32_t tail = identifier < 0 && stop == end ? possessive(m, stop - 1) : 0;
            if (tail) identifier = known_find(known, key_without(m, i, stop, tail));
            if (identifier >= 0) {
                Taken *last = m->recalled_count ? &m->recalled[m->recalled_count - 1] : NULL;
                if (last && last->rule == -1 - names && identifier == names && joins(m, last_end, i)) {
                    last->end = m->at[stop] - tail;
                } else {
                    if (grow((void **)&m->recalled, &m->recalled_room, m->recalled_count + 1, sizeof(Taken)))
                        return OUT_OF_MEMORY;
                    m->recalled[m->recalled_count++] = (Taken){m->at[i], m->at[stop] - tail, -1 - identifier};
                }
                last_end = stop;
            }
            i = stop < end ? stop + 1 : stop;
        }
    }
    return 0;
}

/* Say whether settled stretches of rules that outrank what is known cover all that was recalled. */
static int covered(const Matcher *m, const Zone *zone, int32_t known_priority) {
    int32_t t = zone->taken, end = zone->taken + zone->takes;
    for (int32_t k = 0; k < m->recalled_count; k++) {
        int32_t from = m->recalled[k].start;
        while (t < end && m->taken[t].end <= from) t++;
        for (int32_t u = t; u < end && m->taken[u].start <= from; u++) {
            if (m->rules[m->taken[u].rule].priority <= known_priority) return 0;
            from = m->taken[u].end;
        }
        if (from < m->recalled[k].end) return 0;
    }
    return 1;
}

/* Learn from what was settled in the first zones and find what is known, zone after zone. Returns how many findings
   there are, or an error. */
int32_t matcher_find(Matcher *m, int32_t zones, Known *known, int32_t names, int32_t known_priority) {
    if (zones > m->zone_count) zones = m->zone_count;
    m->finding_count = 0;
    for (int32_t z = 0; z < zones; z++) {
        const Zone *zone = &m->zones[z];
        const Taken *taken = m->taken + zone->taken;
        int32_t count = zone->takes;
        for (int32_t i = 0; i < count; i++)
            if ((m->rules[taken[i].rule].flags & LEARNS) && learn_from(m, known, zone, &taken[i])) return OUT_OF_MEMORY;
        if (known->count) {
            if (recall(m, known, zone, names)) return OUT_OF_MEMORY;
            if (m->recalled_count && !covered(m, zone, known_priority)) {
                m->question_count = 0;
                int status = settle_zone(m, z, zones, 1, known_priority);
                if (status) return status;
                taken = m->work;
                count = m->work_count;
            }
        }
        if (grow((void **)&m->findings, &m->finding_room, m->finding_count + count, sizeof(Taken)))
            return OUT_OF_MEMORY;
        for (int32_t i = 0; i < count; i++)
            if (taken[i].rule < 0 || !(m->rules[taken[i].rule].flags & PUBLIC))
                m->findings[m->finding_count++] = taken[i];
    }
    show(m);
    return m->finding_count;
}

/* Judge, and find at once if Python is asked nothing: most texts hold nothing. Returns as `matcher_judge`. */
int32_t matcher_findings(Matcher *m, int32_t zones, int32_t from, int32_t to, Known *known, int32_t names,
                         int32_t known_priority) {
    int32_t asked = matcher_judge(m, zones, from, to);
    if (asked) return asked;
    int32_t found = matcher_find(m, zones, known, names, known_priority);
    return found < 0 ? found : 0;
}

/* Read a whole text, with the line end behind it, and find in it, unless a zone has more than `widest` characters: then
   TOO_WIDE. Returns as `matcher_judge`, or as `matcher_read` where that fails. */
int32_t matcher_whole(Matcher *m, const char *text, int32_t size, uint16_t before, int32_t widest, int32_t from,
                      int32_t to, Known *known, int32_t names, int32_t known_priority) {
    int32_t zones = matcher_read(m, text, size, before, 1);
    if (zones < 0) return zones;
    return m->state.widest > widest ? TOO_WIDE : matcher_findings(m, zones, from, to, known, names, known_priority);
}
