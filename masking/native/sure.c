/* Sure matches: those that Python would say yes to, told by their plainest forms, so that it is not asked.

   Each form here is a part of what a validator of `masking/validators.py` accepts; what is not of such a form is asked
   about. Tested against the validators themselves. */
#include "matcher.h"

#include <string.h>

/* Bytes before a value in which a cue against it makes it a question: at least the 48 code points in which it counts
   (`recognizers.CONTEXT_REACH`). */
enum { LONGEST_CUE_REACH = 4 * 48 };

static int is_number(const Matcher *m, int32_t i) { return m->tape[i] >= NUMBERS && m->tape[i] < WORDS; }

static const char *text_of(const Matcher *m, int32_t i) { return m->text + m->byte_at[i]; }

static int32_t digits_of(const Matcher *m, int32_t i) { return m->byte_at[i + 1] - m->byte_at[i]; }

static int value_of(const Matcher *m, int32_t i) {
    const char *digits = text_of(m, i);
    int value = 0;
    for (int32_t j = 0; j < digits_of(m, i); j++) value = 10 * value + digits[j] - '0';
    return value;
}

static int parts_date(Symbol symbol) { return symbol == '/' || symbol == '-' || symbol == '.'; }

/* `3/14/1961`, `14.03.61`: two numbers of a day and a month, either way round, and a year. */
static int is_day(const Matcher *m, int32_t i, int32_t end) {
    if (end - i != 5 || !is_number(m, i) || !is_number(m, i + 2) || !is_number(m, i + 4)) return 0;
    if (!parts_date(m->tape[i + 1]) || !parts_date(m->tape[i + 3])) return 0;
    int32_t long_year = digits_of(m, i + 4) == 4;
    if (digits_of(m, i) > 2 || digits_of(m, i + 2) > 2 || (digits_of(m, i + 4) != 2 && !long_year)) return 0;
    int first = value_of(m, i), second = value_of(m, i + 2), year = value_of(m, i + 4);
    if (long_year && (year < 1900 || year > 2099)) return 0;
    return first >= 1 && first <= 31 && second >= 1 && second <= 31 && (first <= 12 || second <= 12);
}

/* Three, three and four digits with signs or spaces between them, not all alike. */
static int is_phone(const Matcher *m, int32_t i, int32_t end) {
    static const int32_t sizes[] = {3, 3, 4};
    int32_t group = 0;
    char first = 0;
    int differ = 0;
    for (; i < end; i++) {
        if (!is_number(m, i)) {
            if (m->tape[i] >= NUMBERS || !strchr("()-. ", m->tape[i]) || !m->tape[i]) return 0;
            continue;
        }
        if (group == 3 || digits_of(m, i) != sizes[group++]) return 0;
        const char *digits = text_of(m, i);
        if (!first) first = digits[0];
        for (int32_t j = 0; j < digits_of(m, i); j++) differ |= digits[j] != first;
    }
    return group == 3 && differ;
}

/* One number of five digits and more. */
static int is_record(const Matcher *m, int32_t i, int32_t end) {
    return end - i == 1 && is_number(m, i) && digits_of(m, i) >= 5 && digits_of(m, i) <= 20;
}

/* Six to eleven digits that are neither round nor a day, or a capital letter before them. */
static int is_code(const Matcher *m, int32_t i, int32_t end) {
    if (end - i == 2 && m->tape[i] >= WORDS && digits_of(m, i) == 1 && *text_of(m, i) >= 'A' && *text_of(m, i) <= 'Z')
        return is_number(m, i + 1) && digits_of(m, i + 1) >= 6 && digits_of(m, i + 1) <= 11;
    if (end - i != 1 || !is_number(m, i)) return 0;
    int32_t count = digits_of(m, i), zeros = 0;
    const char *digits = text_of(m, i);
    if (count < 6 || count > 11 || (count == 8 && (digits[0] == '1' || digits[0] == '2'))) return 0;
    while (zeros < count && digits[count - 1 - zeros] == '0') zeros++;
    return zeros < 3;
}

/* `123-45-6789` */
static int is_social(const Matcher *m, int32_t i, int32_t end) {
    return end - i == 5 && is_number(m, i) && digits_of(m, i) == 3 && m->tape[i + 1] == '-' && is_number(m, i + 2) &&
           digits_of(m, i + 2) == 2 && m->tape[i + 3] == '-' && is_number(m, i + 4) && digits_of(m, i + 4) == 4;
}

static int is_blank(const Matcher *m, int32_t i, const Zone *zone) {
    return i < zone->begin || i >= zone->end || m->tape[i] == ' ' || m->tape[i] == '\n' || m->tape[i] == BREAK;
}

/* Say whether nothing that looks like more of the same stands beside a value. */
static int stands_alone(const Matcher *m, int32_t i, int32_t end, const Zone *zone) {
    if (!is_blank(m, i - 1, zone) && (m->tape[i - 1] >= NUMBERS || !strchr("(:;=\"", m->tape[i - 1]))) return 0;
    if (is_blank(m, end, zone)) return 1;
    if (m->tape[end] >= NUMBERS || !strchr(",.;:)", m->tape[end])) return 0;
    return is_blank(m, end + 1, zone);
}

/* Say whether one of the cues of a rule, in small letters and parted by line ends, stands shortly before a value. */
static int speaks_against(const char *cues, const char *text, const char *value) {
    const char *from = value - text > LONGEST_CUE_REACH ? value - LONGEST_CUE_REACH : text;
    while (*cues) {
        size_t size = strcspn(cues, "\n");
        for (const char *at = from; at + size <= value; at++) {
            size_t i = 0;
            while (i < size && (cues[i] == at[i] || (at[i] >= 'A' && at[i] <= 'Z' && cues[i] == (at[i] | 0x20)))) i++;
            if (i == size) return 1;
        }
        cues += size + (cues[size] == '\n');
    }
    return 0;
}

uint64_t pair_key(uint64_t first, uint64_t second) { return ((first << 7 | first >> 57) * 0x9e3779b97f4a7c15u) ^ second; }

int may_be_listed(const Matcher *m, int32_t i, int32_t end) {
    uint64_t before = 0;
    for (; i < end; i++) {
        if (m->tape[i] < WORDS) continue;
        uint64_t key = key_of_symbols(m, i, i + 1, 1);
        if (before && known_find(m->pairs, pair_key(before, key)) >= 0) return 1;
        before = key;
    }
    return 0;
}

int is_sure(const Matcher *m, const Rule *rule, int32_t i, int32_t end, const Zone *zone) {
    int sure = 0;
    for (int32_t j = i; j < end; j++)
        if (m->keys[j] || m->tape[j] == SIGN) return 0;
    switch (rule->form) {
    case F_DAY:
        sure = is_day(m, i, end);
        break;
    case F_PHONE:
        sure = is_phone(m, i, end);
        break;
    case F_RECORD:
        sure = is_record(m, i, end);
        break;
    case F_CODE:
        sure = is_code(m, i, end);
        break;
    case F_SOCIAL:
        sure = is_social(m, i, end);
        break;
    default:
        break;
    }
    if (sure && (rule->flags & ALONE)) sure = stands_alone(m, i, end, zone);
    if (sure && rule->cues >= 0) {
        const char *begin = m->text + m->byte_at[zone->begin];
        sure = !speaks_against(m->cues + rule->cues, begin, m->text + m->byte_at[i]);
    }
    return sure;
}
