/* The table of places as numbers, and looking at nodes by it. */
#include "document.h"

#include <stdlib.h>
#include <string.h>

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

const char *key_text(const Document *document, const char *body, const Node *node, uint32_t *length) {
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

int sorted_members(Document *document, const char *body, const Node *node, int free_only, Span *span) {
    Node *nodes = document->nodes;
    uint32_t count = 0, index = (uint32_t)(node - nodes), from = document->work_count;
    for (uint32_t child = index + 1; child < node->after; child = nodes[child].after)
        count += !(free_only && nodes[child].kind & PLACED);
    while ((uint64_t)document->work_room < (uint64_t)from + 2 * (uint64_t)count)
        if (!has_room(&document->work, document->work_room, &document->work_room, sizeof *document->work)) return 0;
    uint32_t *list = document->work + from, taken = 0;
    for (uint32_t child = index + 1; child < node->after; child = nodes[child].after)
        if (!(free_only && nodes[child].kind & PLACED)) list[taken++] = child;
    if (count) sort(document, body, list, list + count, count);
    *span = (Span){from, from + count};
    document->work_count = from + count;
    return 1;
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
