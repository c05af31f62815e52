/* What the parts of the matcher share. Law: no part keeps text; what is remembered between calls are words of the rule
   files and states of automata. Sizes are checked where memory is asked for; a failed call leaves the matcher usable. */
#ifndef PHIGATE_MATCHER_H
#define PHIGATE_MATCHER_H

#include <stddef.h>
#include <stdint.h>

typedef uint16_t Symbol;

/* Symbols: a sign of ASCII is itself, then numbers by value and length, then words by shape and code. */
enum { SIGN = 0x1c, BREAK = 0x1e, SEALED = 0x7f, NUMBERS = 128, LENGTHS = 20, WORDS = 256, SHAPES = 8 };

enum { OUT_OF_MEMORY = -1, BAD_SYNTAX = -2, MATCHES_EMPTY = -3, TOO_LARGE = -4, UNTOLD = -5, TOO_WIDE = -6 };

static inline int has(const uint64_t *set, int32_t place) { return (int)(set[place >> 6] >> (place & 63)) & 1; }

static inline void add(uint64_t *set, int32_t place) { set[place >> 6] |= 1ull << (place & 63); }

/* --- lists.c: which lists hold words together ------------------------------------------------------------------- */

typedef struct {
    uint64_t hash;
    uint32_t at;
    uint16_t length, code;
} Slot;

/* Lists that hold a word together: the last of them, and the union of those before it; how many words it has, and whether
   any of them is a single letter. `next`: the union that was made last of it and one list more. The first one is of no
   list. */
typedef struct {
    int32_t list, before, words, has_letters, next;
} Union;

/* The words of all lists, each with the number of its union for a code. */
typedef struct {
    char *pool;
    Slot *slots;
    uint32_t mask;
    Union *unions;
    int32_t union_count, union_room;
} Lists;

/* --- words.c: which words the lists hold ----------------------------------------------------------------------- */

/* Letters by which words are told from those with an ending, and bits of their hash. */
enum { TAIL = 3, TAIL_BITS = 14 };

/* A word of the lists that a text held lately, and its code. */
typedef struct Usual Usual;

typedef struct {
    char *pool;
    Slot *slots;
    uint32_t mask;
    Usual *usual; /* by hash: a later one takes the place of an earlier one */
    uint16_t endings[64]; /* lengths of endings, growing; 0 ends them */
    uint8_t tails[1 << TAIL_BITS >> 3]; /* the last letters that endings have, by hash */
    Slot *ending_slots;
    uint32_t ending_mask;
    uint16_t *ending_places;
    char *ending_pool;
    uint16_t codes, letters, unknown; /* the first codes are those that single letters have */
    uint16_t *inert;   /* the code of a lower-case word of each code */
    uint8_t *is_inert; /* whether a code parts zones */
} Words;

uint64_t word_hash(const char *word, uint32_t length);
/* Take the words of lists, which have none from then on, and give them the codes of their unions. */
int words_new(Words *words, Lists *lists, const uint16_t *codes);
/* Endings come as lines, each with the code at its place. */
int words_endings(Words *words, const char *lines, uint32_t size, const uint16_t *codes);
void words_free(Words *words);
Symbol word_symbol(const Words *words, const char *word, uint32_t length);
Symbol number_symbol(const char *digits, uint32_t length);

/* Shapes as `lexicon.SHAPES` numbers them, less one. */
enum { S_LOWER, S_TITLE, S_UPPER, S_CAMEL, S_INITIAL, S_LETTER, S_UNCASED, S_MIXED };

/* Say whether a shape is one of single letters. */
static inline int is_of_letters(int shape) { return shape == S_INITIAL || shape == S_LETTER; }

/* Say whether a word in UTF-8 is one letter. */
static inline int is_single(const char *word, uint32_t length) {
    uint32_t first = (unsigned char)*word;
    return length == (first < 0xc0 ? 1u : first < 0xe0 ? 2u : first < 0xf0 ? 3u : 4u);
}

/* How many symbols the words of a shape have: one for each code. */
static inline uint32_t shape_size(uint32_t codes, uint32_t letters, int shape) {
    return is_of_letters(shape) ? letters : codes;
}

/* The first of these: those of single letters stand behind all others. */
static inline uint32_t shape_begin(uint32_t codes, uint32_t letters, int shape) {
    if (shape < S_INITIAL) return WORDS + (uint32_t)shape * codes;
    if (shape > S_LETTER) return WORDS + (uint32_t)(shape - 2) * codes;
    return WORDS + (SHAPES - 2) * codes + (uint32_t)(shape - S_INITIAL) * letters;
}

/* The symbol of a word with letters beyond ASCII; `plain` is how lists write it. */
Symbol listed_symbol(const Words *words, const char *word, uint32_t length, const char *plain, uint32_t plain_length,
                     int shape);

static inline int is_letter(char c) { return (unsigned)((c | 0x20) - 'a') < 26; }
static inline int is_digit(char c) { return (unsigned)(c - '0') < 10; }
/* Say whether a character is one of some signs. */
static inline int is_among(char c, const char *some) {
    for (; *some; some++)
        if (*some == c) return 1;
    return 0;
}
/* A byte of UTF-8 that is not the first of its character. */
static inline int is_behind(char c) { return (c & 0xc0) == 0x80; }

/* --- characters.c: characters beyond ASCII ------------------------------------------------------------------------ */

/* What Unicode says of a character: part of a word, a digit, its case, white space. */
enum { C_WORD = 1, C_DIGIT = 2, C_UPPER = 4, C_LOWER = 8, C_TITLE = 16, C_SPACE = 32, C_TOLD = 128 };

typedef struct {
    uint32_t plain; /* where its plain form stands among all */
    uint8_t length, kind;
} Character;

/* Facts of Unicode, as Python has them: told of a character when a text first holds it, and the same for all texts. */
typedef struct {
    Character *pages[0x1100]; /* of 256 each */
    char *plains;
    int32_t plain_count, plain_room;
} Characters;

void characters_free(Characters *known);
/* Move those of some code points to the front that were not told of; returns how many. */
int32_t characters_untold(const Characters *known, int32_t *codes, int32_t count);
/* Take the facts of characters, three numbers each: code point, kind, bytes of its plain form; these one after the other. */
int32_t characters_tell(Characters *known, const int32_t *facts, int32_t count, const char *plains, int32_t size);
/* Say whether all characters of a text were told of. */
int characters_told(const Characters *known, const char *text, int32_t size);
/* What the character is that begins here, and its bytes. It was told of. */
int kind_at(const Characters *known, const char *text, int32_t *size);
int32_t wide_word_end(const Characters *known, const char *text, int32_t at, int32_t end);
/* Go on with a key by the plain form of a word with letters beyond ASCII. */
uint64_t key_of_wide(const Characters *known, uint64_t key, const char *word, int32_t size);
/* The symbol and the key of a word with letters beyond ASCII; the key is 0 without memory. */
Symbol wide_symbol(const Characters *known, const Words *words, const char *word, int32_t size, uint64_t *key);

/* --- phrases.c: phrases as places and what may follow them ------------------------------------------------------ */

/* Of a phrase: `set` of each place; `follow` the places that may come next, the preferred first, END where the phrase
   may end; `first` where it may begin. `valued`: whether the place belongs to the value. As bits of `words` numbers:
   `begins`, `lasts`, `inners` the places that may be the first, the last, and have one before them; `next`, if there are
   few, for each place those that may come next. */
enum { END = -1, MAX_PLACES = 20000, FEW_PLACES = 256 };

typedef struct {
    int32_t count;
    int32_t *set;
    uint8_t *valued;
    int32_t *follow_at, *follow; /* follow[follow_at[place] .. follow_at[place + 1]] */
    int32_t *first;
    uint64_t *begins, *lasts, *inners; /* one stretch of memory */
    uint64_t *next; /* NULL if there are more than FEW_PLACES */
    int32_t firsts, words;
    int has_value;
} Phrase;

/* Sets that gaps are made of, in this order among the sets given. */
enum { SET_SPACE = 0, SET_LINE_END = 1 };

int phrase_compile(Phrase *phrase, const int32_t *tokens, size_t count);
void phrase_free(Phrase *phrase);

/* --- groups.c: some phrases, searched together ------------------------------------------------------------------- */

/* What places take. Of each set the bits of the symbols that are no words, and for each shape the number of a set of
   codes; of each of these its bits. All of it stays the caller's. */
typedef struct {
    const uint64_t *others, *codes; /* WORDS / 64 of each set; `width` of each set of codes */
    const int32_t *words;           /* SHAPES of each set */
    int32_t count;
    uint32_t all_codes, letters, width;
} Sets;

/* Write the symbols of a set and return how many these are. */
uint32_t set_symbols(const Sets *sets, int32_t set, Symbol *symbols);

typedef struct Group Group;

typedef int (*Take)(void *to, int32_t phrase, int32_t left, int32_t right);

/* Make a group of some phrases, given by their numbers; the class of each symbol goes to class_of[symbol]. NULL without
   memory. */
Group *group_new(const Phrase *phrases, const int32_t *members, int32_t count, const Sets *sets, uint16_t *class_of);
void group_free(Group *group);
/* Note of each class whether its symbols may begin one of the phrases; there are at most as
   many classes as symbols. */
void group_wakes(const Group *group, uint8_t *wakes);
size_t group_bytes(const Group *group);

/* --- bank.c, matches.c: groups, read together ---------------------------------------------------------------------- */

typedef struct Bank Bank;

/* Where a phrase may end: with a symbol of a zone. `group` and `member`: where the phrase is. */
typedef struct {
    int32_t phrase, at, group, member;
} End;

typedef struct {
    End *all;
    int32_t count, room;
} Ends;

/* Make a bank of groups, 64 at most, of which the first has a number among all: the bits of wakes[symbol] say which of
   them a symbol may wake, class_of has `stride` columns, one for each group. All of it stays its owner's. NULL without
   memory. */
Bank *bank_new(Group **groups, int32_t count, int32_t number, const uint16_t *class_of, int32_t stride,
               const uint64_t *wakes);
void bank_free(Bank *bank);
/* From now on a bank looks for the phrases from..to. */
void bank_aim(Bank *bank, int32_t from, int32_t to);
/* Read tape[begin..end) and add to `ends` where what is looked for may end; 0, or an error. */
int bank_read(Bank *bank, const Symbol *tape, int32_t begin, int32_t end, Ends *ends);
/* Give every match of one phrase that ends as told, leftmost first, as RE2 would find them, to `take`; 0, or an error.
   tape[begin..begin + size) was read last, and the ends of the phrase are in rising order. */
int bank_matches(Bank *bank, const End *ends, int32_t count, int32_t begin, int32_t size, Take take, void *taker);
/* Bytes that a bank takes, with its groups. */
size_t bank_bytes(const Bank *bank);

/* --- plain.c: what a text of ASCII is ------------------------------------------------------------------------------ */

/* Say whether a text is surely its own view. */
int32_t text_is_plain(const char *text, int32_t size);

/* --- known.c: values that were found before ----------------------------------------------------------------------- */

/* Keys of values and what they identify, in the order they came; of more than `most` the oldest leave. Values are kept
   as keys only: no text can be had back from them. */
enum { KNOWN_BITS = 14 };

typedef struct {
    uint64_t *keys; /* in a ring of `size` */
    int16_t *identifiers;
    uint32_t *table; /* places in the ring, plus one */
    uint32_t size, table_mask, first, count, most;
    uint8_t bits[1 << KNOWN_BITS >> 3]; /* by hash those of all keys that were ever added: most that are asked for are not */
} Known;

Known *known_new(uint32_t most);
Known *known_copy(const Known *known);
void known_free(Known *known);
/* Add a key; 1 if it is new, 0 if it is not, or an error. */
int known_add(Known *known, uint64_t key, int16_t identifier);
int32_t known_count(const Known *known);
/* Write all keys and what they identify, in the order they came. */
void known_list(const Known *known, uint64_t *keys, int16_t *identifiers);
/* What a key identifies, -1 if it is not known. */
int known_find(const Known *known, uint64_t key);
uint64_t key_begin(void);
uint64_t key_of(uint64_t key, const char *text, int32_t length);

/* --- matcher.c, settle.c ------------------------------------------------------------------------------------------- */

typedef struct {
    int32_t begin, end; /* symbols, the white space behind it included */
    int32_t candidates; /* where its candidates begin */
    int32_t taken, takes; /* its settled stretches */
    int8_t unsettled;
} Zone;

/* What a rule may do: ask Python about a match, move it, be learned from, be public, find names; and what there is to
   judge: nothing of the same beside it, lists of entries, literal values, words behind it, stop words, patterns and values
   that are allowed. */
enum {
    ASKS = 1,
    MOVES = 2,
    LEARNS = 4,
    PUBLIC = 8,
    NAMES = 16,
    ALONE = 32,
    AMONG = 64,
    VALUES = 128,
    AFTER = 256,
    STOPS = 512,
    ALLOWS = 1024,
    ALLOWED = 2048
};

/* Validators that have plain forms (`forms.c`); a rule with another one has a greater number. */
enum {
    F_NONE,
    F_DAY,
    F_LATE_DAY,
    F_PHONE,
    F_TELEPHONE,
    F_RECORD,
    F_CODE,
    F_BESIDE,
    F_SOCIAL,
    F_OLD,
    F_VIN,
    F_DEA,
    F_EMAIL,
    F_IP,
    F_CARD,
    F_IBAN,
    F_NPI,
    F_DIGIT
};

/* To whom the entries of `Matcher.listed` belong: to a rule, as words that must not follow, as entries of its lists, as
   values that it allows, as anchors of its values, or as values with so many atoms before their anchor. */
enum { AFTER_OWNER, ENTRY_OWNER, ALLOWED_OWNER, ANCHOR_OWNER, VALUE_OWNER, OWNERS = VALUE_OWNER + 64 };

/* `unless`, `context`: where in the matcher's cues those begin that speak against and for a value, -1 for none.
   `letters`, `hyphened`: as bits, of how many letters values are allowed, and of how many letters and hyphens.
   `sizes`..`sizes_end`: pairs of `Matcher.sizes`, atoms before a value's anchor and from it on, the longest first.
   `evidence`: the number of what speaks for and against a match, -1 for none; `kind`: where in the cues its kind of words
   stands. */
typedef struct {
    int32_t priority, identifier, flags, form, unless, context, letters, hyphened, sizes, sizes_end, evidence, kind;
} Rule;

/* What is said of a candidate; LATER: its rule weighs evidence, which `settle.c` does where something is left for it. */
enum { OPEN_QUESTION = 0, YES = 1, NO = 2, LATER = 3 };

static inline int told(int yes) { return yes ? YES : NO; }

typedef struct {
    int32_t zone, phrase, start, end, verdict;
} Candidate;

/* What Python reads: as many numbers as there are names. */
typedef struct {
    int32_t zone, phrase, start, end, zone_start, zone_end;
} Question;

/* A stretch that a rule takes; `rule` is -1 less the identifier for a value known from before. */
typedef struct {
    int32_t start, end, rule;
} Taken;

typedef struct {
    int32_t start, end, order, priority, rule;
} Ranked;

/* What Python reads of a matcher, which begins with it (`masking/native/__init__.py`). */
typedef struct {
    const int32_t *spans; /* two for each zone */
    const Candidate *candidates;
    const Question *questions;
    const Taken *findings;
    int32_t zones, settled, waiting, widest, candidate_count, question_count, finding_count;
} State;

typedef struct Matcher {
    State state;
    Words words;
    Characters characters;
    uint32_t symbols;
    Phrase *phrases;
    int32_t phrase_count;
    int32_t *rule_of; /* each phrase */
    Rule *rules;
    int32_t rule_count;
    char *cues;       /* lists of them, lines up to a NUL */
    Known *forgotten; /* words that are never learned */
    Known *listed;    /* words, entries and values of rules, each under its owner */
    Known *clues;     /* those of evidence, each under its number, with its points and NO_POINTS */
    int32_t *sizes;
    Group **groups;
    int32_t group_count;
    uint16_t *class_of; /* the class of each symbol in each group */
    uint64_t *wakes;    /* the groups that each symbol may wake: of each symbol for the first bank, then for more */
    Bank **banks;
    int32_t bank_count;
    Ends ends; /* of phrases in the zone that is searched */
    /* the text that was read last */
    const char *text;
    int32_t text_size; /* without the line end behind the last one */
    Symbol *tape;
    int32_t *at, *byte_at; /* the code point and the byte at which each symbol begins */
    uint64_t *keys;        /* of words of other letters than ASCII's; 0 for all else */
    int32_t length, room;
    Zone *zones;
    int32_t zone_count, zone_room;
    int32_t *spans; /* two for each zone */
    int32_t span_room, settled, waiting, zone;
    int judging;
    Candidate *candidates;
    int32_t candidate_count, candidate_room;
    Question *questions; /* what Python is to judge, and which candidates they are */
    int32_t *asked;
    int32_t question_count, question_room, asked_room;
    Taken *taken;
    int32_t taken_count, taken_room;
    Taken *work, *findings;
    int32_t work_count, work_room, finding_count, finding_room;
    Ranked *ranked;
    int32_t ranked_room;
    Taken *recalled;
    int32_t recalled_count, recalled_room;
} Matcher;

int32_t settle_zones(Matcher *m, int32_t zones);
uint64_t key_of_symbols(const Matcher *m, int32_t i, int32_t end, int signs);
/* Where the key of an entry of `listed` begins. */
uint64_t owned_key(int32_t owner);
/* What Python would say to a match of a rule: YES, NO, or OPEN_QUESTION if it has to be asked. With YES, *left and
   *right are where the value really stands. */
int verdict(const Matcher *m, const Rule *rule, int32_t *left, int32_t *right, const Zone *zone);
/* Say whether the clues around the word of symbols i..end speak for it (`evidence.c`). */
int speaks_for(const Matcher *m, const Rule *rule, int32_t i, int32_t end, const Zone *zone);
/* What a validator says to the value of symbols i..end. */
int form_verdict(const Matcher *m, int form, int32_t i, int32_t end);
/* The digits of a value, of which the first `most` are written to `digits`; returns how many there are. */
int32_t digits_in(const char *value, const char *end, char *digits, int32_t most);
/* YES or NO to the check digits of a value: of vehicles, of practitioners, of payment cards, of accounts. */
int check_vin(const char *value, const char *end);
int check_dea(const char *value, const char *end);
int check_card(const char *value, const char *end);
int check_iban(const char *value, const char *end);
/* Let Python see how things stand. */
void show(Matcher *m);
int grow(void **array, int32_t *room, int32_t needed, size_t size);

/* What the line end at a place of a text is: it parts behind what closes something and before an item of a list, and is a
   space between a colon and such an item, and if it is the second one behind a colon. Behind a text it is what it is. */
char line_end(const char *text, int32_t at, int32_t size);
int32_t matcher_read(Matcher *m, const char *text, int32_t size, uint16_t before, int32_t last);
/* Find what the phrases from..to match in the first zones of the text read last: its candidates, by zone and phrase. */
int32_t matcher_search(Matcher *m, int32_t zones, int32_t from, int32_t to);
/* Search, judge what can be judged here, and settle it. Returns how many matches Python is asked about, or an error;
   answer them until there are none (`matcher_answer`). */
int32_t matcher_judge(Matcher *m, int32_t zones, int32_t from, int32_t to);

#endif
