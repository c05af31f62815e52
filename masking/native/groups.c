/* Groups: some phrases searched together, in time linear in the tape whatever they say.

   A tape is read backwards first. At each symbol, `alive` are the places of phrases that can take this symbol and from
   which the symbols behind it, as read already, lead to an end: this is all that has to be known of what was read, so
   these sets are the states of an automaton, made as they turn up and kept (RFC: R. Cox, "Regular expression matching
   in the wild", on lazy automata). Where a first place of a phrase is alive, a match begins. Then each match is walked
   forwards: of the ways on, the preferred one whose place is alive. It always ends well, so nothing is read twice. */
#include "matcher.h"

#include <stdlib.h>
#include <string.h>

enum { NOT_MADE = 0xffff, BEGINS = 0x8000, TABLE = 0x8000, MAX_STATES = TABLE / 2, MAX_PHRASES = 64 };

/* States, and bytes of them, after which a group forgets all before it reads the next zone. A zone makes no more states
   than it has symbols: 4608 (`segments.MAX_RUN + REACH`), some more where one character spells several. */
enum { MANY_STATES = MAX_STATES / 4, MUCH_MEMORY = 3 << 20 };

typedef struct {
    int32_t symbol_at; /* where on the tape */
    uint64_t phrases;  /* that begin there */
} Begin;

struct Group {
    int32_t first, count;             /* phrases of the matcher */
    int32_t offset[MAX_PHRASES + 1];  /* of the places of each phrase */
    const Phrase *phrases;
    int32_t places, words, classes;   /* words of 64 bits in a set of places */
    uint64_t *takes;                  /* places that take each class */
    uint64_t *last;                   /* places that may be the last ones */
    int32_t *before_at, *before;      /* places that each may follow */
    /* states */
    int32_t states, room;
    uint64_t *alive;
    uint16_t *next;
    uint64_t *begins;
    uint16_t *table;
    /* while a tape is read */
    uint64_t *building;
    uint16_t *path;
    int32_t path_room;
    Begin *found;
    int32_t founds;
    uint64_t wanted, any; /* phrases that are looked for, and that were found to begin somewhere */
    uint16_t state;
};

static int has(const uint64_t *set, int32_t place) { return (int)(set[place >> 6] >> (place & 63)) & 1; }

static void add(uint64_t *set, int32_t place) { set[place >> 6] |= 1ull << (place & 63); }

static uint64_t hash_of(const uint64_t *set, int32_t words) {
    uint64_t hash = 0;
    for (int32_t i = 0; i < words; i++) {
        hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

/* Give symbols that no set of the group tells apart one class. */
static int classify(Group *g, const uint8_t *sets, size_t set_bytes, uint32_t symbols, uint16_t *class_of,
                    int32_t stride) {
    int32_t used = 0, total = 0, status = 0;
    for (int32_t p = 0; p < g->count; p++) total += g->phrases[g->first + p].count;
    int32_t *mine = malloc(((size_t)total + 1) * sizeof(int32_t)), *place_set = malloc(((size_t)total + 1) * sizeof(int32_t));
    uint64_t *marks = NULL;
    uint16_t *slots = NULL;
    uint32_t *example = malloc(symbols * sizeof(uint32_t));
    if (!mine || !place_set || !example) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    for (int32_t p = 0, place = 0; p < g->count; p++) {
        const Phrase *phrase = &g->phrases[g->first + p];
        for (int32_t q = 0; q < phrase->count; q++, place++) {
            int32_t set = phrase->set[q], known = 0;
            while (known < used && mine[known] != set) known++;
            if (known == used) mine[used++] = set;
            place_set[place] = known;
        }
    }
    int32_t width = (used + 63) / 64;
    uint32_t slot_mask = 1;
    while (slot_mask < 2 * symbols) slot_mask *= 2;
    slot_mask--;
    marks = calloc((size_t)symbols * (size_t)width, sizeof(uint64_t));
    slots = malloc((slot_mask + 1u) * sizeof(uint16_t));
    if (!marks || !slots) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    memset(slots, 0xff, (slot_mask + 1u) * sizeof(uint16_t));
    for (int32_t s = 0; s < used; s++) {
        const uint8_t *members = sets + (size_t)mine[s] * set_bytes;
        for (uint32_t byte = 0; byte < set_bytes; byte++)
            for (uint32_t bits = members[byte]; bits; bits &= bits - 1) {
                uint32_t symbol = 8 * byte + (uint32_t)__builtin_ctz(bits);
                if (symbol < symbols) add(marks + (size_t)symbol * (size_t)width, s);
            }
    }
    for (uint32_t symbol = 0; symbol < symbols; symbol++) {
        const uint64_t *mark = marks + (size_t)symbol * (size_t)width;
        uint32_t slot = (uint32_t)hash_of(mark, width) & slot_mask;
        while (slots[slot] != 0xffff &&
               memcmp(marks + (size_t)example[slots[slot]] * (size_t)width, mark, (size_t)width * 8) != 0)
            slot = (slot + 1) & slot_mask;
        if (slots[slot] == 0xffff) {
            slots[slot] = (uint16_t)g->classes;
            example[g->classes++] = symbol;
        }
        class_of[(size_t)symbol * (size_t)stride] = slots[slot];
    }
    g->takes = calloc((size_t)g->classes * (size_t)g->words, sizeof(uint64_t));
    if (!g->takes) {
        status = OUT_OF_MEMORY;
        goto done;
    }
    for (int32_t class = 0; class < g->classes; class++) {
        const uint64_t *mark = marks + (size_t)example[class] * (size_t)width;
        uint64_t *takes = g->takes + (size_t)class * (size_t)g->words;
        for (int32_t place = 0; place < total; place++)
            if (has(mark, place_set[place])) add(takes, place);
    }
done:
    free(mine);
    free(place_set);
    free(example);
    free(marks);
    free(slots);
    return status;
}

/* Turn what may follow each place into what each may follow. */
static int turn(Group *g) {
    g->last = calloc((size_t)g->words, sizeof(uint64_t));
    g->before_at = calloc((size_t)g->places + 2, sizeof(int32_t));
    if (!g->last || !g->before_at) return OUT_OF_MEMORY;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t p = 0; p < g->count; p++) {
            const Phrase *phrase = &g->phrases[g->first + p];
            int32_t offset = g->offset[p];
            for (int32_t q = 0; q < phrase->count; q++)
                for (int32_t i = phrase->follow_at[q]; i < phrase->follow_at[q + 1]; i++) {
                    int32_t next = phrase->follow[i];
                    if (next == END) add(g->last, offset + q);
                    else if (!pass) g->before_at[offset + next + 2]++;
                    else g->before[g->before_at[offset + next + 1]++] = offset + q;
                }
        }
        if (pass) break;
        for (int32_t place = 0; place < g->places; place++) g->before_at[place + 2] += g->before_at[place + 1];
        g->before = malloc(((size_t)g->before_at[g->places + 1] + 1) * sizeof(int32_t));
        if (!g->before) return OUT_OF_MEMORY;
    }
    return 0;
}

static void forget(Group *g) {
    g->states = 0;
    memset(g->table, 0xff, TABLE * sizeof(uint16_t));
}

/* Return the state of a set of places, made if it is new; NOT_MADE without memory. */
static uint16_t state_of(Group *g, const uint64_t *set) {
    size_t words = (size_t)g->words, classes = (size_t)g->classes;
    uint32_t slot = (uint32_t)hash_of(set, g->words) & (TABLE - 1);
    for (; g->table[slot] != NOT_MADE; slot = (slot + 1) & (TABLE - 1))
        if (memcmp(g->alive + g->table[slot] * words, set, words * 8) == 0) return g->table[slot];
    if (g->states >= MAX_STATES) return NOT_MADE;
    if (g->states == g->room) {
        int32_t room = g->room ? 2 * g->room : 64;
        uint64_t *alive = realloc(g->alive, (size_t)room * words * sizeof(uint64_t));
        if (alive) g->alive = alive;
        uint16_t *next = realloc(g->next, (size_t)room * classes * sizeof(uint16_t));
        if (next) g->next = next;
        uint64_t *begins = realloc(g->begins, (size_t)room * sizeof(uint64_t));
        if (begins) g->begins = begins;
        if (!alive || !next || !begins) return NOT_MADE;
        g->room = room;
    }
    uint16_t made = (uint16_t)g->states++;
    memcpy(g->alive + made * words, set, words * 8);
    memset(g->next + made * classes, 0xff, classes * sizeof(uint16_t));
    g->table[slot] = made;
    uint64_t begins = 0;
    for (int32_t p = 0; p < g->count; p++) {
        const Phrase *phrase = &g->phrases[g->first + p];
        for (int32_t i = 0; i < phrase->firsts; i++)
            if (has(set, g->offset[p] + phrase->first[i])) {
                begins |= 1ull << p;
                break;
            }
    }
    g->begins[made] = begins;
    return made;
}

/* Return the state before a symbol of a class, from the one behind it. */
static uint16_t advance(Group *g, uint16_t state, uint16_t class) {
    int32_t words = g->words;
    const uint64_t *alive = g->alive + (size_t)state * (size_t)words;
    const uint64_t *takes = g->takes + (size_t)class * (size_t)words;
    memcpy(g->building, g->last, (size_t)words * 8);
    for (int32_t i = 0; i < words; i++)
        for (uint64_t bits = alive[i]; bits; bits &= bits - 1) {
            int32_t place = 64 * i + __builtin_ctzll(bits);
            for (int32_t j = g->before_at[place]; j < g->before_at[place + 1]; j++) add(g->building, g->before[j]);
        }
    for (int32_t i = 0; i < words; i++) g->building[i] &= takes[i];
    uint16_t next = state_of(g, g->building);
    if (next == NOT_MADE) return NOT_MADE;
    if (g->begins[next]) next |= BEGINS;
    return g->next[(size_t)state * (size_t)g->classes + class] = next;
}

/* Walk one match of a phrase that begins at a symbol; returns where it ends, and where its value stands. */
static int32_t walk(const Group *g, int32_t p, int32_t at, int32_t size, int32_t *left, int32_t *right) {
    const Phrase *phrase = &g->phrases[g->first + p];
    int32_t offset = g->offset[p], begin = at, place = END;
    const int32_t *way = phrase->first, *no_way = way + phrase->firsts;
    *left = -1;
    *right = at;
    for (;;) {
        const uint64_t *alive = at < size ? g->alive + (size_t)g->path[at] * (size_t)g->words : NULL;
        while (way < no_way && *way != END && !(alive && has(alive, offset + *way))) way++;
        if (way == no_way || *way == END) break; /* there is always a way; never run past the last one */
        place = *way;
        at++;
        if (phrase->valued[place]) {
            if (*left < 0) *left = at - 1;
            *right = at;
        }
        way = phrase->follow + phrase->follow_at[place];
        no_way = phrase->follow + phrase->follow_at[place + 1];
    }
    if (!phrase->has_value) {
        *left = begin;
        *right = at;
    }
    return at;
}

void group_aim(Group *g, int32_t from, int32_t to) {
    g->wanted = 0;
    for (int32_t p = 0; p < g->count; p++)
        if (g->first + p >= from && g->first + p < to) g->wanted |= 1ull << p;
}

static int prepare(Group *g, int32_t size) {
    size_t state_bytes = (size_t)g->words * 8 + (size_t)g->classes * 2;
    if (g->states > MANY_STATES || (size_t)g->states * state_bytes > MUCH_MEMORY) forget(g);
    if (size > g->path_room) {
        int32_t room = size + 256;
        uint16_t *path = realloc(g->path, (size_t)room * sizeof(uint16_t));
        if (path) g->path = path;
        Begin *begins = realloc(g->found, (size_t)room * sizeof(Begin));
        if (begins) g->found = begins;
        if (!path || !begins) return OUT_OF_MEMORY;
        g->path_room = room;
    }
    g->state = 0;
    g->founds = 0;
    g->any = 0;
    if (!g->states) {
        memset(g->building, 0, (size_t)g->words * 8);
        if (state_of(g, g->building) == NOT_MADE) return OUT_OF_MEMORY;
    }
    return 0;
}

static void begin_at(Group *g, int32_t at) {
    uint64_t begins = g->begins[g->state] & g->wanted;
    if (!begins) return;
    g->found[g->founds++] = (Begin){at, begins};
    g->any |= begins;
}

/* Walk all matches of a group that were found to begin, phrase by phrase, leftmost first. */
static int walk_all(Group *g, int32_t begin, int32_t size, Take take, void *taker) {
    for (uint64_t all = g->any; all; all &= all - 1) {
        int32_t p = __builtin_ctzll(all), free_from = 0;
        for (int32_t i = g->founds - 1; i >= 0; i--) {
            if (!(g->found[i].phrases >> p & 1) || g->found[i].symbol_at < free_from) continue;
            int32_t left, right;
            free_from = walk(g, p, g->found[i].symbol_at, size, &left, &right);
            if (left < 0) continue; /* the value took no part */
            int status = take(taker, g->first + p, begin + left, begin + right);
            if (status) return status;
        }
    }
    return 0;
}

int groups_search(Group **groups, int32_t first, int32_t last, const uint16_t *class_of, int32_t stride,
                  const Symbol *tape, int32_t begin, int32_t end, Take take, void *taker) {
    int32_t size = end - begin;
    for (int32_t i = first; i < last; i++)
        if (prepare(groups[i], size)) return OUT_OF_MEMORY;
    /* Symbol by symbol and not group by group: what one group waits for in memory, the others need not. */
    for (int32_t at = size - 1; at >= 0; at--) {
        const uint16_t *class = class_of + (size_t)tape[begin + at] * (size_t)stride;
        for (int32_t i = first; i < last; i++) {
            Group *g = groups[i];
            uint16_t next = g->next[(size_t)g->state * (size_t)g->classes + class[i]];
            if (next == NOT_MADE) {
                next = advance(g, g->state, class[i]);
                if (next == NOT_MADE) return OUT_OF_MEMORY;
            }
            g->state = g->path[at] = next & (BEGINS - 1);
            if (next & BEGINS) begin_at(g, at);
        }
    }
    for (int32_t i = first; i < last; i++)
        if (groups[i]->any) {
            int status = walk_all(groups[i], begin, size, take, taker);
            if (status) return status;
        }
    return 0;
}

Group *group_new(const Phrase *phrases, int32_t first, int32_t count, const uint8_t *sets, size_t set_bytes,
                 uint32_t symbols, uint16_t *class_of, int32_t stride) {
    Group *g = calloc(1, sizeof(Group));
    if (!g || count > MAX_PHRASES) {
        free(g);
        return NULL;
    }
    g->phrases = phrases;
    g->first = first;
    g->count = count;
    for (int32_t p = 0; p < count; p++) {
        g->offset[p] = g->places;
        g->places += phrases[first + p].count;
    }
    g->words = (g->places + 63) / 64;
    g->building = malloc(((size_t)g->words + 1) * 8);
    g->table = malloc(TABLE * sizeof(uint16_t));
    if (!g->building || !g->table || turn(g) || classify(g, sets, set_bytes, symbols, class_of, stride)) {
        group_free(g);
        return NULL;
    }
    forget(g);
    return g;
}

size_t group_bytes(const Group *g) {
    size_t words = (size_t)g->words, classes = (size_t)g->classes;
    return (size_t)g->room * (words * 8 + classes * 2 + 8) + classes * words * 8 + (size_t)g->path_room * 12;
}

void group_free(Group *g) {
    if (!g) return;
    free(g->takes);
    free(g->last);
    free(g->before_at);
    free(g->before);
    free(g->alive);
    free(g->next);
    free(g->begins);
    free(g->table);
    free(g->building);
    free(g->path);
    free(g->found);
    free(g);
}
