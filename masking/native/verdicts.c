/* Verdicts: what Python would say to a match of a rule (`masking/recognizers.py`, `Recognizer.judge`), where that can
   be told here. It mostly can: then Python is not asked. Text of other letters than ASCII's is left to Python.

   A rule that moves what it finds looks for its literal values around a match (`masking/values.py`), or for entries of
   its lists in it (`masking/gazetteers.py`). Both are looked up by keys. */
#include "matcher.h"

#include <string.h>

enum {
    CONTEXT_REACH = 48, /* as in `recognizers.py` */
    AFTER_REACH = 24,
    NEXT_GAP = 4,
    LONGEST_ENTRY = 6, /* words, as in `gazetteers.py` */
    MANY_LETTERS = 31, /* as in `allowed.py` */
    MOST_WORDS = 64
};

/* Where the bytes of a zone stand, without the white space behind it. */
typedef struct {
    const char *begin, *end;
} Bytes;

static const char *text_of(const Matcher *m, int32_t i) { return m->text + m->byte_at[i]; }

static Bytes bytes_of(const Matcher *m, const Zone *zone) {
    return (Bytes){text_of(m, zone->begin), text_of(m, zone->end - 1)};
}

static int is_wide(char c) { return (c & 0x80) != 0; }

static int is_alnum(char c) { return is_letter(c) || is_digit(c); }

/* The verdict where the answer to a question speaks against a value. */
static int unless(int answer) { return answer == YES ? NO : answer == NO ? YES : OPEN_QUESTION; }

static int is_gap(Symbol symbol) { return symbol == ' ' || symbol == '\n' || symbol == BREAK; }

/* Say whether Python has to read a symbol: a sign beyond ASCII, or a stretch of controls. */
static int is_foreign(const Matcher *m, int32_t i) { return m->tape[i] == SIGN || m->tape[i] == SEALED; }

/* Go on with a key by the form of an atom, which is no gap. */
static uint64_t with_atom(const Matcher *m, uint64_t key, int32_t i) {
    int32_t size = m->byte_at[i + 1] - m->byte_at[i];
    return m->keys[i] ? key_of_wide(&m->characters, key, text_of(m, i), size) : key_of(key, text_of(m, i), size);
}

uint64_t owned_key(int32_t owner) { return key_begin() ^ (uint64_t)(owner + 1) * 0x9e3779b97f4a7c15u; }

static int32_t owner_of(const Matcher *m, const Rule *rule, int kind) {
    return (int32_t)(rule - m->rules) * OWNERS + kind;
}

static int is_listed(const Matcher *m, uint64_t key) { return known_find(m->listed, key) >= 0; }

/* --- literal values ------------------------------------------------------------------------------------------------ */

/* The symbol behind the atom that begins here: white space of any length is one. */
static int32_t atom_end(const Matcher *m, int32_t i, int32_t end) {
    if (!is_gap(m->tape[i])) return i + 1;
    while (i < end && is_gap(m->tape[i])) i++;
    return i;
}

static int32_t atom_begin(const Matcher *m, int32_t i, int32_t begin) {
    i--;
    if (is_gap(m->tape[i]))
        while (i > begin && is_gap(m->tape[i - 1])) i--;
    return i;
}

/* Go on with a key by the form of a value, in which its spellings are equal, for at most *atoms; returns where that ends.
   Atoms are left where the text ends, or Python has to read a symbol. */
static int32_t form_key(const Matcher *m, uint64_t *key, int32_t i, int32_t end, int32_t *atoms) {
    for (; *atoms && i < end && !is_foreign(m, i); --*atoms) {
        int32_t next = atom_end(m, i, end);
        int gap = is_gap(m->tape[i]);
        *key = gap ? key_of(*key, " ", 1) : with_atom(m, *key, i);
        i = next;
    }
    return i;
}

/* Say whether a letter or digit touches one of the value's own on either side. */
static int is_part(const Matcher *m, int32_t i, int32_t end, const Zone *zone) {
    int left = i > zone->begin && m->tape[i - 1] >= NUMBERS && m->tape[i] >= NUMBERS;
    return left || (end < zone->end - 1 && m->tape[end] >= NUMBERS && m->tape[end - 1] >= NUMBERS);
}

/* Find the longest value whose anchor is the symbol *left. */
static int around(const Matcher *m, const Rule *rule, int32_t *left, int32_t *right, const Zone *zone) {
    int blind = 0;
    uint64_t anchor = owned_key(owner_of(m, rule, ANCHOR_OWNER));
    if (is_foreign(m, *left)) return OPEN_QUESTION;
    if (!is_listed(m, with_atom(m, anchor, *left))) return NO;
    for (int32_t s = rule->sizes; s < rule->sizes_end; s++) {
        int32_t place = m->sizes[2 * s], atoms = place + m->sizes[2 * s + 1], i = *left, end;
        while (place > 0 && i > zone->begin) {
            i = atom_begin(m, i, zone->begin);
            place--;
        }
        if (place) continue;
        place = m->sizes[2 * s];
        uint64_t key = owned_key(owner_of(m, rule, VALUE_OWNER + place));
        end = form_key(m, &key, i, zone->end - 1, &atoms);
        if (atoms && end < zone->end - 1) blind = 1;
        if (atoms || !is_listed(m, key) || is_part(m, i, end, zone)) continue;
        if (blind || (i > zone->begin && is_foreign(m, i - 1)) || (end < zone->end - 1 && is_foreign(m, end)))
            return OPEN_QUESTION;
        *left = i;
        *right = end;
        return YES;
    }
    return blind ? OPEN_QUESTION : NO;
}

/* Say whether a rule allows just this value. */
static int is_allowed(const Matcher *m, const Rule *rule, int32_t i, int32_t end) {
    uint64_t key = owned_key(owner_of(m, rule, ALLOWED_OWNER));
    while (i < end && is_gap(m->tape[i])) i++;
    int32_t atoms = end - i;
    if (form_key(m, &key, i, end, &atoms) < end) return OPEN_QUESTION;
    return is_listed(m, key) ? YES : NO;
}

/* --- entries of several words --------------------------------------------------------------------------------------- */

/* Go on with the key of an entry by a word, as entries are written: `st` for `saint`. */
static uint64_t with_word(const Matcher *m, uint64_t key, int32_t i) {
    static const char *const shorter[][2] = {{"saint", "st"}, {"fort", "ft"}, {"mount", "mt"}};
    uint64_t with = with_atom(m, key, i);
    for (size_t s = 0; s < sizeof shorter / sizeof *shorter; s++)
        if (with == key_of(key, shorter[s][0], (int32_t)strlen(shorter[s][0]))) return key_of(key, shorter[s][1], 2);
    return with;
}

/* Find the leftmost of the longest entries in a stretch. */
static int longest(const Matcher *m, const Rule *rule, int32_t *left, int32_t *right) {
    int32_t words[MOST_WORDS], count = 0;
    for (int32_t i = *left; i < *right; i++) {
        if (is_foreign(m, i) || m->tape[i] == '\'') return OPEN_QUESTION; /* a word may go on behind an apostrophe */
        if (m->tape[i] < WORDS) continue;
        if (count == MOST_WORDS) return OPEN_QUESTION;
        words[count++] = i;
    }
    for (int32_t size = count < LONGEST_ENTRY ? count : LONGEST_ENTRY; size > 1; size--)
        for (int32_t first = 0; first + size <= count; first++) {
            uint64_t key = owned_key(owner_of(m, rule, ENTRY_OWNER));
            for (int32_t w = first; w < first + size; w++)
                key = with_word(m, w > first ? key_of(key, " ", 1) : key, words[w]);
            if (!is_listed(m, key)) continue;
            *left = words[first];
            *right = words[first + size - 1] + 1;
            return YES;
        }
    return NO;
}

/* --- what stands around a value ------------------------------------------------------------------------------------- */

/* Say whether four figures stand together in a value, as a year does; no comma of thousands stands before it. */
static int holds_year(const char *value, const char *end) {
    int figures = 0;
    for (; value < end; value++) {
        if (!is_digit(*value) && figures == 4) return 1;
        figures = is_digit(*value) ? figures + 1 : 0;
    }
    return figures == 4;
}

/* Say whether a value goes on at the byte beside it, as in `1.2.2024.5` or `x3/4`. */
static int goes_on(Bytes zone, const char *beside, int step, const char *value, const char *end) {
    if (beside < zone.begin || beside >= zone.end) return NO;
    char beyond = beside + step >= zone.begin && beside + step < zone.end ? beside[step] : ' ';
    if (is_wide(*beside) || is_wide(beyond)) return OPEN_QUESTION;
    if (is_alnum(*beside)) return *beside == 'T' && step > 0 && is_digit(beyond) ? NO : YES;
    if (is_among(*beside, "./-") && memchr(value, *beside, (size_t)(end - value)))
        return is_alnum(beyond) && (*beside != '.' || is_digit(beyond)) ? YES : NO;
    if (*beside == ',' && holds_year(value, end)) return NO;
    return is_among(*beside, "_%") || (is_among(*beside, ".,") && step < 0 && is_digit(beyond)) ? YES : NO;
}

static int stands_alone(Bytes zone, const char *value, const char *end) {
    int left = goes_on(zone, value - 1, -1, value, end), right = goes_on(zone, end, 1, value, end);
    if (left == YES || right == YES) return NO;
    return left == NO && right == NO ? YES : OPEN_QUESTION;
}

/* Write what stands shortly before a value, in small letters and with line ends as what they are; returns how many bytes,
   or -1 where a character becomes a letter of ASCII that is none: the sign of kelvins, and a capital i with a dot. */
static int32_t before_value(const Matcher *m, Bytes zone, const char *value, char *near, int *wide) {
    const char *from = value;
    *wide = 0;
    for (int32_t left = CONTEXT_REACH; left && from > zone.begin; left--)
        do from--;
        while (from > zone.begin && is_behind(*from));
    for (const char *at = from; at < value; at++) {
        if ((*at == '\xe2' && value - at > 2 && at[1] == '\x84' && at[2] == '\xaa') ||
            (*at == '\xc4' && value - at > 1 && at[1] == '\xb0'))
            return -1;
        *wide |= is_wide(*at);
        if (*at == '\n') *near++ = line_end(m->text, (int32_t)(at - m->text), m->text_size);
        else *near++ = *at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at;
    }
    return (int32_t)(value - from);
}

/* Say whether one of some cues, in small letters and parted by line ends, stands shortly before a value. */
static int has_cue(const Matcher *m, const char *cues, Bytes zone, const char *value) {
    char near[4 * CONTEXT_REACH];
    int wide, open = 0;
    int32_t count = before_value(m, zone, value, near, &wide);
    if (count < 0) return OPEN_QUESTION;
    while (*cues) {
        size_t size = strcspn(cues, "\n");
        for (size_t i = 0; wide && i < size; i++) open |= is_wide(cues[i]); /* it has capitals that only Python knows */
        const char *at = near, *last = near + count;
        while ((size_t)(last - at) >= size && (at = memchr(at, *cues, (size_t)(last - at) - size + 1))) {
            if (!memcmp(at, cues, size)) return YES;
            at++;
        }
        cues += size + (cues[size] == '\n');
    }
    return open ? OPEN_QUESTION : NO;
}

/* The letters behind a place and at most some spaces; how many there are goes to *size. */
static const char *letters_behind(const char *at, const char *end, int32_t *size) {
    for (int gaps = 0; gaps < NEXT_GAP && at < end && (*at == ' ' || *at == '\n' || *at == '-'); gaps++) at++;
    const char *begin = at;
    while (at < end && is_letter(*at)) at++;
    *size = (int32_t)(at - begin);
    return begin;
}

/* Say whether the next word behind a value, and behind the possessive of it, speaks against it. */
static int has_against(const Matcher *m, const Rule *rule, Bytes zone, const char *value_end) {
    const char *end = zone.end - value_end > AFTER_REACH ? value_end + AFTER_REACH : zone.end, *word = value_end;
    for (const char *at = value_end; at < end; at++)
        if (is_wide(*at)) return OPEN_QUESTION;
    int32_t size = 0, tie = value_end < end && *value_end == '\'';
    if (tie && value_end + 1 < end && value_end[1] == 's') word = letters_behind(value_end + 2, end, &size);
    if (!size) word = letters_behind(value_end + tie, end, &size);
    return size && is_listed(m, key_of(owned_key(owner_of(m, rule, AFTER_OWNER)), word, size)) ? YES : NO;
}

/* Say whether a rule allows values of so many letters, or letters and hyphens. */
static int has_allowed_length(const Rule *rule, const char *value, const char *end) {
    uint32_t allowed = (uint32_t)rule->letters | (uint32_t)rule->hyphened;
    int32_t count = 0;
    for (; value < end; value++, count++) {
        if (is_wide(*value)) return OPEN_QUESTION;
        if (*value == '-') allowed = (uint32_t)rule->hyphened;
        else if (!is_letter(*value)) return NO;
    }
    return allowed >> (count < MANY_LETTERS ? count : MANY_LETTERS) & 1 ? YES : NO;
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

/* Find where the value stands of which *left..*right is a part, or in which it is. */
static int moved(const Matcher *m, const Rule *rule, int32_t *left, int32_t *right, const Zone *zone) {
    int answer = rule->flags & STOPS ? OPEN_QUESTION : YES;
    if (answer == YES && (rule->flags & VALUES)) answer = around(m, rule, left, right, zone);
    if (answer == YES && (rule->flags & AMONG)) answer = longest(m, rule, left, right);
    return answer;
}

enum { LETTERS, STANDS_ALONE, FORM, NEXT, ALLOWED_VALUE, AGAINST, CONTEXT, EVIDENCE, PYTHONS, CHECKS };

/* What one check says of a value, YES where its rule does not ask for it. */
static int check(const Matcher *m, const Rule *rule, int which, int32_t i, int32_t stop, Bytes zone, const Zone *around) {
    const char *value = text_of(m, i), *end = text_of(m, stop);
    switch (which) {
    case LETTERS:
        return rule->letters | rule->hyphened ? unless(has_allowed_length(rule, value, end)) : YES;
    case STANDS_ALONE:
        return rule->flags & ALONE ? stands_alone(zone, value, end) : YES;
    case FORM:
        return rule->form ? form_verdict(m, rule->form, i, stop) : YES;
    case NEXT:
        return rule->flags & AFTER ? unless(has_against(m, rule, zone, end)) : YES;
    case ALLOWED_VALUE:
        return rule->flags & ALLOWED ? unless(is_allowed(m, rule, i, stop)) : YES;
    case AGAINST:
        return rule->unless >= 0 ? unless(has_cue(m, m->cues + rule->unless, zone, value)) : YES;
    case CONTEXT:
        return rule->context >= 0 ? has_cue(m, m->cues + rule->context, zone, value) : YES;
    case EVIDENCE:
        return rule->evidence >= 0 ? told(speaks_for(m, rule, i, stop, around)) : YES;
    default:
        return rule->flags & ALLOWS ? OPEN_QUESTION : YES;
    }
}

int verdict(const Matcher *m, const Rule *rule, int32_t *left, int32_t *right, const Zone *zone) {
    if (!(rule->flags & (ASKS | MOVES))) return YES;
    int32_t i = *left, stop = *right; /* what matched stays what Python is asked about */
    int answer = rule->flags & MOVES ? moved(m, rule, &i, &stop, zone) : YES;
    Bytes bytes = bytes_of(m, zone);
    if (answer != YES) return answer;
    for (int which = 0; which < CHECKS; which++) { /* one no is enough; what takes long comes late */
        int told = check(m, rule, which, i, stop, bytes, zone);
        if (told == NO) return NO;
        if (told == OPEN_QUESTION) answer = OPEN_QUESTION;
    }
    if (answer == YES) {
        *left = i;
        *right = stop;
    }
    return answer;
}
