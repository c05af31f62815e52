/* Groups of phrases, and what the automaton of each has to know of them: which symbols no phrase of a group tells apart,
   which sets hold each, and where matches begin and end. */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const uint64_t *set, int32_t words) {
    uint64_t hash = 0;
    for (int32_t i = 0; i < words; i++) {
        hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

/* Write the number of each bit that is set, `first` added, and return how many these are. */
static uint32_t unpack(const uint64_t *bits, uint32_t width, uint32_t first, Symbol *symbols) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < width; i++)
        for (uint64_t some = bits[i]; some; some &= some - 1)
            symbols[count++] = (Symbol)(first + 64 * i + (uint32_t)__builtin_ctzll(some));
    return count;
}

uint32_t set_symbols(const Sets *sets, int32_t set, Symbol *symbols) {
    uint32_t others = WORDS / 64, count = unpack(sets->others + (size_t)set * others, others, 0, symbols);
    for (uint32_t shape = 0; shape < SHAPES; shape++) {
        const uint64_t *codes = sets->codes + (size_t)sets->words[(size_t)set * SHAPES + shape] * sets->width;
        count += unpack(codes, sets->width, WORDS + shape * sets->all_codes, symbols + count);
    }
    return count;
}

/* What is known of a group's sets while symbols are put into classes. */
typedef struct {
    int32_t used;     /* sets in use */
    int32_t *numbers; /* of the sets in use, among those of the matcher */
    int32_t *index;   /* the other way about, plus one; 0 for sets that are not in use */
    uint64_t *marks;  /* the sets in use that hold each symbol */
    uint32_t *example; /* a symbol of each class */
    uint16_t *slots;
    Symbol *members; /* of a set */
} Classes;

static void classes_free(Classes *c) {
    free(c->numbers);
    free(c->index);
    free(c->marks);
    free(c->example);
    free(c->slots);
    free(c->members);
}

/* Number the sets that the places of a group have, and note which each place has. */
static int number_sets(Group *g, Classes *c, int32_t set_count) {
    c->numbers = malloc(((size_t)g->places + 1) * sizeof(int32_t));
    c->index = calloc((size_t)set_count + 1, sizeof(int32_t));
    if (!c->numbers || !c->index) return OUT_OF_MEMORY;
    for (int32_t p = 0, place = 0; p < g->count; p++)
        for (int32_t q = 0; q < member(g, p)->count; q++, place++) {
            int32_t set = member(g, p)->set[q];
            if (!c->index[set]) {
                c->numbers[c->used++] = set;
                c->index[set] = c->used;
            }
            g->set_of[place] = (uint16_t)(c->index[set] - 1);
        }
    g->width = (c->used + 63) / 64;
    return 0;
}

/* Give symbols that no set of the group tells apart one class. */
static int classify(Group *g, Classes *c, const Sets *sets, uint16_t *class_of, int32_t stride) {
    uint32_t slot_mask = 1, symbols = WORDS + SHAPES * sets->all_codes;
    while (slot_mask < 2 * symbols) slot_mask *= 2;
    size_t width = (size_t)g->width;
    c->marks = calloc((size_t)symbols * width + 1, sizeof(uint64_t));
    c->slots = malloc(slot_mask-- * sizeof(uint16_t));
    c->example = malloc(symbols * sizeof(uint32_t));
    c->members = malloc(symbols * sizeof(Symbol));
    if (!c->marks || !c->slots || !c->example || !c->members) return OUT_OF_MEMORY;
    memset(c->slots, 0xff, (slot_mask + 1u) * sizeof(uint16_t));
    for (int32_t s = 0; s < c->used; s++) {
        uint32_t count = set_symbols(sets, c->numbers[s], c->members);
        for (uint32_t i = 0; i < count; i++) add(c->marks + c->members[i] * width, s);
    }
    for (uint32_t symbol = 0; symbol < symbols; symbol++) {
        const uint64_t *mark = c->marks + symbol * width;
        uint32_t slot = (uint32_t)hash_of(mark, g->width) & slot_mask;
        while (c->slots[slot] != 0xffff && memcmp(c->marks + c->example[c->slots[slot]] * width, mark, width * 8) != 0)
            slot = (slot + 1) & slot_mask;
        if (c->slots[slot] == 0xffff) {
            c->slots[slot] = (uint16_t)g->classes;
            c->example[g->classes++] = symbol;
        }
        class_of[(size_t)symbol * (size_t)stride] = c->slots[slot];
    }
    return 0;
}

/* Note which sets hold each class, and which those of the first places do. */
static int note_holds(Group *g, const Classes *c) {
    size_t width = (size_t)g->width;
    g->holds = malloc(((size_t)g->classes * width + 1) * sizeof(uint64_t));
    g->first_sets = calloc(width + 1, sizeof(uint64_t));
    if (!g->holds || !g->first_sets) return OUT_OF_MEMORY;
    for (size_t class = 0; class < (size_t)g->classes; class++)
        memcpy(g->holds + class * width, c->marks + c->example[class] * width, width * sizeof(uint64_t));
    for (int32_t place = 0; place < g->places; place++)
        if (has(g->firsts, place)) add(g->first_sets, g->set_of[place]);
    return 0;
}

/* Note of each place whose it is, and whether it may be the first or the last. */
static int mark(Group *g) {
    g->firsts = calloc((size_t)g->words + 1, sizeof(uint64_t));
    g->lasts = calloc((size_t)g->words + 1, sizeof(uint64_t));
    g->phrase_of = malloc(((size_t)g->places + 1) * sizeof(uint16_t));
    g->set_of = malloc(((size_t)g->places + 1) * sizeof(uint16_t));
    if (!g->firsts || !g->lasts || !g->phrase_of || !g->set_of) return OUT_OF_MEMORY;
    for (int32_t p = 0; p < g->count; p++) {
        const Phrase *phrase = member(g, p);
        int32_t offset = g->offset[p];
        for (int32_t i = 0; i < phrase->firsts; i++) add(g->firsts, offset + phrase->first[i]);
        for (int32_t q = 0; q < phrase->count; q++) {
            g->phrase_of[offset + q] = (uint16_t)p;
            if (has(phrase->lasts, q)) add(g->lasts, offset + q);
        }
    }
    return 0;
}

/* Note which places may come next in one stretch of memory, with what decides whether they do. */
static int note_follow(Group *g) {
    uint32_t count = 0;
    for (int32_t p = 0; p < g->count; p++) count += (uint32_t)member(g, p)->follow_at[member(g, p)->count];
    g->follow_at = malloc(((size_t)g->places + 1) * sizeof(uint32_t));
    g->follow = malloc(((size_t)count + 1) * sizeof(uint32_t));
    if (!g->follow_at || !g->follow) return OUT_OF_MEMORY;
    count = 0;
    for (int32_t p = 0; p < g->count; p++) {
        const Phrase *phrase = member(g, p);
        int32_t offset = g->offset[p];
        for (int32_t q = 0; q < phrase->count; q++) {
            g->follow_at[offset + q] = count;
            for (int32_t i = phrase->follow_at[q]; i < phrase->follow_at[q + 1]; i++) {
                int32_t next = offset + phrase->follow[i];
                if (phrase->follow[i] != END) g->follow[count++] = (uint32_t)g->set_of[next] << 16 | (uint32_t)next;
            }
        }
    }
    g->follow_at[g->places] = count;
    return 0;
}

void group_wakes(const Group *g, uint8_t *wakes) {
    for (int32_t class = 0; class < g->classes; class++) {
        const uint64_t *holds = g->holds + (size_t)class * (size_t)g->width;
        wakes[class] = 0;
        for (int32_t i = 0; i < g->width && !wakes[class]; i++) wakes[class] = (g->first_sets[i] & holds[i]) != 0;
    }
}

Group *group_new(const Phrase *phrases, const int32_t *members, int32_t count, const Sets *sets, uint16_t *class_of,
                 int32_t stride) {
    Group *g = calloc(1, sizeof(Group));
    if (!g) return NULL;
    g->phrases = phrases;
    g->count = count;
    g->members = malloc((size_t)count * sizeof(int32_t));
    g->offset = malloc((size_t)count * sizeof(int32_t));
    if (!g->members || !g->offset) {
        group_free(g);
        return NULL;
    }
    for (int32_t p = 0; p < count; p++) {
        g->members[p] = members[p];
        g->offset[p] = g->places;
        g->places += phrases[members[p]].count;
    }
    g->words = (g->places + 63) / 64;
    g->building = calloc((size_t)g->words + 1, sizeof(uint64_t));
    g->table = malloc(TABLE * sizeof(uint16_t));
    Classes classes = {.used = 0};
    int failed = !g->building || !g->table || mark(g) || number_sets(g, &classes, sets->count) ||
                 classify(g, &classes, sets, class_of, stride) || note_holds(g, &classes) || note_follow(g) ||
                 !(g->begun = malloc((size_t)g->classes * sizeof(uint16_t))) || states_forget(g);
    classes_free(&classes);
    if (!failed) return g;
    group_free(g);
    return NULL;
}

size_t group_bytes(const Group *g) {
    return (size_t)g->state_room * sizeof(Reached) + g->reached_room * sizeof(uint16_t) +
           (sizeof(uint64_t) << (32 - g->way_shift)) + (size_t)g->classes * (size_t)g->width * 8 + (size_t)g->places * 4;
}

void group_free(Group *g) {
    if (!g) return;
    free(g->members);
    free(g->offset);
    free(g->holds);
    free(g->first_sets);
    free(g->set_of);
    free(g->follow_at);
    free(g->follow);
    free(g->firsts);
    free(g->lasts);
    free(g->phrase_of);
    free(g->states);
    free(g->reached);
    free(g->ways);
    free(g->table);
    free(g->building);
    free(g->begun);
    free(g);
}
