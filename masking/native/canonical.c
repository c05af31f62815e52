/* The canonical form of a unit: what `masking.canonical` writes, this writes, byte for byte. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    Document *document;
    const Places *places;
    const char *body;
    int failed;
} Writer;

static void node(Writer *writer, const Node *what);
static void block(Writer *writer, const Node *what, int is_call);

static char *room(Writer *writer, size_t size) {
    Document *document = writer->document;
    if (document->out_room - document->out_length < size) {
        uint64_t needed = document->out_length + size, more = needed > document->out_room * 2 ? needed : document->out_room * 2;
        char *moved = realloc(document->out, more);
        if (!moved) {
            writer->failed = NO_MEMORY;
            return NULL;
        }
        document->out = moved;
        document->out_room = more;
    }
    return document->out + document->out_length;
}

static void put(Writer *writer, const char *text, size_t size) {
    char *to = room(writer, size);
    if (!to) return;
    memcpy(to, text, size);
    writer->document->out_length += size;
}

/* One byte of a text as JSON demands it; returns how many bytes that took. */
static int escaped(char sign, char *to) {
    static const char signs[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    static const char digits[] = "0123456789abcdef";
    if ((unsigned char)sign >= 0x20 && sign != '"' && sign != '\\') return *to = sign, 1;
    const char *found = sign ? strchr(signs, sign) : NULL;
    to[0] = '\\';
    if (found) return to[1] = found[1], 2;
    memcpy(to + 1, "u00", 3);
    to[4] = digits[sign >> 4 & 15];
    to[5] = digits[sign & 15];
    return 6;
}

static void string(Writer *writer, const Node *what) {
    const char *text = writer->body + what->start, *end = writer->body + what->end;
    if (!(what->kind & ESCAPED)) {
        put(writer, text, (size_t)(end - text));
        return;
    }
    char *to = room(writer, 6 * (size_t)(end - text)), undone[4];
    if (!to) return;
    char *begin = to;
    *to++ = '"';
    for (text++, end--; text < end;) {
        const char *escape = memchr(text, '\\', (size_t)(end - text)), *plain_end = escape ? escape : end;
        memcpy(to, text, (size_t)(plain_end - text)); /* what needs no escape stands there without one */
        to += plain_end - text;
        text = plain_end;
        if (!escape) break;
        int length = unescape(&text, undone);
        for (int place = 0; place < length; place++) to += escaped(undone[place], to);
    }
    *to++ = '"';
    writer->document->out_length += (uint64_t)(to - begin);
}

static void key(Writer *writer, const Node *what, char mark) {
    const Names *words = &writer->places->words, *names = &writer->document->names;
    int is_word = what->name < words->count;
    uint32_t number = is_word ? what->name : what->name - words->count;
    const Name *name = is_word ? &words->all[number] : &names->all[number];
    const char *text = is_word ? name_text(words, NULL, number) : name_text(names, writer->body, number);
    char *to = room(writer, 6 * (size_t)name->length + 4);
    if (!to) return;
    char *begin = to;
    *to++ = mark;
    *to++ = '"';
    for (uint32_t place = 0; place < name->length; place++) to += escaped(text[place], to);
    *to++ = '"';
    *to++ = ':';
    writer->document->out_length += (uint64_t)(to - begin);
}

static int is_digit(char sign) {
    return sign >= '0' && sign <= '9';
}

/* One spelling for all numbers that are exactly the same: digits without zeros around them, and a power of ten. */
static void number(Writer *writer, const char *text, size_t size) {
    enum { EXPONENT_DIGITS = 12, PLAIN_DIGITS = 21, PLAIN_INTEGER = 15 };
    const char *end = text + size, *at = text;
    int negative = *at == '-';
    at += negative;
    if (at == end || !is_digit(*at)) { /* true, false, null */
        put(writer, text, size);
        return;
    }
    const char *whole = at, *fraction = NULL, *power = NULL;
    while (at < end && is_digit(*at)) at++;
    const char *whole_end = at, *fraction_end = at;
    if (at == end && whole_end - whole <= PLAIN_INTEGER) {
        put(writer, whole_end - whole == 1 && *whole == '0' ? whole : text, *whole == '0' ? 1 : size);
        return;
    }
    if (at < end && *at == '.') {
        fraction = ++at;
        while (at < end && is_digit(*at)) at++;
        fraction_end = at;
    }
    if (at < end) power = at + 1;
    if (power && end - power > EXPONENT_DIGITS) {
        put(writer, text, size);
        return;
    }
    char *to = room(writer, size + 64);
    if (!to) return;
    char *begin = to;
    if (negative) *to++ = '-';
    char *digits = to;
    memcpy(to, whole, (size_t)(whole_end - whole));
    to += whole_end - whole;
    int64_t exponent = 0;
    if (fraction) {
        memcpy(to, fraction, (size_t)(fraction_end - fraction));
        to += fraction_end - fraction;
        exponent -= fraction_end - fraction;
    }
    char *first = digits;
    while (first < to && *first == '0') first++;
    while (to > first && to[-1] == '0') to--, exponent++;
    size_t significant = (size_t)(to - first);
    if (!significant) {
        *begin = '0';
        writer->document->out_length++;
        return;
    }
    memmove(digits, first, significant);
    to = digits + significant;
    if (power) {
        int64_t value = 0;
        int below = *power == '-';
        for (power += *power == '-' || *power == '+'; power < end; power++) value = value * 10 + (*power - '0');
        exponent += below ? -value : value;
    }
    if (exponent >= 0 && (int64_t)significant + exponent <= PLAIN_DIGITS) {
        memset(to, '0', (size_t)exponent);
        to += exponent;
    } else {
        char spelled[24];
        int length = 0, below = exponent < 0;
        for (uint64_t left = (uint64_t)(below ? -exponent : exponent); left || !length; left /= 10)
            spelled[length++] = (char)('0' + left % 10);
        *to++ = 'e';
        if (below) *to++ = '-';
        while (length) *to++ = spelled[--length];
    }
    writer->document->out_length += (uint64_t)(to - begin);
}

static void scalars(Writer *writer, const Node *what) {
    uint32_t at = what->start;
    for (int more = 0; at < what->end && !writer->failed; more = 1) {
        uint32_t end = at;
        while (end < what->end && !strchr(" \t\n\r,", writer->body[end])) end++;
        if (more) put(writer, ",", 1);
        number(writer, writer->body + at, end - at);
        while (end < what->end && strchr(" \t\n\r,", writer->body[end])) end++;
        at = end;
    }
}

static int spells(const Writer *writer, const Node *what, const char *text) {
    size_t length = strlen(text);
    return what->end - what->start == length && !memcmp(writer->body + what->start, text, length);
}

static int is_null(const Writer *writer, const Node *what) {
    return type_of(what) == SCALARS && spells(writer, what, "null");
}

static int is_direct(const Writer *writer, const Node *what) {
    if (type_of(what) != MEMBERS || what->after - 1 == (uint32_t)(what - writer->document->nodes)) return 0;
    const Node *type = what + 1;
    return type->name == W_TYPE && type->after == what->after && type_of(type) == TEXT &&
           word_at(writer->document, writer->body, type) == W_DIRECT;
}

static int says_nothing(const Writer *writer, const Node *what, int is_call) {
    const uint8_t *is = writer->places->is;
    if (what->name >= writer->places->words.count) return 0;
    if (what->name == W_CACHE_CONTROL && is_cache_mark(writer->document, writer->body, what)) return 1;
    if (what->name == W_CITATIONS && type_of(what) == ITEMS &&
        what->after == (uint32_t)(what - writer->document->nodes) + 1)
        return 1;
    if (is[what->name] & IS_UNIT_KEY && is_null(writer, what)) return 1;
    return is_call && what->name == W_CALLER && is_direct(writer, what);
}

static void list(Writer *writer, const Node *what, int of_blocks) {
    const Node *nodes = writer->document->nodes;
    char mark = '[';
    for (const Node *child = what + 1; child < nodes + what->after && !writer->failed; child = nodes + child->after) {
        put(writer, &mark, 1);
        mark = ',';
        if (of_blocks) block(writer, child, 0);
        else node(writer, child);
    }
    put(writer, "[]", mark == '[' ? 2 : 0);
    if (mark == ',') put(writer, "]", 1);
}

/* An object; `as_block`: without what says nothing in it and in the blocks it holds. */
static void object(Writer *writer, const Node *what, int as_block, int is_call) {
    Document *document = writer->document;
    Span span;
    if (!sorted_members(document, writer->body, what, 0, &span)) {
        writer->failed = NO_MEMORY;
        return;
    }
    char mark = '{';
    for (uint32_t place = span.from; place < span.to && !writer->failed; place++) {
        const Node *child = &document->nodes[document->work[place]];
        if (as_block && says_nothing(writer, child, is_call)) continue;
        key(writer, child, mark);
        mark = ',';
        int nested = as_block && child->name < writer->places->words.count &&
                     writer->places->is[child->name] & IS_NESTED;
        if (!nested) node(writer, child);
        else if (type_of(child) == ITEMS) list(writer, child, 1);
        else block(writer, child, 0);
    }
    document->work_count = span.from;
    put(writer, "{}", mark == '{' ? 2 : 0);
    if (mark == ',') put(writer, "}", 1);
}

static void block(Writer *writer, const Node *what, int is_call) {
    if (type_of(what) == MEMBERS) object(writer, what, 1, is_call);
    else node(writer, what);
}

static void node(Writer *writer, const Node *what) {
    switch (type_of(what)) {
    case TEXT:
        string(writer, what);
        return;
    case SCALARS:
        scalars(writer, what);
        return;
    case ITEMS:
        list(writer, what, 0);
        return;
    default:
        object(writer, what, 0, 0);
    }
}

static void unit(Writer *writer, const Unit *what) {
    static const char *const kinds[] = {"tool", "system", "message"};
    const Document *document = writer->document;
    const Places *places = writer->places;
    const Node *begin = &document->nodes[what->node];
    put(writer, kinds[what->kind], strlen(kinds[what->kind]) + 1);
    if (what->kind != TOOL_UNIT)
        put(writer, name_text(&places->words, NULL, what->role), places->words.all[what->role].length);
    put(writer, "", 1);
    if (type_of(begin) == MEMBERS) {
        object(writer, begin, 1, what->type < places->words.count && places->is[what->type] & IS_CALL);
        return;
    }
    put(writer, "{\"text\":", 8); /* what is no object stands for a text block */
    node(writer, begin);
    put(writer, ",\"type\":\"text\"}", 15);
}

/* Write kind, role and canonical form of units to `out`, from one on, until they take more than `limit` bytes; `ends` of
   the units says where each ends. Returns the unit to go on with, or NO_MEMORY. */
int64_t document_canonical(Document *document, const char *body, uint32_t from, uint64_t limit) {
    Writer writer = {document, document->places, body, 0};
    document->out_length = 0;
    while (from < document->unit_count && document->out_length < limit && !writer.failed) {
        unit(&writer, &document->units[from]);
        document->units[from++].canonical_end = (uint32_t)document->out_length;
    }
    return writer.failed ? NO_MEMORY : (int64_t)from;
}
