/* The walk of a request by the table of places: what `masking.leaves` collects of a document, and `masking.outline` of
   its units, in the same order. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

enum { LATER_ERRORS = 16 }; /* refusals of `plan`: as `node_table.py` words them */
enum { NOT_AN_OBJECT = LATER_ERRORS, TOOLS_TYPE, TOOLS_OBJECT, SYSTEM_TYPE, SYSTEM_OBJECT, NO_MESSAGES, MESSAGES_TYPE,
       MESSAGES_OBJECT, NO_ROLE, NO_CONTENT, CONTENT_OBJECT, CONTENT_TYPE };

typedef struct {
    Document *document;
    const Places *places;
    const char *body;
    uint64_t text_bytes;
    uint32_t unit;
    int failed;
} Walk;

typedef struct {
    uint8_t treatment, memo;
} Treated;

/* The keys above a value in JSON of the caller's own: its own and the one above. */
typedef struct {
    uint32_t above, last;
} Keys;

static const Keys no_keys = {NO_NAME, NO_NAME};
static const Treated unknown = {UNKNOWN, MEMO_OTHER};

static void visit(Walk *walk, uint32_t node, int32_t shape);
static void all(Walk *walk, uint32_t node, Treated how, Keys keys);

/* --- the table ---------------------------------------------------------------------------------------------------- */

void places_free(Places *places) {
    if (!places) return;
    names_free(&places->words);
    free(places->is);
    free(places->shapes);
    free(places->rank);
    free(places->field_shapes);
    free(places->field_at);
    free(places);
}

static void *kept(const void *from, size_t size) {
    void *copy = malloc(size + 1);
    if (copy) memcpy(copy, from, size);
    return copy;
}

/* Make a table. `words` come as lines; `fields` as word and shape, -1 for one that is walked elsewhere, those of each
   between `field_at`; NULL without memory. */
Places *places_new(uint64_t seed, const char *words, uint32_t count, const uint8_t *is, const int32_t *shapes,
                   int32_t shape_count, const int32_t *fields, const int32_t *field_at, int32_t field_count,
                   const int32_t *fixed) {
    Places *places = calloc(1, sizeof *places);
    if (!places) return NULL;
    places->words.seed = seed;
    for (uint32_t number = 0; number < count; number++) {
        const char *end = strchr(words, '\n');
        if (names_add(&places->words, NULL, words, (uint32_t)(end - words), 1) == NO_NAME) goto failed;
        words = end + 1;
    }
    int32_t entries = field_at[field_count];
    places->is = kept(is, count);
    places->shapes = kept(shapes, sizeof(Shape) * (size_t)shape_count);
    places->shape_count = shape_count;
    places->field_at = kept(field_at, sizeof *field_at * ((size_t)field_count + 1));
    places->field_count = field_count;
    places->rank = calloc((size_t)field_count * count + 1, sizeof *places->rank);
    places->field_shapes = calloc((size_t)entries + 1, sizeof *places->field_shapes);
    if (!places->is || !places->shapes || !places->field_at || !places->rank || !places->field_shapes) goto failed;
    for (int32_t of = 0; of < field_count; of++)
        for (int32_t entry = field_at[of]; entry < field_at[of + 1]; entry++) {
            int32_t shape = fields[2 * entry + 1];
            places->field_shapes[entry] = shape;
            places->rank[(size_t)of * count + (uint32_t)fields[2 * entry]] =
                shape < 0 ? SKIPPED : (uint16_t)(entry - field_at[of] + 1);
        }
    memcpy(places->fixed, fixed, sizeof places->fixed);
    return places;
failed:
    places_free(places);
    return NULL;
}

/* --- looking at nodes --------------------------------------------------------------------------------------------- */

uint32_t word_at(const Document *document, const char *body, const Node *node) {
    char undone[64];
    const char *text = body + node->start + 1, *end = body + node->end - 1;
    uint32_t length = (uint32_t)(end - text);
    if (node->kind & ESCAPED) {
        if (length > 6 * (sizeof undone - 4)) return NO_NAME; /* longer than every word, however it is spelled */
        length = 0;
        while (text < end) {
            if (length > sizeof undone - 4) return NO_NAME;
            length += (uint32_t)unescape(&text, undone + length);
        }
        text = undone;
    }
    return names_find(&document->places->words, NULL, text, length);
}

Node *member(const Document *document, const Node *node, uint32_t word) {
    Node *nodes = document->nodes;
    for (uint32_t child = (uint32_t)(node - nodes) + 1; child < node->after; child = nodes[child].after)
        if (nodes[child].name == word) return &nodes[child];
    return NULL;
}

static const char *key_text(const Document *document, const char *body, const Node *node, uint32_t *length) {
    const Names *words = &document->places->words, *names = &document->names;
    uint32_t number = node->name;
    if (number < words->count) {
        *length = words->all[number].length;
        return name_text(words, NULL, number);
    }
    number -= words->count;
    *length = names->all[number].length;
    return name_text(names, body, number);
}

/* By bytes of UTF-8, which is the order of code points. */
static int is_before(const Document *document, const char *body, uint32_t left, uint32_t right) {
    uint32_t sizes[2];
    const char *first = key_text(document, body, &document->nodes[left], &sizes[0]);
    const char *second = key_text(document, body, &document->nodes[right], &sizes[1]);
    int order = memcmp(first, second, sizes[0] < sizes[1] ? sizes[0] : sizes[1]);
    return order ? order < 0 : sizes[0] < sizes[1];
}

static void sort(const Document *document, const char *body, uint32_t *list, uint32_t *spare, uint32_t count) {
    if (count < 12) {
        for (uint32_t done = 1; done < count; done++) {
            uint32_t moved = list[done], place = done;
            for (; place && is_before(document, body, moved, list[place - 1]); place--) list[place] = list[place - 1];
            list[place] = moved;
        }
        return;
    }
    uint32_t half = count / 2, left = 0, right = half;
    sort(document, body, list, spare, half);
    sort(document, body, list + half, spare, count - half);
    memcpy(spare, list, half * sizeof *list);
    for (uint32_t place = 0; left < half; place++) {
        int takes_right = right < count && is_before(document, body, list[right], spare[left]);
        list[place] = takes_right ? list[right++] : spare[left++];
    }
}

int64_t sorted_members(Document *document, const char *body, const Node *node, uint32_t from, int free_only) {
    Node *nodes = document->nodes;
    uint32_t count = 0, index = (uint32_t)(node - nodes);
    for (uint32_t child = index + 1; child < node->after; child = nodes[child].after)
        count += !(free_only && nodes[child].kind & PLACED);
    while ((uint64_t)document->work_room < (uint64_t)from + 2 * (uint64_t)count)
        if (!has_room(&document->work, document->work_room, &document->work_room, sizeof *document->work))
            return NO_MEMORY;
    uint32_t *list = document->work + from, taken = 0;
    for (uint32_t child = index + 1; child < node->after; child = nodes[child].after)
        if (!(free_only && nodes[child].kind & PLACED)) list[taken++] = child;
    if (count) sort(document, body, list, list + count, count);
    return count;
}

int is_cache_mark(const Document *document, const char *body, const Node *node) {
    if (type_of(node) != MEMBERS) return 0;
    const Node *nodes = document->nodes;
    int typed = 0;
    for (const Node *child = node + 1; child < nodes + node->after; child = nodes + child->after) {
        uint32_t word = type_of(child) == TEXT ? word_at(document, body, child) : NO_NAME;
        if (child->name == W_TYPE && word == W_EPHEMERAL) typed = 1;
        else if (child->name != W_TTL || (word != W_5M && word != W_1H)) return 0;
    }
    return typed;
}

/* --- leaves ------------------------------------------------------------------------------------------------------- */

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

static int label_of(Treated how) {
    return how.treatment == UNKNOWN ? LABEL_UNKNOWN : LABEL_SECTION;
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
    uint32_t from = document->work_count;
    int64_t count = sorted_members(document, walk->body, &document->nodes[index], from, free_only);
    if (count < 0) {
        walk->failed = NO_MEMORY;
        return;
    }
    document->work_count += (uint32_t)count;
    for (uint32_t place = from; place < from + count && !walk->failed; place++) {
        uint32_t child = document->work[place];
        const Node *node = &document->nodes[child];
        take(walk, child, (Treated){KEY, how.memo}, LABEL_KEYS, IS_KEY, no_keys);
        Keys above = {keys.last, node->name};
        if (type_of(node) != SCALARS) {
            all(walk, child, how, above);
        } else if (node->end - node->start >= 5 && walk->body[node->start] >= '1' && walk->body[node->start] <= '9') {
            take(walk, child, how, label_of(how), IS_NUMBER, above);
        }
    }
    document->work_count = from;
}

/* Every string at and below a node under one treatment. */
static void all(Walk *walk, uint32_t index, Treated how, Keys keys) {
    Document *document = walk->document;
    const Node *node = &document->nodes[index];
    uint32_t after = node->after;
    switch (type_of(node)) {
    case TEXT:
        take(walk, index, how, label_of(how), 0, keys);
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
    uint32_t from = document->work_count;
    int64_t count = sorted_members(document, walk->body, node, from, 0);
    if (count < 0) {
        walk->failed = NO_MEMORY;
        return;
    }
    document->work_count += (uint32_t)count;
    for (uint32_t place = from; place < from + count && !walk->failed; place++) {
        uint32_t child = document->work[place];
        if (!sealed) take(walk, child, (Treated){SEALED, how.memo}, LABEL_KEYS, IS_KEY, no_keys);
        all(walk, child, how, no_keys);
    }
    document->work_count = from;
}

/* --- shapes ------------------------------------------------------------------------------------------------------- */

/* The members of an object in the order of the table, then those that it does not name. */
static void members(Walk *walk, uint32_t index, int32_t fields) {
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
        visit(walk, child, places->field_shapes[places->field_at[fields] + rank - 1]);
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
    uint32_t from = document->work_count;
    int64_t count = sorted_members(document, walk->body, &document->nodes[index], from, 0);
    if (count < 0) {
        walk->failed = NO_MEMORY;
        return;
    }
    document->work_count += (uint32_t)count;
    for (uint32_t place = from; place < from + count && !walk->failed; place++) {
        take(walk, document->work[place], (Treated){KEY, MEMO_OTHER}, LABEL_KEYS, IS_KEY, no_keys);
        schema(walk, document->work[place]);
    }
    document->work_count = from;
}

static void schema(Walk *walk, uint32_t index) {
    Document *document = walk->document;
    uint32_t after = document->nodes[index].after;
    switch (type_of(&document->nodes[index])) {
    case TEXT:
        visit(walk, index, walk->places->fixed[S_SCAN]);
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
    members(walk, index, F_SCHEMA);
    uint32_t from = document->work_count;
    int64_t count = walk->failed ? 0 : sorted_members(document, walk->body, &document->nodes[index], from, 0);
    if (count < 0) {
        walk->failed = NO_MEMORY;
        return;
    }
    document->work_count += (uint32_t)count;
    for (uint32_t place = from; place < from + count && !walk->failed; place++)
        if (place_rank(walk->places, F_SCHEMA, document->nodes[document->work[place]].name) == SKIPPED)
            named_schemas(walk, document->work[place]);
    document->work_count = from;
}

static void note_media(Walk *walk, uint32_t node, uint32_t media) {
    Document *document = walk->document;
    if (has_room(&document->opaque, document->opaque_count, &document->opaque_room, sizeof(Opaque)))
        document->opaque[document->opaque_count++] = (Opaque){walk->unit, media, node};
    else
        walk->failed = NO_MEMORY;
}

static void visit(Walk *walk, uint32_t index, int32_t number) {
    Document *document = walk->document;
    const Shape *shape = &walk->places->shapes[number];
    const Node *node = &document->nodes[index];
    int type = type_of(node);
    if (type == SCALARS || walk->failed) return;
    if (shape->kind == HERE) {
        all(walk, index, (Treated){(uint8_t)shape->a, (uint8_t)shape->b}, no_keys);
    } else if (shape->kind == FORMS) {
        visit(walk, index, type == TEXT ? shape->a : type == ITEMS ? shape->b : shape->c);
    } else if (shape->kind == BY_TYPE && type == MEMBERS) {
        uint32_t word = type_word(walk, node);
        uint16_t rank = place_rank(walk->places, shape->a, word);
        int32_t variant = rank ? walk->places->field_shapes[walk->places->field_at[shape->a] + rank - 1]
                               : walk->places->fixed[S_UNKNOWN];
        if (changes_tools(word) && variant != walk->places->fixed[S_UNKNOWN]) note_change(walk, index);
        visit(walk, index, variant);
    } else if (shape->kind == CACHE_MARK) {
        if (!is_cache_mark(document, walk->body, node)) all(walk, index, unknown, no_keys);
    } else if (shape->kind == FIELDS && type == MEMBERS) {
        if (shape->b >= 0) note_media(walk, index, (uint32_t)shape->b);
        members(walk, index, shape->a);
    } else if (shape->kind == EACH && type == ITEMS) {
        uint32_t after = node->after;
        for (uint32_t child = index + 1; child < after && !walk->failed; child = document->nodes[child].after)
            visit(walk, child, shape->a);
    } else if (shape->kind == SCHEMA) {
        schema(walk, index);
    } else {
        all(walk, index, unknown, no_keys);
    }
}

/* --- units -------------------------------------------------------------------------------------------------------- */

static void unit(Walk *walk, uint32_t index, uint32_t kind, uint32_t role, const Node *type, int32_t shape) {
    Document *document = walk->document;
    if (!has_room(&document->units, document->unit_count, &document->unit_room, sizeof(Unit))) {
        walk->failed = NO_MEMORY;
        return;
    }
    walk->unit = document->unit_count++;
    walk->text_bytes = 0;
    visit(walk, index, shape);
    document->units[walk->unit] = (Unit){
        .node = index,
        .type = type ? word_at(document, walk->body, type) : NO_NAME,
        .type_node = type ? (uint32_t)(type - document->nodes) : NO_NAME,
        .kind = kind,
        .role = role,
        .leaves = document->leaf_count,
        .text_bytes = (uint32_t)walk->text_bytes,
    };
}

static const Node *block_type(const Document *document, const Node *block) {
    const Node *type = member(document, block, W_TYPE);
    return type && type_of(type) == TEXT && type->end - type->start > 2 ? type : NULL;
}

static int tool_units(Walk *walk, const Node *top) {
    const Node *nodes = walk->document->nodes, *tools = member(walk->document, top, W_TOOLS);
    if (!tools) return 0;
    if (type_of(tools) != ITEMS) return TOOLS_TYPE;
    for (const Node *tool = tools + 1; tool < nodes + tools->after; tool = nodes + tool->after) {
        if (type_of(tool) != MEMBERS) return TOOLS_OBJECT;
        unit(walk, (uint32_t)(tool - nodes), TOOL_UNIT, W_TOOLS, NULL, walk->places->fixed[S_TOOL]);
    }
    return 0;
}

static int system_units(Walk *walk, const Node *top) {
    const Node *nodes = walk->document->nodes, *system = member(walk->document, top, W_SYSTEM);
    if (!system) return 0;
    if (type_of(system) == TEXT) {
        unit(walk, (uint32_t)(system - nodes), SYSTEM_UNIT, W_SYSTEM, NULL, walk->places->fixed[S_TEXT]);
        return 0;
    }
    if (type_of(system) != ITEMS) return SYSTEM_TYPE;
    for (const Node *block = system + 1; block < nodes + system->after; block = nodes + block->after) {
        if (type_of(block) != MEMBERS) return SYSTEM_OBJECT;
        const Node *type = block_type(walk->document, block);
        if (!type) return CONTENT_TYPE;
        unit(walk, (uint32_t)(block - nodes), SYSTEM_UNIT, W_SYSTEM, type, walk->places->fixed[S_BLOCK]);
    }
    return 0;
}

static int message_units(Walk *walk, const Node *message) {
    const Document *document = walk->document;
    const Node *nodes = document->nodes;
    if (type_of(message) != MEMBERS) return MESSAGES_OBJECT;
    const Node *said = member(document, message, W_ROLE), *content = member(document, message, W_CONTENT);
    uint32_t role = said && type_of(said) == TEXT ? word_at(document, walk->body, said) : NO_NAME;
    if (role != W_USER && role != W_ASSISTANT && role != W_SYSTEM) return NO_ROLE;
    if (content && type_of(content) == TEXT) {
        unit(walk, (uint32_t)(content - nodes), MESSAGE_UNIT, role, NULL, walk->places->fixed[S_TEXT]);
        return 0;
    }
    if (!content || type_of(content) != ITEMS) return NO_CONTENT;
    int32_t shape = walk->places->fixed[role == W_ASSISTANT ? S_ASSISTANT : S_BLOCK];
    for (const Node *block = content + 1; block < nodes + content->after; block = nodes + block->after) {
        if (type_of(block) != MEMBERS) return CONTENT_OBJECT;
        const Node *type = block_type(document, block);
        if (!type) return CONTENT_TYPE;
        unit(walk, (uint32_t)(block - nodes), MESSAGE_UNIT, role, type, shape);
    }
    return 0;
}

/* Find the units and the leaves of a request, and what stands beside the units behind them; 0, or why it is none. */
int document_plan(Document *document, const char *body) {
    Walk walk = {.document = document, .places = document->places, .body = body};
    const Node *nodes = document->nodes, *top = nodes;
    document->leaf_count = document->unit_count = document->opaque_count = document->change_count = 0;
    if (type_of(top) != MEMBERS) return NOT_AN_OBJECT;
    int refused = tool_units(&walk, top);
    if (!refused) refused = system_units(&walk, top);
    if (refused) return refused;
    const Node *messages = member(document, top, W_MESSAGES);
    if (!messages) return NO_MESSAGES;
    if (type_of(messages) != ITEMS) return MESSAGES_TYPE;
    for (const Node *message = messages + 1; message < nodes + messages->after; message = nodes + message->after) {
        refused = message_units(&walk, message);
        if (refused) return refused;
    }
    walk.unit = document->unit_count;
    walk.text_bytes = 0;
    document->rest_at = document->leaf_count;
    for (const Node *message = messages + 1; message < nodes + messages->after; message = nodes + message->after)
        members(&walk, (uint32_t)(message - nodes), F_MESSAGE);
    document->request_at = document->leaf_count;
    members(&walk, 0, F_REQUEST);
    document->rest_bytes = (uint32_t)walk.text_bytes;
    return walk.failed;
}
