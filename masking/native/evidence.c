/* Evidence: whether the clues around a word speak for it (`masking/evidence.py`, which says what clues are). Each clue is
   looked up by its key; no text is put together for that. */
#include "matcher.h"

#include <string.h>

enum { NO_POINTS = 10000 /* as in `rule_facts.py` */, CAPITAL_REACH = 128, LONGEST_FORM = 24 };

/* An atom beside the word, as clues write it. */
typedef struct {
    const char *text;
    int32_t size;
} Atom;

/* A clue of what stands beside the word, and whether that tells something. */
typedef struct {
    uint64_t key;
    int is_told;
} Clue;

static const Atom NOTHING = {"^", 1}, OTHER = {"?", 1}, NUMBER = {"#", 1};

static int is_line_end(Symbol symbol) { return symbol == '\n' || symbol == BREAK; }

static Atom bytes_of(const Matcher *m, int32_t i, int32_t end) {
    return (Atom){m->text + m->byte_at[i], m->byte_at[end] - m->byte_at[i]};
}

/* Say whether symbol i and the next are the end of a possessive: nothing that words or numbers are made of follows. */
static int is_possessive(const Matcher *m, int32_t i, const Zone *zone) {
    if (m->tape[i] != '\'' || i + 1 >= zone->end - 1 || m->tape[i + 1] < WORDS) return 0;
    Atom s = bytes_of(m, i + 1, i + 2);
    if (s.size != 1 || (*s.text | 0x20) != 's') return 0;
    return i + 2 >= zone->end - 1 || (m->tape[i + 2] < NUMBERS && m->tape[i + 2] != '_');
}

static Atom atom_of(const Matcher *m, int32_t i) {
    Symbol symbol = m->tape[i];
    if (symbol >= WORDS) return m->keys[i] ? OTHER : bytes_of(m, i, i + 1);
    if (symbol >= NUMBERS) return NUMBER;
    if (is_line_end(symbol)) return NOTHING;
    return symbol == SIGN || symbol == SEALED || symbol == '_' || symbol == '*' || symbol == '^' ? OTHER : bytes_of(m, i, i + 1);
}

/* Say whether an atom tells something: words and ends of possessives do, signs only where `signs` tell, too. */
static int tells(Atom atom, int signs) {
    return signs ? atom.text != NOTHING.text : is_letter(*atom.text) || (atom.size > 1 && is_letter(atom.text[1]));
}

/* The atom before a symbol; *i goes to where it begins. */
static Atom before(const Matcher *m, int32_t *i, const Zone *zone) {
    while (*i > zone->begin && m->tape[*i - 1] == ' ') --*i;
    if (*i <= zone->begin) return NOTHING;
    --*i;
    if (*i > zone->begin && is_possessive(m, *i - 1, zone)) {
        --*i;
        return bytes_of(m, *i, *i + 2);
    }
    return atom_of(m, *i);
}

/* The atom that begins at a symbol or behind the spaces there; *i goes behind it. */
static Atom behind(const Matcher *m, int32_t *i, const Zone *zone) {
    while (*i < zone->end - 1 && m->tape[*i] == ' ') ++*i;
    if (*i >= zone->end - 1) return NOTHING;
    if (is_possessive(m, *i, zone)) {
        *i += 2;
        return bytes_of(m, *i - 2, *i);
    }
    return atom_of(m, (*i)++);
}

static uint64_t with(uint64_t key, Atom atom) { return key_of(key, atom.text, atom.size); }

static uint64_t with_text(uint64_t key, const char *text) { return key_of(key, text, (int32_t)strlen(text)); }

static int32_t points_of(const Matcher *m, uint64_t clue) {
    int points = known_find(m->clues, clue);
    return points < 0 ? 0 : points - NO_POINTS;
}

/* The points of a word itself, or of the form of a value with digits, with and without what stands beside it. */
static int32_t points_of_itself(const Matcher *m, uint64_t key, Atom near, Atom word, Atom next) {
    uint64_t itself = with(with_text(key, "="), word);
    int32_t points = points_of(m, itself) + points_of(m, with(with_text(itself, " "), next));
    return points + points_of(m, with(with_text(with(key, near), " ="), word));
}

/* The points of a word's last two and three letters. */
static int32_t points_of_endings(const Matcher *m, uint64_t key, Atom word) {
    int32_t points = 0;
    for (int32_t size = 2; size < 4; size++) {
        int32_t left = word.size < size ? 0 : word.size - size;
        Atom ending = {word.text + left, word.size - left};
        points += points_of(m, with(with_text(key, "-"), ending));
    }
    return points;
}

/* Say whether symbol i is a dot or a colon behind which something goes on, as in names of files and programs. */
static int is_inner(const Matcher *m, int32_t i, const Zone *zone) {
    return i + 1 < zone->end - 1 && (m->tape[i] == '.' || m->tape[i] == ':') && m->tape[i + 1] >= NUMBERS;
}

/* The signs that some bytes are made of. */
typedef struct {
    int has_letters, has_digits, has_others, has_foreign;
} Made;

static Made made_of(Atom word) {
    Made made = {0, 0, 0, 0};
    for (int32_t at = 0; at < word.size; at++) {
        char c = word.text[at];
        if (is_letter(c)) made.has_letters = 1;
        else if (is_digit(c)) made.has_digits = 1;
        else if (c & 0x80) made.has_foreign = 1;
        else made.has_others = 1;
    }
    return made;
}

/* Say whether bytes are two numbers of as many digits with a hyphen between, the second of them greater. */
static int is_range(const char *value, int32_t size) {
    int32_t half = size / 2;
    if (size < 3 || size % 2 == 0 || value[half] != '-') return 0;
    for (int32_t at = 0; at < size; at++)
        if (at != half && !is_digit(value[at])) return 0;
    return memcmp(value, value + half + 1, (size_t)half) < 0;
}

static int is_blank(char c) { return c == ' ' || c == '\n' || c == BREAK; }

/* The form of a value with digits, written into a place: `a` is a letter, `#` a digit, `<` the hyphen of a range, `?`
   white space, but for that behind a hyphen. */
static Atom form_of(Atom word, char *form) {
    int32_t size = 0;
    for (int32_t at = 0; at < word.size; at++) {
        char c = word.text[at];
        if (!is_blank(c)) form[size++] = c;
        else if (at && !is_blank(word.text[at - 1]) && word.text[at - 1] != '-') form[size++] = '?';
    }
    if (is_range(form, size)) form[size / 2] = '<';
    for (int32_t at = 0; at < size; at++)
        form[at] = (char)(is_letter(form[at]) ? 'a' : is_digit(form[at]) ? '#' : form[at]);
    return (Atom){form, size};
}

static int is_sign_of_programs(Atom atom) { return atom.size == 1 && is_among(*atom.text, "=|{}`$\\"); }

/* Say whether a word between two atoms stands in a program, a table or a row of quoted values. */
static int is_of_program(Atom near, Atom next) {
    int quoted = near.size == 1 && next.size == 1 && *near.text == '"' && *next.text == '"';
    return quoted || is_sign_of_programs(near) || is_sign_of_programs(next);
}

/* Say whether a capital with a small letter behind it stands before a word of a zone. */
static int has_capital(const Matcher *m, int32_t i, const Zone *zone) {
    const char *begin = m->text + m->byte_at[zone->begin], *at = m->text + m->byte_at[i], *end = at;
    for (int32_t left = CAPITAL_REACH; left && at > begin; left -= !is_behind(*at)) at--;
    for (; at + 1 < end; at++)
        if (*at >= 'A' && *at <= 'Z' && at[1] >= 'a' && at[1] <= 'z') return 1;
    return 0;
}

/* Say whether symbol i of a zone, which touches a word, makes it a part of a code or a name in a program. */
static int makes_part(const Matcher *m, int32_t i, const Zone *zone, const char *signs) {
    if (i < zone->begin || i >= zone->end - 1 || m->tape[i] >= WORDS) return 0;
    return m->tape[i] >= NUMBERS || is_among((char)m->tape[i], signs);
}

int speaks_for(const Matcher *m, const Rule *rule, int32_t i, int32_t end, const Zone *zone) {
    uint64_t key = owned_key(rule->evidence), nearest, next;
    Atom word = bytes_of(m, i, end), near, far, then, later;
    Made made = made_of(word);
    int capital;
    if (makes_part(m, i - 1, zone, "_=\\|^~*@<#$.:") || makes_part(m, end, zone, "_=\\|^~*@>(+") || is_inner(m, end, zone))
        return 0;
    capital = has_capital(m, i, zone);
    near = before(m, &i, zone);
    far = near.text == NOTHING.text ? NOTHING : before(m, &i, zone);
    then = behind(m, &end, zone);
    later = then.text == NOTHING.text ? NOTHING : behind(m, &end, zone);
    if (near.text == NOTHING.text && then.text == NOTHING.text) return 0; /* nothing stands beside it */
    int32_t points = points_of(m, with_text(key, m->cues + rule->kind));
    if (capital) points += points_of(m, with_text(key, "+capitals"));
    nearest = with_text(with(key, near), " _");
    next = with(with_text(key, "_ "), then);
    int signs = *word.text >= 'A' && *word.text <= 'Z', known = 0;
    int told[] = {tells(near, signs), tells(far, signs), tells(then, signs), tells(later, signs)};
    const Clue beside[] = {{nearest, told[0]},
                           {with_text(with(key, far), " * _"), told[1]},
                           {with_text(with(with_text(with(key, far), " "), near), " _"), told[0] | told[1]},
                           {next, told[2]},
                           {with(with_text(key, "_ * "), later), told[3]},
                           {with(with_text(next, " "), later), told[2] | told[3]},
                           {with(with_text(nearest, " "), then), told[0] | told[2]}};
    for (size_t b = 0; b < sizeof beside / sizeof *beside; b++) {
        int32_t some = points_of(m, beside[b].key);
        points += some;
        known |= some && beside[b].is_told;
    }
    if (!made.has_digits && (!known || is_of_program(near, then))) return 0; /* that, or text of another language */
    if (made.has_foreign) return points > 0;
    if (made.has_digits && word.size <= LONGEST_FORM) {
        char form[LONGEST_FORM];
        points += points_of_itself(m, key, near, form_of(word, form), then);
    } else if (made.has_letters && !made.has_digits && !made.has_others)
        points += points_of_itself(m, key, near, word, then) + points_of_endings(m, key, word);
    return points > 0;
}
