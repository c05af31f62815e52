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

/* Write the number of each bit that is set of so many, `first` added, and return how many these are. */
static uint32_t unpack(const uint64_t *bits, uint32_t size, uint32_t first, Symbol *symbols) {
    uint32_t count = 0;
    for (uint32_t i = 0; 64 * i < size; i++)
        for (uint64_t some = bits[i]; some; some &= some - 1) {
            uint32_t bit = 64 * i + (uint32_t)__builtin_ctzll(some);
            if (bit < size) symbols[count++] = (Symbol)(first + bit);
        }
    return count;
}

uint32_t set_symbols(const Sets *sets, int32_t set, Symbol *symbols) {
    uint32_t count = unpack(sets->others + (size_t)set * (WORDS / 64), WORDS, 0, symbols);
    for (int shape = 0; shape < SHAPES; shape++) {
        const uint64_t *codes = sets->codes + (size_t)sets->words[set * SHAPES + shape] * sets->width;
        uint32_t size = shape_size(sets->all_codes, sets->letters, shape);
        count += unpack(codes, size, shape_begin(sets->all_codes, sets->letters, shape), symbols + count);
    }
    return count;
}

/* What is known of a group's sets while symbols are put into classes. */
typedef struct {
    int32_t used;     /* sets in use */
    int32_t *numbers; /* of the sets in use, among those of the matcher */
    int32_t *index;   /* the other way about, plus one; 0 for sets that are not in use */
    uint64_t *marks;  /* the sets in use that hold each symbol of a stretch */
    uint64_t *starts; /* the symbols of a stretch that may be of another class than the one before */
    uint16_t *slots;
    uint32_t slot_mask;
    int32_t hold_room, sign_room;
} Classes;

static void classes_free(Classes *c) {
    free(c->numbers);
    free(c->index);
    free(c->marks);
    free(c->starts);
    free(c->slots);
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

/* The class of a symbol that some sets hold, made if it is new; NOT_MADE without memory. */
static uint16_t class_by(Group *g, Classes *c, const uint64_t *mark, int is_sign) {
    size_t width = (size_t)g->width;
    uint32_t slot = (uint32_t)hash_of(mark, g->width) & c->slot_mask;
    for (; c->slots[slot] != NOT_MADE; slot = (slot + 1) & c->slot_mask)
        if (!memcmp(g->holds + c->slots[slot] * width, mark, width * sizeof(uint64_t))) return c->slots[slot];
    if (grow((void **)&g->holds, &c->hold_room, (g->classes + 1) * g->width, sizeof(uint64_t)) ||
        grow((void **)&g->of_signs, &c->sign_room, g->classes + 1, 1))
        return NOT_MADE;
    memcpy(g->holds + (size_t)g->classes * width, mark, width * sizeof(uint64_t));
    g->of_signs[g->classes] = (uint8_t)is_sign;
    return c->slots[slot] = (uint16_t)g->classes++;
}

/* The first bit that is set from a place on, which is before `end`; `end` if there is none. */
static uint32_t next_bit(const uint64_t *bits, uint32_t from, uint32_t end) {
    for (uint32_t i = from / 64; 64 * i < end; i++) {
        uint64_t some = bits[i] & (i == from / 64 ? ~0ull << from % 64 : ~0ull);
        uint32_t found = some ? 64 * i + (uint32_t)__builtin_ctzll(some) : end;
        if (found < end) return found;
    }
    return end;
}

/* Put the marked symbols of a stretch into classes, and mark none: each symbol that `starts` has is marked, and those behind
   it are of its class. */
static int classify_stretch(Group *g, Classes *c, const uint64_t *starts, uint32_t first, uint32_t count,
                            uint16_t *class_of) {
    size_t width = (size_t)g->width;
    uint32_t begin = 0;
    for (uint32_t i = 0; i < count; begin = i) {
        uint64_t *mark = c->marks + begin * width;
        uint16_t class = class_by(g, c, mark, first + begin < NUMBERS);
        if (class == NOT_MADE) return OUT_OF_MEMORY;
        memset(mark, 0, width * sizeof(uint64_t));
        for (i = next_bit(starts, begin + 1, count); begin < i; begin++) class_of[first + begin] = class;
    }
    return 0;
}

/* Add the bits of a set at which it begins or ends. */
static void add_borders(uint64_t *starts, const uint64_t *bits, uint32_t width) {
    starts[0] |= bits[0] ^ bits[0] << 1;
    for (uint32_t i = 1; i < width; i++) starts[i] |= bits[i] ^ (bits[i] << 1 | bits[i - 1] >> 63);
}

static void mark_symbols(const Group *g, Classes *c, const uint64_t *starts, const uint64_t *bits, uint32_t width,
                         int32_t set) {
    for (uint32_t i = 0; i < width; i++)
        for (uint64_t some = bits[i] & starts[i]; some; some &= some - 1)
            add(c->marks + (64 * i + (uint32_t)__builtin_ctzll(some)) * (size_t)g->width, set);
}

static int32_t number_of(const Classes *c, const Sets *sets, int32_t s, int32_t shape) {
    return sets->words[(size_t)c->numbers[s] * SHAPES + (size_t)shape];
}

static const uint64_t *codes_of(const Classes *c, const Sets *sets, int32_t s, int32_t shape) {
    return sets->codes + (size_t)number_of(c, sets, s, shape) * sets->width;
}

/* The first shape in which each set in use takes the same codes as in this one, and which words of all codes have. */
static int32_t like_shape(const Classes *c, const Sets *sets, int32_t shape) {
    for (int32_t like = 0; like < shape; like++) {
        if (is_of_letters(like)) continue;
        int32_t s = 0;
        while (s < c->used && number_of(c, sets, s, like) == number_of(c, sets, s, shape)) s++;
        if (s == c->used) return like;
    }
    return shape;
}

/* Give symbols that no set of the group tells apart one class. Codes are in an order in which most sets are few ranges, so
   only those are looked at with which one begins, or the first behind it. */
static int classify(Group *g, Classes *c, const Sets *sets, uint16_t *class_of) {
    uint32_t size = 1, codes = sets->all_codes, others = WORDS / 64, stretch = codes > WORDS ? codes : WORDS;
    while (size < 2 * (shape_begin(codes, sets->letters, S_LETTER) + sets->letters)) size *= 2;
    c->marks = calloc(stretch * (size_t)g->width + 1, sizeof(uint64_t));
    c->starts = malloc((stretch / 64 + 1) * sizeof(uint64_t));
    c->slots = malloc(size * sizeof(uint16_t));
    if (!c->marks || !c->starts || !c->slots) return OUT_OF_MEMORY;
    memset(c->slots, 0xff, size * sizeof(uint16_t));
    c->slot_mask = size - 1;
    memset(c->starts, 0xff, others * sizeof(uint64_t));
    for (int32_t s = 0; s < c->used; s++)
        mark_symbols(g, c, c->starts, sets->others + (size_t)c->numbers[s] * others, others, s);
    if (classify_stretch(g, c, c->starts, 0, WORDS, class_of)) return OUT_OF_MEMORY;
    for (int32_t shape = 0; shape < SHAPES; shape++) {
        int32_t like = like_shape(c, sets, shape);
        uint32_t count = shape_size(codes, sets->letters, shape), width = (count + 63) / 64;
        uint32_t first = shape_begin(codes, sets->letters, shape);
        if (like < shape) {
            const uint16_t *same = class_of + shape_begin(codes, sets->letters, like);
            memcpy(class_of + first, same, count * sizeof(uint16_t));
            continue;
        }
        memset(c->starts, 0, width * sizeof(uint64_t));
        c->starts[0] = 1;
        for (int32_t s = 0; s < c->used; s++) add_borders(c->starts, codes_of(c, sets, s, shape), width);
        if (count % 64) c->starts[width - 1] &= (1ull << count % 64) - 1;
        for (int32_t s = 0; s < c->used; s++) mark_symbols(g, c, c->starts, codes_of(c, sets, s, shape), width, s);
        if (classify_stretch(g, c, c->starts, first, count, class_of)) return OUT_OF_MEMORY;
    }
    return 0;
}

/* Note which sets the first places have. */
static int note_first_sets(Group *g) {
    g->first_sets = calloc((size_t)g->width + 1, sizeof(uint64_t));
    if (!g->first_sets) return OUT_OF_MEMORY;
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

/* Say whether a set takes signs, or else whether it takes numbers or words. */
static int takes(const Sets *sets, int32_t set, int signs) {
    const uint64_t *others = sets->others + (size_t)set * (WORDS / 64);
    const int32_t *words = sets->words + (size_t)set * SHAPES;
    uint64_t any = signs ? others[0] | others[1] : others[2] | others[3];
    for (int32_t shape = 0; shape < SHAPES && !signs; shape++) any |= (uint64_t)words[shape];
    return any != 0;
}

/* How many places may come next in a phrase, all of them counted; those that take both signs and others go to *both. */
static uint32_t follow_count(const Phrase *phrase, const Sets *sets, uint32_t *both) {
    for (int32_t i = 0; i < phrase->follow_at[phrase->count]; i++) {
        int32_t next = phrase->follow[i];
        *both += next != END && takes(sets, phrase->set[next], 0) && takes(sets, phrase->set[next], 1);
    }
    return (uint32_t)phrase->follow_at[phrase->count];
}

/* Note which places may come next in one stretch of memory, with what decides whether they do. A set of words is never
   asked about a sign, nor the other way about: a gap is three places beside each word that may come behind it. */
static int note_follow(Group *g, const Sets *sets) {
    uint32_t count = 0, both = 0;
    for (int32_t p = 0; p < g->count; p++) count += follow_count(member(g, p), sets, &both);
    g->follow_at = malloc((2 * (size_t)g->places + 1) * sizeof(uint32_t));
    g->follow = malloc(((size_t)count + both + 1) * sizeof(uint32_t));
    g->hits = malloc(((size_t)count + 1) * sizeof(uint16_t));
    g->late_hits = malloc(((size_t)count + 1) * sizeof(uint16_t));
    if (!g->follow_at || !g->follow || !g->hits || !g->late_hits) return OUT_OF_MEMORY;
    count = 0;
    for (int32_t p = 0; p < g->count; p++) {
        const Phrase *phrase = member(g, p);
        int32_t offset = g->offset[p];
        for (int32_t q = 0; q < 2 * phrase->count; q++) {
            g->follow_at[2 * offset + q] = count;
            for (int32_t i = phrase->follow_at[q / 2]; i < phrase->follow_at[q / 2 + 1]; i++) {
                int32_t next = phrase->follow[i];
                if (next == END || !takes(sets, phrase->set[next], q % 2 == 0)) continue;
                g->follow[count++] = (uint32_t)g->set_of[offset + next] << 16 | (uint32_t)(offset + next);
            }
        }
    }
    g->follow_at[2 * g->places] = count;
    return 0;
}

void group_wakes(const Group *g, uint8_t *wakes) {
    for (int32_t class = 0; class < g->classes; class++) {
        const uint64_t *holds = g->holds + (size_t)class * (size_t)g->width;
        wakes[class] = 0;
        for (int32_t i = 0; i < g->width && !wakes[class]; i++) wakes[class] = (g->first_sets[i] & holds[i]) != 0;
    }
}

Group *group_new(const Phrase *phrases, const int32_t *members, int32_t count, const Sets *sets, uint16_t *class_of) {
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
    g->to = g->places;
    g->words = (g->places + 63) / 64;
    g->building = calloc((size_t)g->words + 1, sizeof(uint64_t));
    g->touched = calloc((size_t)g->words / 64 + 1, sizeof(uint64_t));
    Classes classes = {.used = 0};
    int failed = !g->building || !g->touched || mark(g) || number_sets(g, &classes, sets->count) ||
                 classify(g, &classes, sets, class_of) || note_first_sets(g) || note_follow(g, sets) ||
                 !(g->begun = malloc((size_t)g->classes * sizeof(uint16_t))) ||
                 !(g->spaced = malloc((size_t)g->classes * sizeof(uint16_t))) || states_forget(g);
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
    free(g->touched);
    free(g->hits);
    free(g->late_hits);
    free(g->spaced);
    free(g->of_signs);
    free(g->begun);
    free(g);
}
