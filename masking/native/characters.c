/* Characters beyond ASCII: what Unicode says of them (`lexicon.character`), and words that have some.

   Python tells of a character when a text first holds it. That is all that is kept: no word, and nothing of a text but
   which characters there are. */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, LONGEST_FORM = 512 };

/* The code point that begins here, of valid UTF-8, and its bytes. */
static uint32_t decoded(const char *text, int32_t *size) {
    const uint8_t *byte = (const uint8_t *)text;
    if (byte[0] < 0x80) return *size = 1, byte[0];
    if (byte[0] < 0xe0) return *size = 2, (byte[0] & 0x1fu) << 6 | (byte[1] & 0x3fu);
    if (byte[0] < 0xf0) return *size = 3, (byte[0] & 0xfu) << 12 | (byte[1] & 0x3fu) << 6 | (byte[2] & 0x3fu);
    return *size = 4,
           (byte[0] & 7u) << 18 | (byte[1] & 0x3fu) << 12 | (byte[2] & 0x3fu) << 6 | (byte[3] & 0x3fu);
}

static const Character *character(const Characters *known, uint32_t code) {
    static const Character untold = {0};
    const Character *page = code / PAGE < 0x1100 ? known->pages[code / PAGE] : NULL;
    return page ? &page[code % PAGE] : &untold;
}

void characters_free(Characters *known) {
    for (int i = 0; i < 0x1100; i++) free(known->pages[i]);
    free(known->plains);
}

int32_t characters_untold(const Characters *known, int32_t *codes, int32_t count) {
    int32_t untold = 0;
    for (int32_t i = 0; i < count; i++)
        if (codes[i] >= 0x80 && !character(known, (uint32_t)codes[i])->kind) codes[untold++] = codes[i];
    return untold;
}

int32_t characters_tell(Characters *known, const int32_t *facts, int32_t count, const char *plains, int32_t size) {
    int32_t at = known->plain_count;
    if (size < 0 || grow((void **)&known->plains, &known->plain_room, at + size, 1)) return OUT_OF_MEMORY;
    if (size) memcpy(known->plains + at, plains, (size_t)size);
    known->plain_count += size;
    for (; count-- > 0; facts += 3) {
        uint32_t code = (uint32_t)facts[0];
        if (code / PAGE >= 0x1100 || facts[2] < 0 || facts[2] > UINT8_MAX || facts[2] > known->plain_count - at)
            return BAD_SYNTAX;
        Character **page = &known->pages[code / PAGE];
        if (!*page && !(*page = calloc(PAGE, sizeof(Character)))) return OUT_OF_MEMORY;
        (*page)[code % PAGE] = (Character){(uint32_t)at, (uint8_t)facts[2], (uint8_t)(facts[1] | C_TOLD)};
        at += facts[2];
    }
    return 0;
}

int characters_told(const Characters *known, const char *text, int32_t size) {
    for (int32_t at = 0, bytes; at < size; at += bytes)
        if (!(text[at] & 0x80)) bytes = 1;
        else if (!character(known, decoded(text + at, &bytes))->kind) return 0;
    return 1;
}

int kind_at(const Characters *known, const char *text, int32_t *size) {
    *size = 1;
    if (is_letter(*text)) return *text & 0x20 ? C_WORD | C_LOWER : C_WORD | C_UPPER;
    if (!(*text & 0x80)) return is_digit(*text) ? C_DIGIT : 0;
    return character(known, decoded(text, size))->kind;
}

/* The end of a word: letters, with apostrophes between them but for that of a possessive. */
int32_t wide_word_end(const Characters *known, const char *text, int32_t at, int32_t end) {
    int32_t size;
    for (;;) {
        while (at < end && kind_at(known, text + at, &size) & C_WORD) at += size;
        if (at + 1 >= end || text[at] != '\'' || !(kind_at(known, text + at + 1, &size) & C_WORD)) return at;
        if ((text[at + 1] | 0x20) == 's') {
            int kind = at + 2 < end ? kind_at(known, text + at + 2, &size) : 0;
            if (!(kind & (C_WORD | C_DIGIT)) && !(at + 2 < end && text[at + 2] == '_')) return at;
        }
        at++;
    }
}

/* The shape of a word (`lexicon.shape_of`): Python's `islower`, `isupper` and `istitle`, with what has no case. */
static int shape_of(const Characters *known, const char *word, int32_t size) {
    int32_t letters = 0, uppers = 0, lowers = 0, titles = 0, bytes;
    int inside = 0, title = 1, first = kind_at(known, word, &bytes);
    for (int32_t at = 0; at < size; at += bytes, letters++) {
        int kind = kind_at(known, word + at, &bytes);
        int cased = kind & (C_UPPER | C_LOWER | C_TITLE);
        uppers += (kind & C_UPPER) != 0;
        titles += (kind & C_TITLE) != 0;
        lowers += (kind & C_LOWER) != 0;
        if (cased && (inside != 0) != ((kind & C_LOWER) != 0)) title = 0;
        inside = cased;
    }
    if (lowers && !uppers && !titles) return letters > 1 ? S_LOWER : S_LETTER;
    if (letters == 1) return uppers ? S_INITIAL : S_UNCASED;
    if (uppers && !lowers && !titles) return S_UPPER;
    if (!(first & C_UPPER)) return uppers ? S_MIXED : S_UNCASED;
    return title ? S_TITLE : S_CAMEL;
}

/* Write the plain form of a word, lower case without marks, or only say how long it is. */
static int32_t plain_form(const Characters *known, const char *word, int32_t size, char *to) {
    int32_t length = 0, bytes;
    for (int32_t at = 0; at < size; at += bytes) {
        if (!(word[at] & 0x80)) {
            bytes = 1;
            if (to) to[length] = (char)(is_letter(word[at]) ? word[at] | 0x20 : word[at]);
            length++;
        } else {
            const Character *one = character(known, decoded(word + at, &bytes));
            if (to && one->length) memcpy(to + length, known->plains + one->plain, one->length);
            length += one->length;
        }
    }
    return length;
}

uint64_t key_of_wide(const Characters *known, uint64_t key, const char *word, int32_t size) {
    for (int32_t at = 0, bytes; at < size; at += bytes) {
        bytes = 1;
        if (word[at] & 0x80) {
            const Character *one = character(known, decoded(word + at, &bytes));
            key = key_of(key, known->plains + one->plain, one->length);
        } else key = key_of(key, word + at, 1);
    }
    return key;
}

Symbol wide_symbol(const Characters *known, const Words *words, const char *word, int32_t size, uint64_t *key) {
    char short_form[LONGEST_FORM], *plain = short_form;
    int32_t length = plain_form(known, word, size, NULL);
    *key = 0;
    if (length > LONGEST_FORM && !(plain = malloc((size_t)length))) return 0;
    plain_form(known, word, size, plain);
    *key = key_of(key_begin(), plain, length);
    if (!*key) *key = 1;
    Symbol symbol =
        listed_symbol(words, word, (uint32_t)size, plain, (uint32_t)length, shape_of(known, word, size));
    if (plain != short_form) free(plain);
    return symbol;
}
