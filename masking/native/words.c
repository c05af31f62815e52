/* Words: which code the lists give a word, how it is written, what a number may be (`masking/lexicon.py`).
   Words are letters with apostrophes between them; those with letters beyond ASCII are found as they are written or by
   their plain form (`characters.c`). */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

/* Letters and apostrophes are lower case with this bit set; a word has so many letters before an ending. */
enum { LOWER = 0x20, STEM = 2 };

/* The same bit, and the one that letters have and an apostrophe has not, in eight bytes. */
#define ALL_LOWER 0x2020202020202020u
#define ALL_LETTERS 0x4040404040404040u

/* A word of at most 24 letters is three parts of eight, zeros behind it. Remembered words: a power of two. */
enum { PARTS = 3, SHORT_WORD = 8 * PARTS, USUAL_BITS = 13 };

struct Usual {
    uint64_t part[PARTS]; /* in lower case */
    uint64_t code;
};

static uint64_t mix(uint64_t hash, uint64_t part) {
    hash = (hash ^ part) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

/* Eight bytes of a word from a place on as a number, the first byte its lowest, zeros behind its end. */
static uint64_t part_at(const char *word, uint32_t length, uint32_t at) {
    uint32_t rest = length - at;
    uint64_t part = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (rest >= 8) {
        memcpy(&part, word + at, 8);
    } else if (length >= 8) {
        memcpy(&part, word + length - 8, 8);
        part >>= 64 - 8 * rest;
    } else
#endif
    {
        if (rest > 8) rest = 8;
        for (uint32_t i = 0; i < rest; i++) part |= (uint64_t)(uint8_t)word[i] << (8 * i);
    }
    return part;
}

/* Some bits of each of the first bytes of a part. */
static uint64_t first_of(uint64_t bits, uint32_t bytes) { return bytes < 8 ? bits >> (64 - 8 * bytes) : bits; }

uint64_t word_hash(const char *word, uint32_t length) {
    uint64_t hash = length;
    for (uint32_t at = 0; at < length; at += 8)
        hash = mix(hash, part_at(word, length, at) | first_of(ALL_LOWER, length - at));
    return hash;
}

static int same(const char *listed, const char *word, uint32_t length) {
    for (uint32_t i = 0; i < length; i++)
        if (listed[i] != (char)(word[i] | LOWER)) return 0;
    return 1;
}

/* Find a word of ASCII in any case, or any word as it is listed (`exact`), by its hash. */
static const Slot *find_hashed(const Slot *slots, uint32_t mask, const char *pool, const char *word, uint32_t length,
                               uint64_t hash, int exact) {
    for (uint32_t place = (uint32_t)hash & mask; slots[place].length; place = (place + 1) & mask) {
        const char *listed = pool + slots[place].at;
        if (slots[place].hash == hash && slots[place].length == length &&
            (exact ? !memcmp(listed, word, length) : same(listed, word, length)))
            return &slots[place];
    }
    return NULL;
}

static const Slot *find(const Slot *slots, uint32_t mask, const char *pool, const char *word, uint32_t length,
                        int exact) {
    return find_hashed(slots, mask, pool, word, length, word_hash(word, length), exact);
}

static uint32_t line_length(const char *line, uint32_t size) {
    const char *end = memchr(line, '\n', size);
    return end ? (uint32_t)(end - line) : size;
}

static int fill(Slot **slots, uint32_t *mask, char **pool, const char *lines, uint32_t size, const uint16_t *codes) {
    uint32_t count = 0, room = 16;
    for (uint32_t i = 0; i < size; i++) count += lines[i] == '\n';
    while (room < 2 * count) room *= 2;
    *mask = room - 1;
    *slots = calloc(room, sizeof(Slot));
    *pool = malloc(size + 1u);
    if (!*slots || !*pool) return OUT_OF_MEMORY;
    memcpy(*pool, lines, size);
    for (uint32_t at = 0; at < size; codes++) {
        uint32_t length = line_length(lines + at, size - at);
        if (length && length <= UINT16_MAX) {
            uint64_t hash = word_hash(lines + at, length);
            uint32_t place = (uint32_t)hash & *mask;
            while ((*slots)[place].length) place = (place + 1) & *mask;
            (*slots)[place] = (Slot){hash, at, (uint16_t)length, *codes};
        }
        at += length + 1;
    }
    return 0;
}

int words_new(Words *words, Lists *lists, const uint16_t *codes) {
    words->usual = calloc(1u << USUAL_BITS, sizeof(Usual));
    if (!words->usual || !lists->slots) return OUT_OF_MEMORY;
    words->pool = lists->pool;
    words->slots = lists->slots;
    words->mask = lists->mask;
    lists->pool = NULL;
    lists->slots = NULL;
    for (uint32_t place = 0; place <= words->mask; place++)
        if (words->slots[place].length) words->slots[place].code = codes[words->slots[place].code];
    return 0;
}

/* The bit of the last letters of a word, as many as each ending has: few words have those of an ending. */
static uint32_t tail_of(const Words *words, const char *word, uint32_t length) {
    uint32_t tail = 0, size = words->endings[0] < TAIL ? words->endings[0] : TAIL;
    for (uint32_t i = length - size; i < length; i++) tail = tail << 8 | (uint8_t)(word[i] | LOWER);
    return tail * 0x9e3779b1u >> (32 - TAIL_BITS);
}

int words_endings(Words *words, const char *lines, uint32_t size, const uint16_t *codes) {
    int status = fill(&words->ending_slots, &words->ending_mask, &words->ending_pool, lines, size, codes);
    words->ending_places = calloc(words->ending_mask + 1u, sizeof(uint16_t));
    if (status || !words->ending_places) return status ? status : OUT_OF_MEMORY;
    int lengths = 0;
    uint32_t length;
    for (uint32_t at = 0, place = 0; at < size; at += length + 1, place++) {
        length = line_length(lines + at, size - at);
        const Slot *slot = find(words->ending_slots, words->ending_mask, words->ending_pool, lines + at, length, 1);
        if (!slot || place > UINT16_MAX) return BAD_SYNTAX;
        words->ending_places[slot - words->ending_slots] = (uint16_t)place;
        int known = 0;
        for (int j = 0; j < lengths; j++) known |= words->endings[j] == length;
        if (known) continue;
        if (lengths + 1 >= (int)(sizeof words->endings / sizeof *words->endings)) return TOO_LARGE;
        int j = lengths++;
        for (; j > 0 && words->endings[j - 1] > length; j--) words->endings[j] = words->endings[j - 1];
        words->endings[j] = (uint16_t)length;
    }
    for (uint32_t at = 0; at < size; at += length + 1) {
        length = line_length(lines + at, size - at);
        uint32_t tail = tail_of(words, lines + at, length);
        words->tails[tail / 8] |= (uint8_t)(1 << tail % 8);
    }
    return 0;
}

void words_free(Words *words) {
    free(words->pool);
    free(words->slots);
    free(words->usual);
    free(words->ending_pool);
    free(words->ending_slots);
    free(words->ending_places);
    free(words->inert);
    free(words->is_inert);
}

/* The code of a word of no list: that of the first ending, in the order they were given, that it has. */
static uint16_t code_by_ending(const Words *words, const char *word, uint32_t length, int exact) {
    uint16_t code = words->unknown;
    int first = UINT16_MAX + 1;
    if (!words->endings[0] || words->endings[0] >= length) return code;
    uint32_t tail = tail_of(words, word, length);
    if (!(words->tails[tail / 8] >> tail % 8 & 1)) return code;
    for (int i = 0; words->endings[i] && words->endings[i] + 1u < length; i++) {
        uint32_t size = words->endings[i], letters = 0;
        const Slot *slot =
            find(words->ending_slots, words->ending_mask, words->ending_pool, word + length - size, size, exact);
        for (uint32_t at = 0; slot && at < length - size && letters < STEM; at++) letters += !is_behind(word[at]);
        if (slot && letters == STEM && words->ending_places[slot - words->ending_slots] < first) {
            first = words->ending_places[slot - words->ending_slots];
            code = slot->code;
        }
    }
    return code;
}

static int shape_of(const char *word, uint32_t length) {
    uint32_t uppers = 0, letters = 0;
    int title = 1, inside = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (word[i] == '\'') {
            inside = 0;
            continue;
        }
        int upper = !(word[i] & LOWER);
        uppers += (uint32_t)upper;
        letters++;
        title &= upper != inside; /* a capital where a word begins, and nowhere else */
        inside = 1;
    }
    if (!uppers) return length > 1 ? S_LOWER : S_LETTER;
    if (length == 1) return S_INITIAL;
    if (uppers == letters) return S_UPPER;
    if (word[0] & LOWER) return S_MIXED;
    return title ? S_TITLE : S_CAMEL;
}

static Symbol symbol_of(const Words *words, uint16_t code, int shape) {
    if (shape == S_LOWER) code = words->inert[code];
    if (code >= shape_size(words->codes, words->letters, shape)) code = words->unknown; /* no letter is that */
    return (Symbol)(shape_begin(words->codes, words->letters, shape) + code);
}

static const Slot *listed(const Words *words, const char *word, uint32_t length, int exact) {
    return length <= UINT16_MAX ? find(words->slots, words->mask, words->pool, word, length, exact) : NULL;
}

/* The symbol of a word of at most 24 letters. The words of a text are mostly the same few thousand: those that lists hold
   are remembered where they are near, for each slot of the lists is a wait for memory. */
static Symbol short_symbol(const Words *words, const char *word, uint32_t length) {
    uint64_t part[PARTS] = {0}, hash = length, uppers = 0, signs = 0;
    for (uint32_t at = 0; at < length; at += 8) {
        uint64_t raw = part_at(word, length, at), low = first_of(ALL_LOWER, length - at);
        signs |= ~raw & first_of(ALL_LETTERS, length - at);
        uppers |= at ? ~raw & low : ~raw & low & ~(uint64_t)LOWER;
        hash = mix(hash, part[at / 8] = raw | low);
    }
    int begins_upper = !(word[0] & LOWER), shape;
    if (uppers || signs || length == 1) shape = shape_of(word, length);
    else shape = begins_upper ? S_TITLE : S_LOWER;
    Usual *usual = &words->usual[hash >> (64 - USUAL_BITS)];
    if (memcmp(usual->part, part, sizeof part)) {
        const Slot *slot = find_hashed(words->slots, words->mask, words->pool, word, length, hash, 0);
        if (!slot) return symbol_of(words, code_by_ending(words, word, length, 0), shape);
        memcpy(usual->part, part, sizeof part);
        usual->code = slot->code;
    }
    return symbol_of(words, (uint16_t)usual->code, shape);
}

Symbol word_symbol(const Words *words, const char *word, uint32_t length) {
    if (length <= SHORT_WORD) return short_symbol(words, word, length);
    const Slot *slot = listed(words, word, length, 0);
    return symbol_of(words, slot ? slot->code : code_by_ending(words, word, length, 0), shape_of(word, length));
}

Symbol listed_symbol(const Words *words, const char *word, uint32_t length, const char *plain, uint32_t plain_length,
                     int shape) {
    const Slot *slot = listed(words, word, length, 1);
    if (!slot && is_of_letters(shape) && !is_single(plain, plain_length)) /* `ǆ` is a letter, and no list's `dz` */
        return symbol_of(words, words->unknown, shape);
    if (!slot) slot = listed(words, plain, plain_length, 1);
    return symbol_of(words, slot ? slot->code : code_by_ending(words, plain, plain_length, 1), shape);
}

Symbol number_symbol(const char *digits, uint32_t length) {
    enum { MONTH, DAY, TWO, OLD, YEAR, NUMBER };
    int value = -1, kind;
    if (length <= 4) {
        value = 0;
        for (uint32_t i = 0; i < length; i++) value = 10 * value + digits[i] - '0';
    }
    if (length <= 2)
        kind = value >= 1 && value <= 12 ? MONTH : value >= 13 && value <= 31 ? DAY : value >= 90 ? OLD : TWO;
    else if (length < 4)
        kind = value >= 90 && value <= 125 ? OLD : NUMBER;
    else
        kind = value >= 1850 && value <= 2099 ? YEAR : NUMBER;
    return (Symbol)(NUMBERS + kind * LENGTHS + (length < LENGTHS ? length : LENGTHS) - 1);
}
