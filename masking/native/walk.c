/* The walk of a document by the table of places: what `masking.leaves` collects, in the same order. */
#include "document.h"

#include <string.h>

typedef struct {
    uint8_t treatment, memo;
} Treated;

/* The keys above a value in JSON of the caller's own: its own and the one above. */
typedef struct {
    uint32_t above, last;
} Keys;

static const Keys no_keys = {NO_NAME, NO_NAME};
static const Treated unknown = {UNKNOWN, MEMO_OTHER};

static void all(Walk *walk, uint32_t node, Treated how, Keys keys);

static uint64_t text_size(const Walk *walk, const Node *node) {
    const char *text = walk->body + node->start + 1, *end = walk->body + node->end - 1;
    uint64_t size = (uint64_t)(end - text);
    char undone[4];
    if (!(node->kind & ESCAPED)) return size;
    while ((text = memchr(text, '\\', (size_t)(end - text)))) {
        const char *begin = text;
        int length = unescape(&text, undone);
        size -= (uint64_t)(text - begin - length);
    }
    return size;
}

static void take(Walk *walk, uint32_t index, Treated how, int label, int is, Keys keys) {
    Document *document = walk->document;
    const Node *node = &document->nodes[index];
    if (!has_room(&document->leaves, document->leaf_count, &document->leaf_room, sizeof(Leaf))) {
        walk->failed = NO_MEMORY;
        return;
    }
    uint32_t start = is & IS_KEY ? node->key_start : node->start, end = is & IS_KEY ? node->key_end : node->end;
    if (is & IS_KEY) keys.last = node->name;
    document->leaves[document->leaf_count++] =
        (Leaf){index, start, end, keys.above, keys.last, how.treatment, (uint8_t)label, how.memo, (uint8_t)is};
    if (how.treatment == NEVER || how.treatment == CIPHER || how.treatment == OPAQUE || how.treatment == SECRET) return;
    if (is & IS_KEY) {
        uint32_t length;
        key_text(document, walk->body, node, &length);
        walk->text_bytes += length;
    } else {
        walk->text_bytes += is & IS_NUMBER ? node->end - node->start : text_size(walk, node);
    }
}

/* The members of a node, sorted (`sorted_members`); 0, and the walk has failed, without memory. */
static int listed(Walk *walk, const Node *node, int free_only, Span *span) {
    if (sorted_members(walk->document, walk->body, node, free_only, span)) return 1;
    walk->failed = NO_MEMORY;
    return 0;
}

static int label_of(const Walk *walk, Treated how) {
    return how.treatment == UNKNOWN ? LABEL_UNKNOWN : walk->label;
}

static void note_change(Walk *walk, uint32_t node) {
    Document *document = walk->document;
    if (has_room(&document->changes, document->change_count, &document->change_room, sizeof(uint32_t)))
        document->changes[document->change_count++] = node;
    else
        walk->failed = NO_MEMORY;
}

static uint32_t type_word(const Walk *walk, const Node *node) {
    const Node *type = member(walk->document, node, W_TYPE);
    return type && type_of(type) == TEXT ? word_at(walk->document, walk->body, type) : NO_NAME;
}

static int changes_tools(uint32_t word) {
    return word == W_TOOL_ADDITION || word == W_TOOL_REMOVAL;
}

/* Members that the API's schema does not name, and what stands under them. `free_only`: some were placed. */
static void outside(Walk *walk, uint32_t index, Treated how, Keys keys, int free_only) {
    Document *document = walk->document;
    Span span;
    if (!listed(walk, &document->nodes[index], free_only, &span)) return;
    for (uint32_t place = span.from; place < span.to && !walk->failed; place++) {
        uint32_t child = document->work[place];
        const Node *node = &document->nodes[child];
        take(walk, child, (Treated){KEY, how.memo}, LABEL_KEYS, IS_KEY, no_keys);
        Keys above = {keys.last, node->name};
        if (type_of(node) != SCALARS) {
            all(walk, child, how, above);
        } else if (node->end - node->start >= 5 && walk->body[node->start] >= '1' && walk->body[node->start] <= '9') {
            take(walk, child, how, label_of(walk, how), IS_NUMBER, above);
        }
    }
    document->work_count = span.from;
}

/* Every string at and below a node under one treatment. */
static void all(Walk *walk, uint32_t index, Treated how, Keys keys) {
    Document *document = walk->document;
    const Node *node = &document->nodes[index];
    uint32_t after = node->after;
    switch (type_of(node)) {
    case TEXT:
        take(walk, index, how, label_of(walk, how), 0, keys);
        return;
    case ITEMS:
        for (uint32_t child = index + 1; child < after && !walk->failed; child = document->nodes[child].after)
            all(walk, child, how, keys);
        return;
    case MEMBERS:
        break;
    default:
        return;
    }
    if (how.treatment != LEAVES && how.treatment != NEVER && how.treatment != SECRET &&
        changes_tools(type_word(walk, node)))
        note_change(walk, index);
    int sealed = how.treatment == NEVER || how.treatment == SECRET;
    if (!sealed && how.treatment != SEALED && how.treatment != CIPHER) {
        outside(walk, index, how, keys, 0);
        return;
    }
    Span span;
    if (!listed(walk, node, 0, &span)) return;
    for (uint32_t place = span.from; place < span.to && !walk->failed; place++) {
        uint32_t child = document->work[place];
        if (!sealed) take(walk, child, (Treated){SEALED, how.memo}, LABEL_KEYS, IS_KEY, no_keys);
        all(walk, child, how, no_keys);
    }
    document->work_count = span.from;
}

/* --- shapes ------------------------------------------------------------------------------------------------------- */

void walk_members(Walk *walk, uint32_t index, int32_t fields) {
    Document *document = walk->document;
    const Places *places = walk->places;
    Node *nodes = document->nodes;
    uint32_t from = document->work_count, count = 0, others = 0;
    for (uint32_t child = index + 1; child < nodes[index].after; child = nodes[child].after) {
        uint16_t rank = place_rank(places, fields, nodes[child].name);
        if (rank) nodes[child].kind |= PLACED;
        else others = 1;
        if (!rank || rank == SKIPPED) continue;
        if (!has_room(&document->work, from + count, &document->work_room, sizeof *document->work)) {
            walk->failed = NO_MEMORY;
            return;
        }
        uint32_t *list = document->work + from, place = count++; /* few, mostly in order: sorted as they come */
        for (; place && place_rank(places, fields, nodes[list[place - 1]].name) > rank; place--)
            list[place] = list[place - 1];
        list[place] = child;
    }
    document->work_count += count;
    for (uint32_t place = from; place < from + count && !walk->failed; place++) {
        uint32_t child = document->work[place];
        uint16_t rank = place_rank(places, fields, document->nodes[child].name);
        walk_visit(walk, child, places->field_shapes[places->field_at[fields] + rank - 1]);
    }
    document->work_count = from;
    if (others && !walk->failed) outside(walk, index, unknown, no_keys, 1);
}

static void schema(Walk *walk, uint32_t index);

static void named_schemas(Walk *walk, uint32_t index) {
    Document *document = walk->document;
    if (type_of(&document->nodes[index]) != MEMBERS) {
        all(walk, index, unknown, no_keys);
        return;
    }
    Span span;
    if (!listed(walk, &document->nodes[index], 0, &span)) return;
    for (uint32_t place = span.from; place < span.to && !walk->failed; place++) {
        take(walk, document->work[place], (Treated){KEY, MEMO_OTHER}, LABEL_KEYS, IS_KEY, no_keys);
        schema(walk, document->work[place]);
    }
    document->work_count = span.from;
}

static void schema(Walk *walk, uint32_t index) {
    Document *document = walk->document;
    uint32_t after = document->nodes[index].after;
    switch (type_of(&document->nodes[index])) {
    case TEXT:
        walk_visit(walk, index, walk->places->fixed[S_SCAN]);
        return;
    case ITEMS:
        for (uint32_t child = index + 1; child < after && !walk->failed; child = document->nodes[child].after)
            schema(walk, child);
        return;
    case MEMBERS:
        break;
    default:
        return;
    }
    walk_members(walk, index, F_SCHEMA);
    Span span;
    if (walk->failed || !listed(walk, &document->nodes[index], 0, &span)) return;
    for (uint32_t place = span.from; place < span.to && !walk->failed; place++)
        if (place_rank(walk->places, F_SCHEMA, document->nodes[document->work[place]].name) == SKIPPED)
            named_schemas(walk, document->work[place]);
    document->work_count = span.from;
}

static void note_media(Walk *walk, uint32_t node, uint32_t media) {
    Document *document = walk->document;
    if (has_room(&document->opaque, document->opaque_count, &document->opaque_room, sizeof(Opaque)))
        document->opaque[document->opaque_count++] = (Opaque){walk->unit, media, node};
    else
        walk->failed = NO_MEMORY;
}

void walk_visit(Walk *walk, uint32_t index, int32_t number) {
    Document *document = walk->document;
    const Shape *shape = &walk->places->shapes[number];
    const Node *node = &document->nodes[index];
    int type = type_of(node);
    if (type == SCALARS || walk->failed) return;
    if (shape->kind == HERE) {
        all(walk, index, (Treated){(uint8_t)shape->a, (uint8_t)shape->b}, no_keys);
    } else if (shape->kind == FORMS) {
        walk_visit(walk, index, type == TEXT ? shape->a : type == ITEMS ? shape->b : shape->c);
    } else if (shape->kind == BY_TYPE && type == MEMBERS) {
        uint32_t word = type_word(walk, node);
        uint16_t rank = place_rank(walk->places, shape->a, word);
        int32_t variant = rank ? walk->places->field_shapes[walk->places->field_at[shape->a] + rank - 1]
                               : walk->places->fixed[S_UNKNOWN];
        if (changes_tools(word) && variant != walk->places->fixed[S_UNKNOWN]) note_change(walk, index);
        walk_visit(walk, index, variant);
    } else if (shape->kind == CACHE_MARK) {
        if (!is_cache_mark(document, walk->body, node)) all(walk, index, unknown, no_keys);
    } else if (shape->kind == FIELDS && type == MEMBERS) {
        if (shape->b >= 0) note_media(walk, index, (uint32_t)shape->b);
        walk_members(walk, index, shape->a);
    } else if (shape->kind == EACH && type == ITEMS) {
        uint32_t after = node->after;
        for (uint32_t child = index + 1; child < after && !walk->failed; child = document->nodes[child].after)
            walk_visit(walk, child, shape->a);
    } else if (shape->kind == SCHEMA) {
        schema(walk, index);
    } else {
        all(walk, index, unknown, no_keys);
    }
}
