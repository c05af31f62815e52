/* Strict JSON, read into nodes that stand in the order of the body: what `masking.json_reader` reads, this reads, with
   the same verdicts at the same places. UTF-8 was checked before. Linear in the body: every byte is looked at once, and
   a key is compared with the keys before it by its number. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 256, FEW = 8 };

typedef struct {
    uint32_t node, members;
} Open;

typedef struct {
    Document *document;
    const char *body;
    const Names *words;
    uint64_t *seen; /* of objects with many members: the object and the number of a key, plus one */
    uint32_t seen_count, seen_mask;
    uint32_t left;
} Reader;

int has_room(void *items, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room) return 1;
    uint32_t more = *room ? *room * 2 : 16;
    if (more <= *room) return 0;
    void *held, *moved;
    memcpy(&held, items, sizeof held);
    moved = realloc(held, (size_t)more * size);
    if (!moved) return 0;
    memcpy(items, &moved, sizeof moved);
    *room = more;
    return 1;
}

/* The number of a key: of a word of the table its own, else behind them. Escapes are undone first. */
static uint32_t name_of(Reader *reader, const Token *token) {
    const char *text = reader->body + token->start + 1, *end = reader->body + token->end - 1;
    char *undone = NULL;
    uint32_t length = (uint32_t)(end - text), number;
    if (token->escaped) {
        undone = malloc(length);
        if (!undone) return NO_NAME;
        length = 0;
        while (text < end) length += (uint32_t)unescape(&text, undone + length);
        text = undone;
    }
    number = names_find(reader->words, NULL, text, length);
    if (number == NO_NAME) {
        number = names_add(&reader->document->names, reader->body, text, length, undone != NULL);
        if (number != NO_NAME) number += reader->words->count;
    }
    free(undone);
    return number;
}

static uint64_t *seen_slot(uint64_t *seen, uint32_t mask, uint64_t seed, uint64_t entry) {
    uint64_t hash = (entry ^ seed) * 0x9e3779b97f4a7c15u;
    uint32_t place = (uint32_t)(hash >> 32) & mask;
    while (seen[place] && seen[place] != entry) place = (place + 1) & mask;
    return &seen[place];
}

/* Whether a key stood in the object before: 1, else 0; NO_MEMORY. */
static int is_seen(Reader *reader, uint32_t node, uint32_t name) {
    if (reader->seen_count * 2 >= reader->seen_mask) {
        uint32_t mask = reader->seen ? reader->seen_mask * 2 + 1 : 255;
        uint64_t *seen = calloc((size_t)mask + 1, sizeof *seen);
        if (!seen) return NO_MEMORY;
        for (uint32_t place = 0; reader->seen && place <= reader->seen_mask; place++)
            if (reader->seen[place]) *seen_slot(seen, mask, reader->words->seed, reader->seen[place]) = reader->seen[place];
        free(reader->seen);
        reader->seen = seen;
        reader->seen_mask = mask;
    }
    uint64_t entry = ((uint64_t)node << 32 | name) + 1;
    uint64_t *slot = seen_slot(reader->seen, reader->seen_mask, reader->words->seed, entry);
    if (*slot) return 1;
    *slot = entry;
    reader->seen_count++;
    return 0;
}

static int is_duplicate(Reader *reader, const Open *open, uint32_t name) {
    const Node *nodes = reader->document->nodes;
    int found = 0;
    if (open->members < FEW) {
        for (uint32_t child = open->node + 1; child < reader->document->node_count; child = nodes[child].after)
            if (nodes[child].name == name) return 1;
        return 0;
    }
    if (open->members == FEW) /* there are more than few: from now on they are looked up */
        for (uint32_t child = open->node + 1; child < reader->document->node_count && !found; child = nodes[child].after)
            found = is_seen(reader, open->node, nodes[child].name);
    return found ? found : is_seen(reader, open->node, name);
}

static Node *push(Document *document, uint32_t kind, uint32_t start, uint32_t parent) {
    if (!has_room(&document->nodes, document->node_count, &document->node_room, sizeof(Node))) return NULL;
    Node *node = &document->nodes[document->node_count++];
    *node = (Node){.start = start, .after = document->node_count, .parent = parent, .kind = kind, .name = NO_NAME};
    return node;
}

static int fault(Document *document, int reason, uint32_t at) {
    document->fault_at = at;
    return reason;
}

/* Read the value at a place into a node; `at` goes on, `shut` becomes what closed a container at once. */
static int value(Reader *reader, uint32_t *at, uint32_t size, Open *open, const Token *key, char *shut) {
    const char *body = reader->body;
    Document *document = reader->document;
    uint32_t begin = *at, kind, end, count = 1, name = NO_NAME;
    Token token = {0};
    *shut = 0;
    if (body[begin] == '{' || body[begin] == '[') {
        kind = body[begin] == '{' ? MEMBERS : ITEMS;
        end = skip_space(body, begin + 1);
        if (body[end] == '}' || body[end] == ']') *shut = body[end++];
    } else if (body[begin] == '"') {
        if (!read_string(body, begin, size, &token)) return NOT_JSON;
        kind = TEXT | (token.escaped ? ESCAPED : 0u);
        end = token.end;
    } else {
        end = read_scalar(body, begin);
        if (end == begin) return NOT_JSON;
        kind = SCALARS;
        while (open && !key) { /* neighbouring scalars of an array are one node */
            uint32_t next = skip_space(body, end);
            if (body[next] != ',') break;
            next = skip_space(body, next + 1);
            uint32_t last = read_scalar(body, next);
            if (last == next) break;
            end = last;
            count++;
        }
        kind |= count << COUNT_SHIFT;
    }
    *at = end;
    if (open && type_of(&(Node){.kind = kind}) < ITEMS) { /* what follows belongs to the value: nothing else may */
        uint32_t mark = skip_space(body, end);
        if (body[mark] != ',' && body[mark] != (key ? '}' : ']')) return NOT_JSON;
        *shut = body[mark];
        *at = mark + 1;
    }
    if (key) {
        if (is_lone(body, key)) return fault(document, LONE_SURROGATE, key->start);
        name = name_of(reader, key);
        if (name == NO_NAME) return NO_MEMORY;
        int seen = is_duplicate(reader, open, name);
        if (seen) return seen < 0 ? seen : fault(document, DUPLICATE_KEY, key->start);
    }
    if (is_lone(body, &token)) return fault(document, LONE_SURROGATE, begin);
    Node *node = push(document, kind, begin, open ? open->node : NO_NAME);
    if (!node) return NO_MEMORY;
    if (type_of(node) < ITEMS) node->end = end;
    if (key) node->key_start = key->start, node->key_end = key->end, node->name = name;
    else if (open) node->name = open->members;
    if (open) open->members += key ? 1 : count;
    return 0;
}

static int member_or_item(Reader *reader, uint32_t *at, uint32_t size, Open *open, char *mark) {
    const char *body = reader->body;
    uint32_t place = skip_space(body, *at);
    Token key;
    const Token *named = NULL;
    if (type_of(&reader->document->nodes[open->node]) == MEMBERS) {
        if (!read_string(body, place, size, &key)) return NOT_JSON;
        place = skip_space(body, key.end);
        if (body[place] != ':') return NOT_JSON;
        place = skip_space(body, place + 1);
        named = &key;
    }
    int result = value(reader, &place, size, open, named, mark);
    if (result == 0) *at = place;
    return result;
}

static int read_all(Reader *reader, uint32_t size, uint32_t max_depth) {
    Document *document = reader->document;
    Open opened[MOST_DEPTH + 1];
    uint32_t at = skip_space(reader->body, 0), depth = 0;
    char mark;
    int result = value(reader, &at, size, NULL, NULL, &mark);
    if (result) return result == NOT_JSON ? fault(document, NOT_JSON, 0) : result;
    if (type_of(&document->nodes[0]) >= ITEMS) {
        opened[0] = (Open){0, 0};
        for (;;) {
            Open *open = &opened[depth];
            if (mark == 0 || mark == ',') {
                uint32_t before = at, index = document->node_count;
                if (reader->left-- == 0) return fault(document, TOO_MANY_NODES, at);
                result = member_or_item(reader, &at, size, open, &mark);
                if (result) return result == NOT_JSON ? fault(document, NOT_JSON, before) : result;
                if (type_of(&document->nodes[index]) >= ITEMS) {
                    if (++depth >= max_depth) return fault(document, TOO_DEEP, at);
                    opened[depth] = (Open){index, 0};
                }
                continue;
            }
            Node *node = &document->nodes[open->node];
            if (mark != (type_of(node) == MEMBERS ? '}' : ']')) return fault(document, NOT_JSON, at);
            node->end = at;
            node->after = document->node_count;
            if (depth-- == 0) break;
            uint32_t next = skip_space(reader->body, at);
            mark = reader->body[next];
            if (mark != ',' && mark != '}' && mark != ']') return fault(document, NOT_JSON, at);
            at = next + 1;
        }
    }
    uint32_t rest = skip_space(reader->body, at);
    return rest == size ? 0 : fault(document, TRAILING_DATA, at);
}

void document_free(Document *document) {
    if (!document) return;
    free(document->nodes);
    free(document->leaves);
    free(document->units);
    free(document->opaque);
    free(document->changes);
    free(document->out);
    free(document->work);
    names_free(&document->names);
    free(document);
}

/* Read a body; NULL with a reason and a place where it is refused. */
Document *document_new(const Places *places, const char *body, uint32_t size, uint32_t max_depth, uint32_t max_nodes,
                       int32_t *reason, uint32_t *at) {
    Document *document = calloc(1, sizeof *document);
    *reason = NO_MEMORY;
    if (!document) return NULL;
    document->places = places;
    document->names.seed = places->words.seed;
    Reader reader = {.document = document, .body = body, .words = &places->words, .left = max_nodes};
    *reason = max_depth > MOST_DEPTH ? TOO_DEEP : read_all(&reader, size, max_depth);
    free(reader.seen);
    if (*reason == 0) {
        document->name_list = document->names.all;
        document->name_pool = document->names.pool;
        document->name_count = document->names.count;
        document->pooled = document->names.pooled;
        return document;
    }
    *at = document->fault_at;
    document_free(document);
    return NULL;
}
