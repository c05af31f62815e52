/* Forms: what validators say to values of plain forms (`masking/validators.py`, which this is tested against). */
#include "matcher.h"

#include <string.h>

static int is_number(const Matcher *m, int32_t i) { return m->tape[i] >= NUMBERS && m->tape[i] < WORDS; }

static const char *text_of(const Matcher *m, int32_t i) { return m->text + m->byte_at[i]; }

static int32_t digits_of(const Matcher *m, int32_t i) { return m->byte_at[i + 1] - m->byte_at[i]; }

/* The value of a number of few digits. */
static int value_of(const Matcher *m, int32_t i) {
    const char *digits = text_of(m, i);
    int value = 0;
    for (int32_t j = 0; j < digits_of(m, i); j++) value = 10 * value + digits[j] - '0';
    return value;
}

static int is_small(const Matcher *m, int32_t i) { return is_number(m, i) && digits_of(m, i) <= 2; }

static int parts_date(Symbol symbol) { return symbol == '/' || symbol == '-' || symbol == '.'; }

static int sure(int yes) { return yes ? YES : OPEN_QUESTION; }

/* A day and a month, either way round. */
static int are_day_and_month(int one, int other) {
    return one >= 1 && one <= 31 && other >= 1 && other <= 31 && (one <= 12 || other <= 12);
}

static int is_year(const Matcher *m, int32_t i) {
    return is_number(m, i) && digits_of(m, i) == 4 && (value_of(m, i) / 100 == 19 || value_of(m, i) / 100 == 20);
}

/* `3/1961` */
static int is_month_of_year(const Matcher *m, int32_t i, int32_t end) {
    return end - i == 3 && is_small(m, i) && m->tape[i + 1] == '/' && is_year(m, i + 2) && value_of(m, i) >= 1 &&
           value_of(m, i) <= 12;
}

/* `3/14/1961`, `3-14-1961`: month first, on a day that every month has. */
static int is_plain_date(const Matcher *m, int32_t i, int32_t end) {
    return end - i == 5 && is_small(m, i) && is_small(m, i + 2) && is_year(m, i + 4) &&
           (m->tape[i + 1] == '/' || m->tape[i + 1] == '-') && m->tape[i + 3] == m->tape[i + 1] && value_of(m, i) >= 1 &&
           value_of(m, i) <= 12 && value_of(m, i + 2) >= 1 && value_of(m, i + 2) <= 28;
}

/* `3/14`, `3/14/1961`, `14.03.61`, `1961-03-14`, `3/1961`. */
static int days(const Matcher *m, int32_t i, int32_t end) {
    int32_t count = end - i;
    if (is_month_of_year(m, i, end)) return YES;
    if ((count != 3 && count != 5) || !parts_date(m->tape[i + 1]) || !is_small(m, i + 2)) return OPEN_QUESTION;
    if (count == 3) return is_small(m, i) ? told(are_day_and_month(value_of(m, i), value_of(m, i + 2))) : OPEN_QUESTION;
    if (!parts_date(m->tape[i + 3]) || !is_number(m, i + 4)) return OPEN_QUESTION;
    if (is_small(m, i)) {
        if (digits_of(m, i + 4) != 2 && !is_year(m, i + 4)) return OPEN_QUESTION;
        return told(are_day_and_month(value_of(m, i), value_of(m, i + 2)));
    }
    if (!is_number(m, i) || digits_of(m, i) != 4 || value_of(m, i) <= 31 || m->tape[i + 1] != m->tape[i + 3])
        return OPEN_QUESTION;
    return is_small(m, i + 4) ? told(are_day_and_month(value_of(m, i + 2), value_of(m, i + 4))) : OPEN_QUESTION;
}

/* `3/14`: a month and a day that is no month. */
static int late_day(const Matcher *m, int32_t i, int32_t end) {
    if (end - i != 3 || m->tape[i + 1] != '/' || !is_small(m, i) || !is_small(m, i + 2)) return OPEN_QUESTION;
    int month = value_of(m, i), day = value_of(m, i + 2);
    return told(month >= 1 && month <= 12 && day > 12 && day <= 31);
}

enum { MOST_DIGITS = 24, MOST_GROUPS = 8 };

/* The digits of a value without letters, and their groups. */
typedef struct {
    char digits[MOST_DIGITS];
    int32_t count, sizes[MOST_GROUPS], groups, differ, joins; /* `joins`: signs that dates have */
} Digits;

/* Read a value of numbers, signs and spaces; returns whether it is one, and not too long. */
static int read_digits(const Matcher *m, int32_t i, int32_t end, Digits *found) {
    unsigned seen = 0;
    *found = (Digits){.count = 0};
    for (; i < end; i++) {
        if (m->tape[i] >= WORDS) return 0;
        found->joins += m->tape[i] == '/' || m->tape[i] == '.' || m->tape[i] == '-';
        if (!is_number(m, i)) continue;
        int32_t size = digits_of(m, i);
        if (found->groups == MOST_GROUPS || found->count + size > MOST_DIGITS) return 0;
        memcpy(found->digits + found->count, text_of(m, i), (size_t)size);
        for (int32_t j = 0; j < size; j++) seen |= 1u << (text_of(m, i)[j] - '0');
        found->sizes[found->groups++] = size;
        found->count += size;
    }
    found->differ = __builtin_popcount(seen);
    return found->count > 0;
}

static int has_sizes(const Digits *d, int32_t first, int32_t second, int32_t third) {
    return d->groups == 3 && d->sizes[0] == first && d->sizes[1] == second && d->sizes[2] == third;
}

/* `555-010-0199`, `1 (555) 010-0199`. */
static int is_american(const Digits *d) {
    return has_sizes(d, 3, 3, 4) ||
           (d->groups == 4 && d->sizes[0] == 1 && d->sizes[1] == 3 && d->sizes[2] == 3 && d->sizes[3] == 4);
}

/* What may follow a cue: a number, or groups as in North America, not all alike; no date. */
static int phone(const Matcher *m, int32_t i, int32_t end) {
    Digits d;
    if (is_plain_date(m, i, end)) return NO;
    if (!read_digits(m, i, end, &d)) return OPEN_QUESTION;
    if (end - i == 1) return d.count > 6 ? told(d.count < 16 && d.differ > 1) : OPEN_QUESTION;
    return sure(is_american(&d) && d.differ > 1);
}

/* Say whether digits in two or three groups may be a date. */
static int may_be_date(const Matcher *m, int32_t i, int32_t end, const Digits *d) {
    for (; i < end; i++)
        if (m->tape[i] == '/') return 1;
    return d->groups == 3 && d->sizes[1] < 3;
}

/* A telephone number by its shape alone. What may be a date, too, or has letters, is Python's. */
static int telephone(const Matcher *m, int32_t i, int32_t end) {
    static const char *const limits[] = {"2147483647", "2147483648", "4294967295", "4294967296"};
    Digits d;
    if (!read_digits(m, i, end, &d)) return OPEN_QUESTION;
    if (d.differ < 2 || (d.differ == 10 && (end - i == 1 || (end - i == 2 && m->tape[i] == '+')))) return NO;
    if (m->tape[i] == '+') return m->tape[i + 1] == '+' ? OPEN_QUESTION : told(d.count >= 8 && d.count < 16);
    if (is_american(&d)) return YES;
    if (d.groups > 3 ? d.joins : d.groups > 1 && may_be_date(m, i, end, &d)) return OPEN_QUESTION;
    if (d.digits[0] == '0') return told(d.digits[1] == '0' ? d.count >= 10 && d.count < 17 : d.count >= 9 && d.count < 13);
    if (d.groups == 1 && d.count == 11) return told(d.digits[0] == '1' && d.digits[1] > '1' && d.digits[4] > '1');
    if (d.groups == 1 && d.count == 10) {
        for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
            if (!memcmp(d.digits, limits[k], 10)) return NO;
        return told(d.digits[0] > '1' && d.digits[3] > '1' && memcmp(d.digits + 7, "000", 3) != 0);
    }
    return told(m->tape[i] == '(' && d.count >= 8 && d.count < 12);
}

/* `93.184.216.34`: an address of version 4 that can belong to a device; others are Python's. */
static int ip(const Matcher *m, int32_t i, int32_t end) {
    int parts[4];
    if (end - i != 7) return OPEN_QUESTION;
    for (int32_t j = 1; j < 7; j += 2)
        if (m->tape[i + j] != '.') return OPEN_QUESTION;
    for (int32_t j = 0; j < 7; j += 2) {
        if (!is_number(m, i + j) || digits_of(m, i + j) > 3) return OPEN_QUESTION;
        if (digits_of(m, i + j) > 1 && *text_of(m, i + j) == '0') return NO;
        if ((parts[j / 2] = value_of(m, i + j)) > 255) return NO;
    }
    return told(parts[0] != 127 && parts[0] != 255 && (parts[0] || parts[1] || parts[2] || parts[3]));
}

/* Say whether an upper-case word begins what is counted by catalogues (trials, articles, standards, weaknesses) or, if
   `made`, by makers of drugs and of data. */
static int is_catalogue(const char *word, int32_t size, int made) {
    static const char *const catalogues[] = {"NCT", "PMID", "PMC", "CVE", "RFC", "ISO", "DOI", NULL};
    static const char *const makers[] = {"LY",  "PF",  "BMS", "MK",  "AZD",  "GSK",  "ABT", "RO", "TAK", "JNJ", "ONO",
                                         "BAY", "BI",  "AMG", "ABBV", "REGN", "VX",   "GS",  "RS", "NM",  "NP",  "ENST",
                                         "ENSG", NULL};
    for (const char *const *known = catalogues; *known; known++)
        if ((size_t)size == strlen(*known) && !memcmp(word, *known, (size_t)size)) return 1;
    for (const char *const *known = makers; made && *known; known++)
        if ((size_t)size == strlen(*known) && !memcmp(word, *known, (size_t)size)) return 1;
    return 0;
}

/* `A-88213`, `S21-00412`, `FBM1234567`: one to four capitals, numbers with a hyphen between or before them, five digits and
   more; without a hyphen six to eleven. */
static int is_lettered(const Matcher *m, int32_t i, int32_t end, int made) {
    int32_t size = digits_of(m, i), count = 0, hyphens = 0;
    if (m->tape[i] < WORDS || size > 4) return 0;
    for (int32_t j = 0; j < size; j++)
        if (text_of(m, i)[j] < 'A' || text_of(m, i)[j] > 'Z') return 0;
    if (is_catalogue(text_of(m, i), size, made)) return 0;
    for (int32_t j = i + 1; j < end; j++) {
        if (is_number(m, j)) count += digits_of(m, j);
        else if (m->tape[j] != '-' || hyphens++ || j + 1 == end) return 0;
    }
    return hyphens ? count >= 5 && count <= 20 : end - i == 2 && count >= 6 && count <= 11;
}

/* `246-561-203`: three groups of which the middle one is no month. */
static int is_grouped(const Matcher *m, int32_t i, int32_t end) {
    return end - i == 5 && is_number(m, i) && m->tape[i + 1] == '-' && is_number(m, i + 2) && m->tape[i + 3] == '-' &&
           is_number(m, i + 4) && digits_of(m, i + 2) > 2 && digits_of(m, i + 2) <= 20;
}

/* What may follow a clear cue: a number of five digits and more, groups, or capitals and digits; no date. */
static int record(const Matcher *m, int32_t i, int32_t end) {
    if (is_plain_date(m, i, end)) return NO;
    if (end - i == 1 && is_number(m, i)) {
        int32_t count = digits_of(m, i);
        return count > 4 ? sure(count <= 20) : count < 4 ? NO : OPEN_QUESTION;
    }
    return sure(is_grouped(m, i, end) || is_lettered(m, i, end, 0));
}

/* Six digits and more that are neither round nor a day. */
static int is_code_number(const Matcher *m, int32_t i) {
    int32_t count = digits_of(m, i), zeros = 0;
    const char *digits = text_of(m, i);
    if (count < 6 || count > 20 || (count == 8 && (digits[0] == '1' || digits[0] == '2'))) return 0;
    while (zeros < count && digits[count - 1 - zeros] == '0') zeros++;
    return zeros < 3;
}

/* What may follow a cue that is an ordinary word, too: such a number, or capitals and digits; no date, no few digits. */
static int code(const Matcher *m, int32_t i, int32_t end) {
    if (is_plain_date(m, i, end)) return NO;
    if (end - i > 1 || !is_number(m, i)) return sure(is_lettered(m, i, end, 0));
    return digits_of(m, i) < 5 ? NO : sure(is_code_number(m, i));
}

/* What may stand beside a name without any cue: such a number of eleven digits at most, or capitals and digits. */
static int is_beside(const Matcher *m, int32_t i, int32_t end) {
    if (end - i == 1 && is_number(m, i)) return digits_of(m, i) < 12 && is_code_number(m, i);
    return end - i == 2 && is_lettered(m, i, end, 1);
}

/* `123-45-6789` */
static int is_social(const Matcher *m, int32_t i, int32_t end) {
    return end - i == 5 && is_number(m, i) && digits_of(m, i) == 3 && m->tape[i + 1] == '-' && is_number(m, i + 2) &&
           digits_of(m, i + 2) == 2 && m->tape[i + 3] == '-' && is_number(m, i + 4) && digits_of(m, i + 4) == 4;
}

/* Over 89, or in words; all figures of the value count as one number. */
static int very_old(const char *value, const char *end) {
    int age = 0, figures = 0;
    for (; value < end; value++)
        if (is_digit(*value)) {
            figures = 1;
            if (age < 1000) age = 10 * age + *value - '0';
        }
    return told(!figures || (age >= 90 && age < 130));
}

/* Ten digits; said in words they are Python's. */
static int ten_digits(const char *value, const char *end) {
    int32_t count = digits_in(value, end, NULL, 0);
    return count ? told(count == 10) : OPEN_QUESTION;
}

static int is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

static int is_decimal(const char *begin, const char *end) {
    const char *at = begin;
    while (at < end && is_digit(*at)) at++;
    return at == end && begin < end;
}

/* The last label of an address's domain holds letters, and so does the one before. */
static int email(const char *value, const char *end) {
    const char *at = end, *dot = end, *before;
    while (at > value && at[-1] != '@') at--;
    if (at == value) return YES; /* it is said, or written without the sign */
    while (dot > at && dot[-1] != '.') dot--;
    if (dot == at || is_decimal(dot, end)) return NO;
    for (before = --dot; before > at && before[-1] != '.';) before--;
    while (before < dot && is_blank(*before)) before++;
    while (before < dot && is_blank(dot[-1])) dot--;
    return told(!is_decimal(before, dot));
}

int form_verdict(const Matcher *m, int form, int32_t i, int32_t end) {
    for (int32_t j = i; j < end; j++)
        if (m->keys[j] || m->tape[j] == SIGN || m->tape[j] == SEALED) return OPEN_QUESTION;
    const char *value = text_of(m, i), *stop = text_of(m, end);
    switch (form) {
    case F_DAY:
        return days(m, i, end);
    case F_LATE_DAY:
        return late_day(m, i, end);
    case F_PHONE:
        return phone(m, i, end);
    case F_TELEPHONE:
        return telephone(m, i, end);
    case F_IP:
        return ip(m, i, end);
    case F_RECORD:
        return record(m, i, end);
    case F_CODE:
        return code(m, i, end);
    case F_BESIDE:
        return sure(is_beside(m, i, end));
    case F_SOCIAL:
        return sure(is_social(m, i, end));
    case F_OLD:
        return very_old(value, stop);
    case F_VIN:
        return check_vin(value, stop);
    case F_DEA:
        return check_dea(value, stop);
    case F_CARD:
        return check_card(value, stop);
    case F_IBAN:
        return check_iban(value, stop);
    case F_NPI:
        return ten_digits(value, stop);
    case F_DIGIT:
        return told(digits_in(value, stop, NULL, 0) > 0);
    case F_EMAIL:
        return email(value, stop);
    default:
        return OPEN_QUESTION; /* a validator that is Python's alone */
    }
}
